"""The duty roster's only writers, for the VOC manager: shifts of the week, single days, fallbacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from channels.windows import DAY_MINUTES
from common.sql import fetch
from common.wording import day_text
from contacts.duty.experts import ABSENCES, absence_from_roster, name_of
from contacts.duty.hours import Hours, hours_text, spelled
from contacts.models import DutyDay, DutyFallback, DutyShift
from contacts.models.duty import Weekday
from contacts.voc_manager import is_voc_manager
from persian.jalali import tehran_date
from staff.models import User

# A date beyond is a slip of the pen.
DAYS_AHEAD: Final = timedelta(days=366)
# The roster is changed by one at a time.
_ROSTER_LOCK: Final = 0x64757479  # "duty"


def demand_planner(*, by: User | None, now: datetime) -> None:
    """Raise PermissionDenied unless `by` is the VOC manager. None, the machine, may."""
    if by is not None and not is_voc_manager(by, now):
        raise PermissionDenied(_("Only the manager of the VOC department plans who is on duty."))


def add_shifts(
    *, expert: User, weekdays: Iterable[int], hours: Sequence[Hours], by: User | None, now: datetime
) -> list[DutyShift]:
    """Put the expert on duty in these hours of these weekdays, every week.

    All or nothing. Raises ValidationError by field: for no weekday, for hours that are none or overlap an
    expert's of the same weekday, and for somebody who is no VOC expert or works here no longer.
    """
    demand_planner(by=by, now=now)
    days = sorted(set(weekdays))
    if not days or not set(days) <= set(Weekday.values):
        raise ValidationError({"weekdays": _("Choose the days of the week.")})
    _check_hours(hours)
    _check_expert(expert, "expert", now)
    rows = [
        DutyShift(weekday=day, starts=starts, ends=ends, expert=expert)
        for day in days
        for starts, ends in hours
    ]
    with transaction.atomic():
        _one_at_a_time()
        standing = list(DutyShift.objects.standing().filter(weekday__in=days))
        for row in rows:
            _refuse_overlap(row, [other for other in standing if other.weekday == row.weekday])
        for row in rows:
            _save(row)
        data = {"expert": expert.pk, "weekdays": [str(day) for day in days], "hours": spelled(hours)}
        record(by=by, action="duty.shifts_added", object_type="contacts.dutyshift", data=data, now=now)
    return rows


def end_shift(*, shift: DutyShift, by: User, now: datetime) -> bool:
    """End an expert's hours on a weekday; whether they stood until now."""
    demand_planner(by=by, now=now)
    data = {"weekdays": [str(shift.weekday)], "hours": spelled([(shift.starts, shift.ends)])}
    return _end(shift, action="duty.shift_ended", data=data, by=by, now=now)


def set_day(
    *, day: date, expert: User | None, hours: Sequence[Hours] = (), by: User | None, now: datetime
) -> list[DutyDay]:
    """Put the expert on duty in these hours of one date, or nobody (`expert=None`, without hours).

    A date with an entry does without the weekly pattern. Raises ValidationError by field: for a day that is
    past or more than a year ahead, for hours that are none or overlap those of that day, and for somebody
    who is no VOC expert or works here no longer.
    """
    demand_planner(by=by, now=now)
    today = tehran_date(now)
    if day < today:
        raise ValidationError({"day": _("%(day)s is past.") % {"day": day_text(day)}})
    if day > today + DAYS_AHEAD:
        raise ValidationError({"day": _("%(day)s is more than a year ahead.") % {"day": day_text(day)}})
    if expert is None:
        if hours:
            raise ValidationError({"hours": _("Where nobody is on duty there are no hours.")})
        hours = [(0, DAY_MINUTES)]
    else:
        _check_hours(hours)
        _check_expert(expert, "expert", now)
    rows = [DutyDay(day=day, starts=starts, ends=ends, expert=expert) for starts, ends in hours]
    with transaction.atomic():
        _one_at_a_time()
        standing = list(DutyDay.objects.standing().filter(day=day))
        for row in rows:
            _refuse_overlap(row, standing)
        for row in rows:
            _save(row)
        data = {
            "day": day.isoformat(),
            "expert": expert.pk if expert else None,
            "hours": spelled(hours),
        }
        record(by=by, action="duty.day_set", object_type="contacts.dutyday", data=data, now=now)
    return rows


def end_day(*, entry: DutyDay, by: User, now: datetime) -> bool:
    """Take an entry of a single date back; whether it stood until now. Without any the pattern holds again.

    Raises ValidationError for a day that is past: it says who was on duty.
    """
    demand_planner(by=by, now=now)
    if entry.day < tehran_date(now):
        raise ValidationError(_("%(day)s is past.") % {"day": day_text(entry.day)})
    data = {"day": entry.day.isoformat(), "hours": spelled([(entry.starts, entry.ends)])}
    return _end(entry, action="duty.day_ended", data=data, by=by, now=now)


def set_fallbacks(*, first: User | None, second: User | None, by: User | None, now: datetime) -> bool:
    """Say who is named where the expert on duty is not there, in this order; whether anything changed.

    Raises ValidationError by field for a second one without a first, the same twice, and somebody who is no
    VOC expert or works here no longer.
    """
    demand_planner(by=by, now=now)
    if second is not None and first is None:
        raise ValidationError({"first": _("Choose the first fallback before the second.")})
    if first is not None and first == second:
        raise ValidationError({"second": _("The two fallbacks are the same person.")})
    for user, field in ((first, "first"), (second, "second")):
        if user is not None:
            _check_expert(user, field, now)
    wanted = [user for user in (first, second) if user is not None]
    with transaction.atomic():
        _one_at_a_time()
        before = list(DutyFallback.objects.order_by("place").values_list("expert_id", flat=True))
        after = [user.pk for user in wanted]
        if before == after:
            return False
        DutyFallback.objects.all().delete()
        DutyFallback.objects.bulk_create(
            DutyFallback(place=place, expert=user) for place, user in enumerate(wanted, start=1)
        )
        data = {"experts_before": before, "experts_after": after}
        record(by=by, action="duty.fallbacks_set", object_type="contacts.dutyfallback", data=data, now=now)
    return True


def _check_hours(hours: Sequence[Hours]) -> None:
    if not hours:
        raise ValidationError({"hours": _("Write the hours, such as 08:00-16:00.")})
    last_end = 0
    for starts, ends in sorted(hours):
        if not 0 <= starts < ends <= DAY_MINUTES:
            raise ValidationError(
                {
                    "hours": _(
                        "A duty begins before it ends, and ends on the same day; at the latest at 24:00."
                    )
                }
            )
        if starts < last_end:
            raise ValidationError({"hours": _("The hours overlap each other.")})
        last_end = ends


def _check_expert(user: User, field: str, now: datetime) -> None:
    why = absence_from_roster(user, tehran_date(now))
    if why is not None:
        raise ValidationError({field: f"{name_of(user)} {ABSENCES[why]}."})


def _refuse_overlap(row: DutyShift | DutyDay, standing: Iterable[Any]) -> None:
    """Raises ValidationError naming whose hours are in the way."""
    for other in standing:
        if row.starts < other.ends and other.starts < row.ends:
            raise _overlap(row, other)


def _overlap(row: DutyShift | DutyDay, other: Any) -> ValidationError:
    place = day_text(row.day) if isinstance(row, DutyDay) else str(row)
    if other.expert is None:
        message = _("On %(day)s nobody is on duty; take that back first.") % {"day": place}
    else:
        message = _("%(name)s is on duty on %(day)s, %(hours)s; end that first.") % {
            "name": name_of(other.expert),
            "day": place,
            "hours": hours_text(other.starts, other.ends),
        }
    return ValidationError({"hours": message}, code="overlap")


def _save(row: DutyShift | DutyDay) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        # Not through an action: these queue at the lock.
        raise ValidationError({"hours": _("The hours overlap another duty.")}, code="overlap") from error


def _end(row: DutyShift | DutyDay, *, action: str, data: dict[str, Any], by: User, now: datetime) -> bool:
    with transaction.atomic():
        standing = type(row)._default_manager.filter(pk=row.pk, ended_at__isnull=True)
        if not standing.update(ended_at=now, ended_by=by):
            return False
        record(by=by, action=action, obj=row, data={"expert": row.expert_id, **data}, now=now)
    return True


def _one_at_a_time() -> None:
    """Changes of the roster queue here, so that each sees those before it. Belongs into a transaction."""
    fetch("SELECT pg_advisory_xact_lock(%s)", [_ROSTER_LOCK])
