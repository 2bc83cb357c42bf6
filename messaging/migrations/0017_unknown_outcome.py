"""The admin's words say "unknown outcome"; tables and columns keep their names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0016_unreadable_inbound")]

    operations = [
        migrations.AlterField(
            model_name="gatewaycall",
            name="doubtful_at",
            field=models.DateTimeField(verbose_name="unknown after"),
        ),
        migrations.AlterModelOptions(
            name="doubtdecision",
            options={
                "verbose_name": "decision about an unknown outcome",
                "verbose_name_plural": "decisions about unknown outcomes",
            },
        ),
    ]
