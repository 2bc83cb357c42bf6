"""What PR_MA_04 says, written a second time and as plainly as possible. Imports nothing of the product.

The machine remembers people, messages, hours and outages here, by what the actions acknowledged; the
database and the product's policy are held to this memory, never the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Tehran has had no summer time since 2022.
TEHRAN = timedelta(hours=3, minutes=30)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

# (weekday with Monday 0, opens, closes): minutes of the day, half-open.
Hours = tuple[tuple[int, int, int], ...]
ANY_TIME: Hours = tuple((day, 0, 1440) for day in range(7))
# This long before the end of a permission the last request is begun.
ANSWER_WITHIN = timedelta(seconds=21)

# Reasons by which a recipient will never get the message, with the state that each leaves it in.
REFUSALS = {
    "duplicate": "suppressed",
    "invalid_address": "suppressed",
    "landline": "suppressed",
    "cancelled": "cancelled",
    "expired": "expired",
    "expires_first": "expired",
    "no_messages": "suppressed",
    "no_promotional": "suppressed",
    "facts_missing": "suppressed",
}


def is_open(hours: Hours, at: datetime) -> bool:
    local = at.replace(tzinfo=None) - (at.utcoffset() or timedelta(0)) + TEHRAN
    minute = local.hour * 60 + local.minute
    return any(local.weekday() == day and opens <= minute < closes for day, opens, closes in hours)


def turns(hours: Hours, after: datetime) -> list[datetime]:
    """Every instant of the coming eight days at which an interval begins or ends, later than `after`."""
    local = after.replace(tzinfo=None) - (after.utcoffset() or timedelta(0)) + TEHRAN
    midnight = after - timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    found = {
        midnight + ahead * DAY + minute * MINUTE
        for ahead in range(9)
        for day, opens, closes in hours
        if (local.weekday() + ahead) % 7 == day
        for minute in (opens, closes)
    }
    return sorted(at for at in found if at > after)


def closes_at(hours: Hours, at: datetime) -> datetime | None:
    """When the hours that are open at `at` end; None if they do not within a week."""
    return next((turn for turn in turns(hours, at) if not is_open(hours, turn)), None)


def within_the_procedure(hours: Hours) -> Hours:
    """The part of some hours that C7.6 allows a promotional SMS."""
    cut = ((day, max(opens, 8 * 60), min(closes, 22 * 60)) for day, opens, closes in hours)
    return tuple((day, opens, closes) for day, opens, closes in cut if opens < closes)


def may_begin(hours: Hours, at: datetime) -> bool:
    """Whether a request that is begun at `at` has its answer inside the hours."""
    closes = closes_at(hours, at)
    return is_open(hours, at) and (closes is None or at < closes - ANSWER_WITHIN)


def next_begin(hours: Hours, at: datetime) -> datetime | None:
    """The first instant from `at` on at which a request may be begun; None if there is none."""
    return next((turn for turn in (at, *turns(hours, at)) if may_begin(hours, turn)), None)


@dataclass
class Person:
    """A customer, with what he refused so far as somebody was told that it is done."""

    address: str
    tags: tuple[str, ...] = ()
    no_promotional: bool = False
    no_messages: bool = False
    call_open: bool = False

    @property
    def is_mobile(self) -> bool:
        return self.address.startswith("+989")


@dataclass
class Approval:
    """An emergency override: asked for, then perhaps approved, then perhaps withdrawn."""

    approved_at: datetime | None = None
    expires_at: datetime | None = None
    revoked: bool = False
    same_content: bool = True

    def is_pending(self) -> bool:
        return self.approved_at is None and not self.revoked

    def lifts(self, at: datetime) -> bool:
        begun = self.approved_at is not None and self.approved_at <= at
        over = self.expires_at is None or self.expires_at <= at
        return begun and not over and not self.revoked and self.same_content


@dataclass
class Note:
    """A message. Its recipients are `lines` (numbers, and what is none), or `everybody` of the plan's
    instant: `all`, or those with a `tag`."""

    pk: int
    purpose: str
    text: str
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    everybody: str = ""
    lines: tuple[str, ...] = ()
    planned: bool = False
    paused: bool = False
    cancelled: bool = False
    approval: Approval | None = None


@dataclass
class Memory:
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    notes: dict[int, Note] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    declared: bool = False  # an outage by a person
    detected: bool = False  # an outage by the breaker

    def hours_of(self, purpose: str) -> Hours | None:
        """The hours to keep to; None where there are none to keep to (reading 1)."""
        given = self.hours.get(purpose, ())
        return given if given or purpose == "promotional" else None

    def refusals(self, note: Note, person: Person | None, *, again: bool = False) -> list[str]:
        """Everything for which the recipient shall never have the message, as things stand, in order."""
        promotional = note.purpose == "promotional"
        lifted = not promotional and note.approval is not None and note.approval.lifts(self.now)
        found = {
            "duplicate": again,
            "invalid_address": person is None,
            "landline": person is not None and not person.is_mobile,
            "cancelled": note.cancelled,
            "expired": note.expires_at is not None and self.now >= note.expires_at,
            "expires_first": note.expires_at is not None
            and self.now < note.expires_at <= self._earliest(note, person),
            "no_messages": person is not None and person.no_messages and not lifted,
            "no_promotional": person is not None and person.no_promotional and promotional,
        }
        return [reason for reason, refuses in found.items() if refuses]

    def _earliest(self, note: Note, person: Person | None) -> datetime:
        start = max(self.now, note.scheduled_at or self.now)
        if not self.holds(note, person):
            return self.now
        hours = self.hours_of(note.purpose)
        return (next_begin(hours, start) if hours is not None else None) or start

    def holds(self, note: Note, person: Person | None) -> list[str]:
        """Everything for which the recipient has to wait, as things stand."""
        promotional = note.purpose == "promotional"
        hours = self.hours_of(note.purpose)
        found = {
            "awaiting_approval": not promotional and note.approval is not None and note.approval.is_pending(),
            "paused": note.paused,
            "voc_call_open": promotional and person is not None and person.call_open,
            "operator_down": self.declared or self.detected,
            "scheduled": note.scheduled_at is not None and self.now < note.scheduled_at,
            "window_closed": hours is not None and not may_begin(hours, self.now),
        }
        return [reason for reason, holds in found.items() if holds]

    def leave_ends(self, note: Note) -> datetime | None:
        """When what may go now may no longer: the hours' end, the expiry, the override's end."""
        hours = self.hours_of(note.purpose)
        ends = [note.expires_at, closes_at(hours, self.now) if hours is not None else None]
        if note.approval is not None and note.approval.lifts(self.now) and note.purpose != "promotional":
            ends.append(note.approval.expires_at)
        return min((end for end in ends if end is not None), default=None)
