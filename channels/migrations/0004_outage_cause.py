from django.conf import settings
from django.db import migrations, models

# Until now a detected outage's reason was "trouble: code". Nobody is told of what is over or old.
CAUSES_FROM_REASONS = """
UPDATE channels_outage
   SET cause = CASE WHEN origin = 'declared' THEN 'declared'
                    WHEN reason = 'account: CreditNotEnough' THEN 'credit'
                    WHEN split_part(reason, ': ', 1) IN ('network', 'provider', 'account')
                    THEN split_part(reason, ': ', 1)
                    ELSE 'unclear' END,
       code = CASE WHEN origin = 'detected' AND reason ~ '^[a-z]+: '
                   THEN left(substr(reason, strpos(reason, ': ') + 2), 60) ELSE '' END,
       reason = CASE WHEN origin = 'detected' AND reason ~ '^[a-z]+: ' THEN '' ELSE reason END,
       told_at = started_at,
       end_told_at = ended_at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_outage_probes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="outage",
            name="cause",
            field=models.CharField(
                choices=[
                    ("declared", "declared by a colleague"),
                    ("network", "no connection to the provider"),
                    ("provider", "disturbance at the provider"),
                    ("account", "the provider refuses our account"),
                    ("credit", "credit exhausted"),
                    ("unclear", "answers that make no sense"),
                ],
                default="unclear",
                max_length=10,
                verbose_name="cause",
            ),
        ),
        migrations.AddField(
            model_name="outage",
            name="code",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="code"),
        ),
        migrations.AddField(
            model_name="outage",
            name="end_told_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="end told at"),
        ),
        migrations.AddField(
            model_name="outage",
            name="told_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="beginning told at"),
        ),
        migrations.AlterField(
            model_name="outage",
            name="reason",
            field=models.CharField(blank=True, max_length=300, verbose_name="reason"),
        ),
        migrations.RunSQL(CAUSES_FROM_REASONS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="outage",
            index=models.Index(fields=["channel", "-started_at"], name="outage_by_channel"),
        ),
        migrations.AddIndex(
            model_name="outage",
            index=models.Index(fields=["channel", "ended_at"], name="outage_by_end"),
        ),
        migrations.AddConstraint(
            model_name="outage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", "declared"), ("origin", "declared")),
                    models.Q(("origin", "detected"), models.Q(("cause", "declared"), _negated=True)),
                    _connector="OR",
                ),
                name="outage_cause_fits_its_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="outage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin", "detected"), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="declared_outage_has_a_reason",
            ),
        ),
    ]
