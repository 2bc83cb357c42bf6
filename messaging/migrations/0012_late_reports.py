"""A report that comes late beats `unreported`: the move, and the rows' place in the index of a call.

The index is made anew in the transaction: writers of deliveries wait for it.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import common.guards


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_guards_without_a_switch"),
        ("messaging", "0011_stopped_campaigns"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="delivery",
            name="delivery_allowed_moves",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="delivery_in_doubt",
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["sending", "unknown", "accepted", "unreported"])),
                fields=["call"],
                name="delivery_in_doubt",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="delivery_allowed_moves",
                sql=common.guards.GuardSql(
                    condition="WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('queued>cancelled', 'queued>expired', 'queued>sending', 'queued>suppressed', 'sending>accepted', 'sending>queued', 'sending>rejected', 'sending>unknown', 'unknown>abandoned', 'unknown>accepted', 'unknown>queued', 'accepted>delivered', 'accepted>undelivered', 'accepted>unreported', 'unreported>delivered', 'unreported>undelivered'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="b2fa9fa2d252a14cfc358fc99b7e8ee5b27411f5",
                    operation="UPDATE",
                    pgid="pgtrigger_delivery_allowed_moves_ed060",
                    table="messaging_delivery",
                    when="BEFORE",
                ),
            ),
        ),
    ]
