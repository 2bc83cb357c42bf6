"""The offline checker: the gateway's own log against the database.

It is made for a system at rest: with workers running, what is just being recorded looks like a breach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from channels.past_hours import PastHours
from common.masking import masked_number
from common.sql import fetch
from common.timeouts import REQUEST_TO_RECORD
from contacts.selectors import out_of_step_with_ledger, restrictions_out_of_step
from messaging.evaluation.facts import content_hash
from messaging.invariants import breaches
from messaging.invariants.gateway_log import LogReader
from messaging.invariants.tables import load_hours, load_lines, match_log
from messaging.models import Delivery, Override

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class BrokenPromise:
    """One offence; the number is masked."""

    line: int | None
    message: int | None
    number: str
    what: str


@dataclass
class CheckResult:
    """How often each promise was broken, with the first offenders of each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[BrokenPromise]] = field(default_factory=dict)
    accepted: int = 0
    unreadable: int = 0
    unknown: int = 0
    waiting: int = 0
    resent_by_person: int = 0
    not_as_said: int = 0
    since: datetime | None = None

    @property
    def is_kept(self) -> bool:
        return not any(self.counts.values())

    def add(self, promise: str, count: int, found: Iterable[BrokenPromise]) -> None:
        self.counts[promise] = self.counts.get(promise, 0) + count
        known = self.examples.setdefault(promise, [])
        known += list(found)[: EXAMPLES - len(known)]


def check(lines: Iterable[str], *, since: datetime | None = None) -> CheckResult:
    """Judge a gateway's log (its lines) against the database. Writes nothing.

    `since` is from when on the log is complete; by default its first line, or everything if it is empty.
    """
    verdict = CheckResult()
    reader = LogReader()
    with transaction.atomic():
        load_lines(reader.read(lines))
        start = since or (reader.first_at - REQUEST_TO_RECORD if reader.first_at else None)
        first = start or datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
        match_log(first)
        promotional = load_hours(first)
        _ask(verdict, "lost", breaches.LOST)
        _ask(verdict, "twice", breaches.TWICE)
        _ask(verdict, "opted_out", *_opted_out())
        _ask(verdict, "outside_window", breaches.OUTSIDE_WINDOW)
        _dialling_too_long(verdict, promotional)
        _ask(verdict, "unaccounted", breaches.UNACCOUNTED)
        _consent(verdict)
        [(verdict.resent_by_person,)] = fetch(breaches.RESENT_BY_PERSON)
        [(verdict.not_as_said,)] = fetch(breaches.NOT_AS_SAID)
        verdict.unknown = Delivery.objects.filter(state__in=["sending", "unknown"]).count()
        verdict.waiting = Delivery.objects.filter(state="queued").count()
        verdict.accepted, verdict.unreadable, verdict.since = reader.accepted, reader.unreadable, start
    return verdict


def _ask(verdict: CheckResult, promise: str, sql: str, params: dict[str, Any] | None = None) -> None:
    rows = fetch(
        f"SELECT b.*, count(*) OVER () FROM ({sql}) b(line, message_id, number, what)"  # noqa: S608
        " ORDER BY line, message_id LIMIT %(examples)s",
        {**(params or {}), "examples": EXAMPLES},
    )
    found = [_broken(number, what, line, message) for line, message, number, what, _n in rows]
    verdict.add(promise, rows[0][-1] if rows else 0, found)


def _broken(number: str, what: str, line: int | None = None, message: int | None = None) -> BrokenPromise:
    return BrokenPromise(line, message, masked_number(number), what)


def _opted_out() -> tuple[str, dict[str, Any]]:
    """An entry of the ledger counts from its commit, where PostgreSQL keeps the instant
    (`track_commit_timestamp`); else from a second after the press."""
    margin = "interval '1 second'"
    committed = pressed = f"l.at + {margin}"
    if fetch("SHOW track_commit_timestamp") == [("on",)]:
        committed = f"coalesce(pg_xact_commit_timestamp(l.xmin), {pressed})"
    same = [
        override.message_id
        for override in Override.objects.select_related("message").filter(approved_at__isnull=False)
        if override.content_hash == content_hash(override.message)
    ]
    return breaches.OPTED_OUT.format(committed=committed, margin=margin), {"same_content": same}


def _consent(verdict: CheckResult) -> None:
    """Flags that are not what the ledger says, and restrictions that are not what the flags say."""
    contacts = out_of_step_with_ledger()
    found = [_broken(one.address, f"customer {one.pk}: not as recorded") for one in contacts[:EXAMPLES]]
    verdict.add("consent", contacts.count(), found)
    restrictions = restrictions_out_of_step()
    found = [
        _broken(number, f"{source} {source_id}: restriction not as flagged")
        for number, source, source_id in restrictions
    ]
    verdict.add("consent", len(restrictions), found)


def _dialling_too_long(verdict: CheckResult, promotional: dict[int, PastHours]) -> None:
    """A voice campaign that the provider may go on dialling after the close of the window then in force."""
    for line, message, number, channel, at, ends_at, count in fetch(breaches.DIALLING):
        hours = promotional[channel].at(at)
        if hours is None or not hours.is_open(at) or hours.is_always_open:
            continue  # counted by the hours themselves, or never closed
        closes_at = hours.closes_at(at)
        if closes_at is not None and (ends_at is None or ends_at > closes_at):
            what = f"may be dialled until {ends_at.isoformat() if ends_at else 'any time'}"
            verdict.add("outside_window", count, [_broken(number, what, line, message)])
