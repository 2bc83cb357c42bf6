"""The parts of the received messages that could not be read, kept as they came (docs/reports.md)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import common.guards


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0007_windows_changes_stay"),
        ("messaging", "0015_failure_count"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnreadableInbound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("code", models.CharField(max_length=60, verbose_name="error")),
                ("raw", models.TextField(blank=True, verbose_name="the provider's answer (bounded, masked)")),
                ("found_at", models.DateTimeField(verbose_name="found at")),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.channel",
                        verbose_name="channel",
                    ),
                ),
            ],
            options={
                "verbose_name": "unreadable part of the received messages",
                "verbose_name_plural": "unreadable parts of the received messages",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "since", "until"), name="unreadable_inbound_once"
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unreadableinbound",
            trigger=pgtrigger.compiler.Trigger(
                name="unreadable_inbound_grows_only",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="37962dd97dcc81e797d3e45bbee538cb86730651",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_unreadable_inbound_grows_only_33f1a",
                    table="messaging_unreadableinbound",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="unreadableinbound",
            trigger=pgtrigger.compiler.Trigger(
                name="unreadable_inbound_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="88b6ac01ffb7de3c58fd07a19d3a97502814cbdc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_unreadable_inbound_keeps_all_9ef58",
                    table="messaging_unreadableinbound",
                    when="BEFORE",
                ),
            ),
        ),
    ]
