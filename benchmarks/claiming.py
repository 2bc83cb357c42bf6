"""The claim with millions of rows waiting, and late in a campaign; and what the pump reads to choose."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
from django.db import connection, transaction

from benchmarks import world
from benchmarks.measure import note, report_growth, seconds
from benchmarks.processes import database_url
from contacts.models import Contact
from gateways.base import Answer, RecipientOutcome, Result
from messaging.actions.plan import plan
from messaging.dispatch.claim import Cursor, claim
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import record_answer
from messaging.evaluation.facts import decisions_of
from messaging.models import Message, MessageStop

CLAIMS = 80
# Messages that wait as a whole, and the share of the rows that they have; the others wait one by one.
HELD_MESSAGES = 30
WHOLE_SHARE = 0.6

_FILL = """
    INSERT INTO messaging_delivery (message_id, contact_id, address, state, reason, not_before,
           attempts, provider_id, provider_status, updated_at)
    SELECT %(message)s, g, '+989' || %(digit)s || lpad(g::text, 8, '0'), 'queued', %(reason)s,
           %(not_before)s, 0, '', '', now()
      FROM generate_series(1, %(count)s) g
"""


def run(many: int, few: int, repeat: int) -> None:
    """The same claims with `few` rows waiting, and with `many`, most of them held."""
    limit = max(few // (CLAIMS + 20), 1)
    base = [_median_claim(world.planned(few), limit) for _turn in range(repeat)]
    world.empty_messages()
    each = int(many * (1 - WHOLE_SHARE)) // (2 * repeat)
    able = [_half_held(few, each) for _turn in range(repeat)]
    for number in range(HELD_MESSAGES):
        _held(number, few, int(many * WHOLE_SHARE) // HELD_MESSAGES)
    note(f"vacuum and analyze: {seconds(world.vacuum):.1f} s; {_size()}")
    ours = [_median_claim(message, limit) for message in able]
    report_growth(
        f"claim with {many:,} waiting, or {few:,}",
        statistics.median(ours) * 1000,
        statistics.median(base) * 1000,
        1.5,
        "ms",
    )
    planned = Contact.objects.count()
    taken = seconds(lambda: _due(planned))
    note(f"plan {planned:,} more beside them: {planned / taken:,.0f} rows/s")


def _size() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_table_size('messaging_delivery'), pg_indexes_size('messaging_delivery')"
            " FROM messaging_delivery"
        )
        rows, table, indexes = cursor.fetchone()
    return f"{rows:,} rows, {table / rows:.0f} bytes each and {indexes / rows:.0f} in the indexes"


def _due(size: int) -> Message:
    now = database_clock()
    message = world.submitted(size, now=now)
    plan(message.pk, now=now)
    message.refresh_from_db()
    return message


def _half_held(due: int, each: int) -> Message:
    """A message with rows that are due, rows that wait for an event, and rows that wait for their hour."""
    message = _due(due)
    _fill(message, each, "voc_call_open", None, digit="8")
    _fill(message, each, "window_closed", database_clock() + timedelta(days=1), digit="9")
    return message


def _held(number: int, due: int, rows: int) -> None:
    """A message that waits as a whole: scheduled, or paused."""
    message = _due(due)
    now = database_clock()
    _fill(message, rows, "", now, digit="8")
    if number % 2:
        with transaction.atomic(), connection.cursor() as cursor:
            # As if it had been submitted so: the field is frozen.
            cursor.execute("SET LOCAL session_replication_role = replica")
            Message.objects.filter(pk=message.pk).update(scheduled_at=now + timedelta(days=1))
            cursor.execute("SET LOCAL session_replication_role = origin")
    else:
        MessageStop.objects.create(message=message, kind=MessageStop.Kind.PAUSE, at=now)


def _fill(message: Message, count: int, reason: str, not_before: datetime | None, *, digit: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _FILL,
            {
                "message": message.pk,
                "reason": reason,
                "not_before": not_before,
                "count": count,
                "digit": digit,
            },
        )


def _median_claim(message: Message, limit: int, claims: int = CLAIMS, *, follows: bool = False) -> float:
    """Seconds of a claim, on fresh rows each time; with `follows`, each goes on where the last one ended."""
    taken = []
    cursor: Cursor | None = None
    for _number in range(claims):
        now = database_clock()
        started = time.perf_counter()
        claimed = claim(message, limit=limit, closes_at=None, worker="bench", now=now, after=cursor)
        taken.append(time.perf_counter() - started)
        if follows and claimed is not None:
            cursor = claimed.cursor
    return statistics.median(taken)


def run_late(rows: int, sent: int, batch: int, repeat: int) -> None:
    """A claim after most of a campaign was sent, beside its first ones: alone, and while an old snapshot
    (a report, a backup) keeps every dead entry of the index. The pump goes on where its last claim
    ended, and looks from the start once a turn."""
    claims = 5 * repeat
    for what, context in (("", _nobody), (", an old snapshot open", _old_snapshot)):
        message = world.planned(rows)
        with context():
            first = _median_claim(message, batch, claims, follows=True)
            _claim_and_record(message, sent, batch)
            from_start = _median_claim(message, batch, claims)
            late = _median_claim(message, batch, claims, follows=True)
        note(f"a claim that looks from the start{what}: {from_start * 1000:.1f} ms")
        report_growth(f"claim after {sent:,} sent{what}", late * 1000, first * 1000, 1.5, "ms")


def _claim_and_record(message: Message, rows: int, batch: int) -> None:
    done = 0
    cursor: Cursor | None = None
    while done < rows:
        now = database_clock()
        claimed = claim(message, limit=batch, closes_at=None, worker="bench", now=now, after=cursor)
        if claimed is None:
            break
        cursor = claimed.cursor
        accepted = {
            address: RecipientOutcome(Result.ACCEPTED, "1", "Success") for _pk, address in claimed.recipients
        }
        record_answer(claimed, Answer(accepted), now=database_clock())
        done += claimed.touched


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _old_snapshot() -> Iterator[None]:
    with psycopg.connect(database_url()) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM messaging_message")
        yield


def run_gates(counts: list[int], repeat: int) -> None:
    """What the pump reads twice a second, to choose among the running messages."""
    for count in counts:
        world.empty_messages()
        for _number in range(count):
            _due(1)
        taken = [seconds(_read_decisions) for _turn in range(max(repeat, 5))]
        note(f"gates of {count} running messages: {statistics.median(taken) * 1000:.1f} ms")


def _read_decisions() -> None:
    decisions_of(Message.objects.under_way(world.open_channel()), database_clock())
