"""What a screen asks about a million: how far a message is, and who would get one."""

from __future__ import annotations

import statistics

from django.db import connection

from benchmarks import world
from benchmarks.measure import note, percentile, report_growth, report_limit, seconds
from messaging.actions.submit import draft_decision
from messaging.audience.kept_progress import count_wanted, progress_of
from messaging.audience.planning import preview
from messaging.audience.progress import message_progress
from messaging.dispatch.clock import database_clock
from messaging.models import Message, MessageProgress


def run_progress(rows: int, repeat: int) -> None:
    """Looks at the progress of a message of `rows` recipients, which a worker counts meanwhile whenever one
    wants it; beside counting them for the look."""
    message = world.planned(rows)
    MessageProgress.objects.get_or_create(message=message)
    count_wanted(now=database_clock())
    looks = []
    for look in range(200):
        looks.append(seconds(lambda: progress_of([message], database_clock())) * 1000)
        if look % 50 == 0:
            count_wanted(now=database_clock())
    counted = statistics.median(seconds(lambda: _count(message)) for _turn in range(repeat)) * 1000
    note(f"a look in the middle: {statistics.median(looks):.1f} ms; a count: {counted:.0f} ms")
    report_limit(f"progress of {rows:,}, 95 looks in 100", percentile(looks, 0.95), counted, 60, "ms")


def _count(message: Message) -> None:
    message_progress(message, database_clock())


def run_foresight(rows: int, repeat: int) -> None:
    """Who of all customers gets a promotional message and who does not, beside a bare count of them."""
    draft = world.draft(rows, world.open_channel())
    source, message_decision = draft.audience.source(), draft_decision(draft, database_clock())
    preview(source, message_decision)
    ours, bare = [], []
    for _turn in range(2 * repeat + 1):
        bare.append(seconds(_bare) * 1000)
        ours.append(seconds(lambda: preview(source, message_decision)) * 1000)
    report_growth(f"foresight of {rows:,}", statistics.median(ours), statistics.median(bare), 2, "ms")


def _bare() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_contact")
        cursor.fetchone()
