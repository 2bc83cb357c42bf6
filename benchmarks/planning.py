"""Planning with the whole policy, from submission on, beside a raw `INSERT … SELECT` of the same rows."""

from __future__ import annotations

from django.db import connection

from benchmarks import world
from benchmarks.measure import report, seconds
from benchmarks.tables import columns_of
from messaging.actions.plan import plan
from messaging.dispatch.clock import database_clock


def run(rows: int, repeat: int) -> None:
    ours, baseline = [], []
    for _turn in range(repeat):
        world.empty_messages()
        ours.append(seconds(lambda: _submit_and_plan(rows)))
        baseline.append(_raw())
    report(f"plan {rows:,} with the whole policy", rows, ours, baseline, 0.5)


def _submit_and_plan(rows: int) -> None:
    now = database_clock()
    message = world.submitted(rows, now=now)
    written = plan(message.pk, now=now)
    if written != rows:
        raise RuntimeError(f"{written} of {rows} deliveries were written")


def _raw() -> float:
    """The same rows into a table with the same columns, indexes and storage, and no policy or trigger."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_delivery")
        cursor.execute("CREATE TABLE bench_delivery (LIKE messaging_delivery INCLUDING ALL)")
        cursor.execute("ALTER TABLE bench_delivery SET (fillfactor = 70)")
        columns = columns_of("messaging_delivery", without="id")
        taken = seconds(
            lambda: cursor.execute(
                f"INSERT INTO bench_delivery ({columns}) SELECT {columns} FROM messaging_delivery"
            )
        )
        cursor.execute("DROP TABLE bench_delivery")
    return taken
