"""A count of the failures of each message that the gateway fails at (docs/adr/0028)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0014_message_progress"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailureCount",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="messaging.message",
                        verbose_name="message",
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures")),
                ("first_failed_at", models.DateTimeField(verbose_name="first failed at")),
                ("last_failed_at", models.DateTimeField(verbose_name="last failed at")),
            ],
            options={
                "verbose_name": "failures of a message",
                "verbose_name_plural": "failures of messages",
            },
        ),
    ]
