"""Planning with the whole policy, beside a raw `INSERT … SELECT` of the same rows."""

from __future__ import annotations

from functools import partial

from django.db import connection

from benchmarks import world
from benchmarks.measure import report, seconds
from messaging.actions.plan import plan
from messaging.dispatch.clock import database_clock


def run(rows: int, repeat: int) -> None:
    world.customers(rows)
    ours, baseline = [], []
    for _turn in range(repeat):
        world.empty_deliveries()
        now = database_clock()
        message = world.message(now)
        ours.append(seconds(partial(plan, message.pk, now=now)))
        baseline.append(_raw())
    report("plan with the whole policy", rows, ours, baseline, 0.5)


def _raw() -> float:
    """The same rows into a table with the same columns, indexes and storage, and no policy or trigger."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_delivery")
        cursor.execute("CREATE TABLE bench_delivery (LIKE messaging_delivery INCLUDING ALL)")
        cursor.execute("ALTER TABLE bench_delivery SET (fillfactor = 70)")
        taken = seconds(
            lambda: cursor.execute(
                "INSERT INTO bench_delivery (message_id, contact_id, call_id, address, state, reason,"
                " not_before, attempts, provider_id, provider_status, updated_at)"
                " SELECT message_id, contact_id, call_id, address, state, reason, not_before, attempts,"
                " provider_id, provider_status, updated_at FROM messaging_delivery"
            )
        )
        cursor.execute("DROP TABLE bench_delivery")
    return taken
