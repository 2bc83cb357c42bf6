"""Claim and record with all checks, beside a bare claim-and-mark loop on the same rows."""

from __future__ import annotations

from functools import partial

from django.db import connection, transaction

from benchmarks import world
from benchmarks.measure import report, seconds
from messaging.actions.plan import plan
from messaging.dispatch.claim import claim
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import record_answer
from messaging.gateways.base import Answer, RecipientOutcome, Result
from messaging.models import Message

BATCH = 1_000

_BARE = """
    WITH due AS MATERIALIZED (
        SELECT id FROM messaging_delivery
         WHERE message_id = %(message)s AND state = 'queued' AND not_before <= now()
         ORDER BY not_before, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE messaging_delivery d SET state = 'sending', updated_at = now() FROM due WHERE d.id = due.id
    RETURNING d.id
"""


def run(rows: int, repeat: int) -> None:
    ours, baseline = [], []
    for _turn in range(repeat):
        ours.append(seconds(partial(_ours, _planned(), rows)))
        baseline.append(seconds(partial(_bare, _planned(), rows)))
    report(f"claim and record, {BATCH} a batch", rows, ours, baseline, 0.6)


def _planned() -> Message:
    world.empty_deliveries()
    now = database_clock()
    message = world.message(now)
    plan(message.pk, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE messaging_delivery")
    return message


def _ours(message: Message, rows: int) -> None:
    done = 0
    while done < rows:
        claimed = claim(message, limit=BATCH, closes_at=None, worker="bench", now=database_clock())
        if claimed is None:
            break
        accepted = {
            address: RecipientOutcome(Result.ACCEPTED, "1", "Success") for _pk, address in claimed.recipients
        }
        record_answer(claimed, Answer(accepted), now=database_clock())
        done += len(claimed.recipients)


def _bare(message: Message, rows: int) -> None:
    done = 0
    while done < rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_BARE, {"message": message.pk, "limit": BATCH})
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            break
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE messaging_delivery SET state = 'accepted', updated_at = now() WHERE id = ANY(%s)",
                [ids],
            )
        done += len(ids)
