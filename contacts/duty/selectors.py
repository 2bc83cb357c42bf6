"""Who is on duty: the plan of a day, and whom of it a caller is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from contacts.duty.experts import Absence, absence, extension_of, name_of
from contacts.models import DutyDay, DutyFallback, DutyShift
from persian.jalali import TEHRAN
from staff.models import Holiday, User


class DayKind(StrEnum):
    """What a day's duty comes from."""

    PATTERN = "pattern"
    SINGLE_DAY = "single_day"
    NOBODY = "nobody"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Span:
    """An expert's hours on a day: minutes from midnight, half-open."""

    starts: int
    ends: int
    expert: User


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The duty of a date. `holiday`: its occasion, also where single days hold in spite of it."""

    day: date
    kind: DayKind
    spans: tuple[Span, ...]
    holiday: Holiday | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who would be named, and what is against it."""

    user: User
    absence: Absence | None
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The expert whom a colleague names to a caller, and the extension."""

    user: User
    name: str
    extension: str
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class DutyNow:
    """Who is on duty, and why. `plan` is today's; `candidates` are those asked after in turn, the last of
    them the one named, if any; none without a planned expert at this hour."""

    plan: DayPlan
    candidates: tuple[Candidate, ...]
    named: OnDuty | None


def on_duty(now: datetime) -> OnDuty | None:
    """The expert to name at `now`; None: nobody is on duty, the colleague takes the request.

    The fallbacks stand in for an expert who is planned for this hour and not there. Where nobody is planned
    (a gap, a holiday, a day without anybody), nobody is named.
    """
    return duty_now(now).named


def duty_now(now: datetime) -> DutyNow:
    """`on_duty`, with the reasons."""
    local = now.astimezone(TEHRAN)
    [plan] = day_plans([local.date()])
    minute = local.hour * 60 + local.minute
    planned = next((span.expert for span in plan.spans if span.starts <= minute < span.ends), None)
    candidates = () if planned is None else _candidates(planned, now)
    last = candidates[-1] if candidates else None
    if last is None or last.absence is not None:
        return DutyNow(plan, candidates, None)
    named = OnDuty(last.user, name_of(last.user), extension_of(last.user), last.is_fallback)
    return DutyNow(plan, candidates, named)


def _candidates(planned: User, now: datetime) -> tuple[Candidate, ...]:
    """The planned expert and the fallbacks, up to the first who can be named."""
    found = [Candidate(planned, absence(planned, now), is_fallback=False)]
    for fallback in fallbacks():
        if found[-1].absence is None:
            break
        if fallback != planned:
            found.append(Candidate(fallback, absence(fallback, now), is_fallback=True))
    return tuple(found)


def fallbacks() -> list[User]:
    """In their order, also those who cannot be named."""
    rows = DutyFallback.objects.select_related("expert__employee").order_by("place")
    return [row.expert for row in rows]


def day_plans(days: Iterable[date]) -> list[DayPlan]:
    """The duty of each of the days, in their order."""
    wanted = list(days)
    shifts = list(DutyShift.objects.standing())
    singles = list(DutyDay.objects.standing().filter(day__in=wanted))
    holidays = {row.day: row for row in Holiday.objects.valid().filter(day__in=wanted)}
    return [
        _plan(
            day,
            [row for row in singles if row.day == day],
            [row for row in shifts if row.weekday == day.weekday()],
            holidays.get(day),
        )
        for day in wanted
    ]


def _plan(day: date, singles: list[DutyDay], shifts: list[DutyShift], holiday: Holiday | None) -> DayPlan:
    if singles:
        spans = _spans(singles)
        return DayPlan(day, DayKind.SINGLE_DAY if spans else DayKind.NOBODY, spans, holiday)
    if holiday is not None:
        return DayPlan(day, DayKind.HOLIDAY, (), holiday)
    return DayPlan(day, DayKind.PATTERN, _spans(shifts), None)


def _spans(rows: Sequence[DutyDay | DutyShift]) -> tuple[Span, ...]:
    return tuple(Span(row.starts, row.ends, row.expert) for row in rows if row.expert is not None)
