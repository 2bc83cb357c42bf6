"""The roster in words, for its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.wording import Label
from contacts.duty.experts import ABSENCES, absence_from_roster, experts, extension_of, name_of
from contacts.duty.hours import hours_text
from contacts.duty.selectors import (
    Candidate,
    DayKind,
    DayPlan,
    DutyNow,
    OnDuty,
    day_plans,
    duty_now,
    fallbacks,
)
from contacts.models import DutyDay, DutyShift
from contacts.models.duty import Weekday
from persian.jalali import tehran_date
from staff.models import User

DAYS_SHOWN: Final = 7

_WITHOUT_ANYBODY: Final[dict[DayKind, Label]] = {
    DayKind.PATTERN: gettext_lazy("By the weekly pattern nobody is on duty at this hour."),
    DayKind.SINGLE_DAY: gettext_lazy("By today's own entry nobody is on duty at this hour."),
    DayKind.NOBODY: gettext_lazy("For today the manager has entered that nobody is on duty."),
    DayKind.HOLIDAY: gettext_lazy("Today is a holiday, so the weekly pattern does not hold."),
}


@dataclass(frozen=True, slots=True)
class ExpertLine:
    """Hours of an expert. `warning`: why this expert cannot be on duty."""

    pk: int
    name: str
    extension: str
    hours: str
    warning: Label


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day ahead. `note`: what is other than the weekly pattern."""

    day: date
    is_today: bool
    experts: list[ExpertLine]
    note: str


@dataclass(frozen=True, slots=True)
class WeekdayLine:
    weekday: Label
    experts: list[ExpertLine]


@dataclass(frozen=True, slots=True)
class SingleDayLine:
    """An entry of a single date; `expert` is None where nobody is on duty."""

    pk: int
    day: date
    expert: ExpertLine | None


@dataclass(frozen=True, slots=True)
class Roster:
    """`why`: sentences about the present hour, in the order in which they were asked."""

    named: OnDuty | None
    why: list[str]
    days: list[DayLine]
    week: list[WeekdayLine]
    singles: list[SingleDayLine]
    fallbacks: list[ExpertLine]


def roster(now: datetime) -> Roster:
    today = tehran_date(now)
    words = _Lines(today)
    shifts = list(DutyShift.objects.standing())
    singles = DutyDay.objects.standing().filter(day__gte=today).order_by("day", "starts")
    plans = day_plans(today + timedelta(days=ahead) for ahead in range(DAYS_SHOWN))
    present = duty_now(now)
    return Roster(
        named=present.named,
        why=list(_why(present)),
        days=[words.of_day(plan) for plan in plans],
        week=[
            WeekdayLine(day.label, [words.of_row(row) for row in shifts if row.weekday == day])
            for day in Weekday
        ],
        singles=[
            SingleDayLine(row.pk, row.day, words.of_row(row) if row.expert is not None else None)
            for row in singles
        ],
        fallbacks=[words.of_expert(user) for user in fallbacks()],
    )


def _why(present: DutyNow) -> Iterable[str]:
    if not present.candidates:
        yield str(_WITHOUT_ANYBODY[present.plan.kind])
        return
    yield from map(_asked, present.candidates)
    if present.named is None:
        yield _("No fallback is left, so nobody is named: the colleague takes the request.")


def _asked(candidate: Candidate) -> str:
    """What was found of one candidate."""
    name = name_of(candidate.user)
    if candidate.absence is not None:
        return f"{name} {ABSENCES[candidate.absence]}."
    if candidate.is_fallback:
        return _("%(name)s is the fallback and has signed in.") % {"name": name}
    return _("%(name)s is on duty at this hour and has signed in.") % {"name": name}


class _Lines:
    """Makes the lines; who can be on duty on `today` is asked once for all of them."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.able = set(experts(today).values_list("pk", flat=True))

    def of_day(self, plan: DayPlan) -> DayLine:
        lines = [self.of_expert(span.expert, hours=hours_text(span.starts, span.ends)) for span in plan.spans]
        return DayLine(plan.day, plan.day == self.today, lines, _note(plan))

    def of_row(self, row: DutyShift | DutyDay) -> ExpertLine:
        if row.expert is None:
            raise TypeError("nobody has no line")
        return self.of_expert(row.expert, pk=row.pk, hours=hours_text(row.starts, row.ends))

    def of_expert(self, user: User, *, pk: int = 0, hours: str = "") -> ExpertLine:
        gone = None if user.pk in self.able else absence_from_roster(user, self.today)
        warning = ABSENCES[gone] if gone else ""
        return ExpertLine(pk, name_of(user), extension_of(user), hours, warning)


def _note(plan: DayPlan) -> str:
    notes = [plan.holiday.display_name] if plan.holiday is not None else []
    if plan.kind in (DayKind.SINGLE_DAY, DayKind.NOBODY):
        notes.append(_("by an entry for this day"))
    return " · ".join(notes)
