import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0004_outage_cause"),
        ("messaging", "0004_settling_doubts"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkerBeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="worker")),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SlugField(), default=list, size=None, verbose_name="channels"
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
                (
                    "clock_difference_ms",
                    models.BigIntegerField(default=0, verbose_name="clock difference (ms)"),
                ),
                ("sent", models.PositiveBigIntegerField(default=0, verbose_name="recipients sent")),
                ("calls", models.PositiveBigIntegerField(default=0, verbose_name="calls")),
                ("failures", models.PositiveBigIntegerField(default=0, verbose_name="failures")),
                (
                    "last_error",
                    models.CharField(blank=True, default="", max_length=60, verbose_name="last error"),
                ),
                ("failed_at", models.DateTimeField(blank=True, null=True, verbose_name="last failed at")),
            ],
            options={
                "verbose_name": "worker",
                "verbose_name_plural": "workers",
                "permissions": [
                    ("view_operations", "May see how sending is going: workers, backlog, gateways")
                ],
            },
        ),
        migrations.AddField(
            model_name="gatewaycall",
            name="latency_ms",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="duration of the request (ms)"
            ),
        ),
        migrations.AddIndex(
            model_name="gatewaycall",
            index=models.Index(fields=["channel", "finished_at"], name="call_by_channel_lately"),
        ),
    ]
