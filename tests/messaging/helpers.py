"""What the dispatch's tests share: threads with connections of their own, a campaign, a gateway client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, connections

from contacts.models import Contact
from gateways.base import Answer, RecipientOutcome, Result
from messaging.actions.plan import plan
from messaging.audience.members import Audience, from_bytes
from messaging.dispatch.claim import Claim
from messaging.models import Delivery, Message
from tests.factories import NOW, MessageFactory, mobile, write_ledger


def in_threads(work: Sequence[Callable[[], Any]], *, seconds: float = 60) -> list[Any]:
    """Run every callable in a thread with its own connection, all begun at once; their results.

    Raises the first error of any of them.
    """
    begin = threading.Barrier(len(work))
    results: list[Any] = [None] * len(work)
    errors: list[BaseException] = []

    def run(index: int) -> None:
        try:
            begin.wait(seconds)
            results[index] = work[index]()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    assert not any(thread.is_alive() for thread in threads), "a thread is stuck"
    if errors:
        raise errors[0]
    return results


def people(count: int, *, first: int = 0, **fields: Any) -> list[Contact]:
    """Customers with the mobiles `first`, `first + 1`, …"""
    given = {"created_at": NOW, "updated_at": NOW, **fields}
    made = Contact.objects.bulk_create(
        Contact(**{"mobile": mobile(first + n), **given}) for n in range(count)
    )
    write_ledger(made)
    return made


def campaign(count: int = 0, *, now: datetime = NOW, **fields: Any) -> Message:
    """A planned message to everybody, with `count` customers made for it."""
    if count:
        people(count)
    message: Message = MessageFactory(**fields)
    plan(message.pk, now=now)
    message.refresh_from_db()
    return message


def from_lines(lines: Sequence[str], name: str) -> Audience:
    """The recipients in a file of these lines."""
    return from_bytes("\n".join(lines).encode(), name)


def answer(claim: Claim, result: Result = Result.ACCEPTED, *, campaign_id: str = "c1") -> Answer:
    """A provider's answer that gives every recipient the same outcome."""
    return Answer(
        {
            address: RecipientOutcome(result, f"p{pk}" if result is Result.ACCEPTED else "", result.value)
            for pk, address in claim.recipients
        },
        campaign_id,
        "{}",
    )


def states(message: Message) -> dict[str, int]:
    return Delivery.objects.filter(message=message).count_by_state()


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def waits_for_a_lock(pid: int) -> bool:
    """Whether a backend of the database waits for somebody else's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
        row = cursor.fetchone()
    return bool(row and row[0])


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
