"""How far large messages are: a row each, counted by a worker, for screens (docs/adr/0024).

Messages that were planned before get theirs here, to be counted by the workers.
"""

import django.db.models.deletion
from django.db import migrations, models

# More recipients than that have a row (`messaging.models.progress.LARGE` on the day of this migration).
ROWS_OF_LARGE = """
    INSERT INTO messaging_messageprogress (message_id, counts, count_ms, after_end)
    SELECT message_id, '[]', 0, FALSE FROM messaging_delivery GROUP BY message_id HAVING count(*) > 10000
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0013_reason_landline"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageProgress",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="progress",
                        serialize=False,
                        to="messaging.message",
                        verbose_name="message",
                    ),
                ),
                ("counts", models.JSONField(default=list, verbose_name="recipients by state and reason")),
                ("counted_at", models.DateTimeField(blank=True, null=True, verbose_name="counted at")),
                (
                    "count_ms",
                    models.PositiveIntegerField(default=0, verbose_name="duration of the count (ms)"),
                ),
                ("wanted_at", models.DateTimeField(blank=True, null=True, verbose_name="wanted since")),
                ("after_end", models.BooleanField(default=False, verbose_name="counted after the end")),
            ],
            options={
                "verbose_name": "progress of a message",
                "verbose_name_plural": "progress of messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("wanted_at__isnull", False), ("after_end", False), _connector="OR"
                        ),
                        fields=["message"],
                        name="progress_to_count",
                    )
                ],
            },
        ),
        migrations.RunSQL(ROWS_OF_LARGE, migrations.RunSQL.noop),
    ]
