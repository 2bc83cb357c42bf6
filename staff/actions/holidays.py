"""The public holidays: taken over from the official calendar, changed and confirmed by a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.wording import day_text, place_text
from persian.jalali import tehran_date, year_of
from persian.text import fold_line
from staff.models import Holiday, HolidayYear, User
from staff.official_holidays import official_holidays
from staff.permissions import demand

RIGHT: Final = "staff.confirm_holidays"
NAME_MAX_LENGTH: Final = 200
# Jalali years before and after the present one whose holidays may be changed.
YEARS_BACK: Final = 1
YEARS_AHEAD: Final = 2


def load_holidays(*, now: datetime) -> int:
    """Take over what the package knows for certain of this Jalali year and the next; how many days are new.

    A day that has a row already stays as it is, also one that a person took out; a year that a person
    confirmed is left alone.
    """
    this_year = year_of(tehran_date(now))
    return sum(_load_year(year, now) for year in (this_year, this_year + 1))


def _load_year(year: int, now: datetime) -> int:
    with transaction.atomic():
        if HolidayYear.objects.filter(year=year).exists():
            return 0
        known = set(Holiday.objects.of_year(year).values_list("day", flat=True))
        new = [row for row in official_holidays(year) if row.is_certain and row.day not in known]
        Holiday.objects.bulk_create(
            (
                Holiday(
                    day=row.day,
                    name=row.name,
                    name_en=row.name_en,
                    source=Holiday.Source.PACKAGE,
                    at=now,
                )
                for row in new
            ),
            # Another machine may be loading, too.
            ignore_conflicts=True,
        )
        if new:
            data = {"year": year, "days": len(new)}
            record(by=None, action="holidays.loaded", object_type="staff.holiday", data=data, now=now)
    return len(new)


def add_holiday(*, day: date, name: str, name_en: str = "", by: User, now: datetime) -> Holiday:
    """Make a day a public holiday, also one that was taken out. Raises ValidationError by field for a day
    that is one already or lies in another year than those around this one, and for one without an
    occasion."""
    demand(by, RIGHT)
    name, name_en = fold_line(name), fold_line(name_en)
    _check_year(year_of(day), now, "day")
    if not name:
        raise ValidationError({"name": _("Write the occasion of the holiday.")})
    for field, text in (("name", name), ("name_en", name_en)):
        if len(text) > NAME_MAX_LENGTH:
            message = _("At most %(limit)s characters are kept.")
            raise ValidationError({field: message % {"limit": place_text(NAME_MAX_LENGTH)}})
    given = {"name": name, "name_en": name_en, "source": Holiday.Source.PERSON, "by": by, "at": now}
    with transaction.atomic():
        row = Holiday.objects.select_for_update(no_key=True).filter(day=day).first()
        if row is None:
            row = _created(day, given)
        elif row.removed_at is None:
            raise _is_one_already(row)
        else:
            again = {**given, "removed_by": None, "removed_at": None}
            for field, value in again.items():
                setattr(row, field, value)
            row.save(update_fields=list(again))
        data = {"day": day.isoformat(), "name": name}
        record(by=by, action="holiday.added", obj=row, data=data, now=now)
    return row


def _created(day: date, given: dict[str, object]) -> Holiday:
    try:
        with transaction.atomic():
            created: Holiday = Holiday.objects.create(day=day, **given)
            return created
    except IntegrityError as error:
        # Somebody else's press came a moment earlier.
        raise _is_one_already(Holiday.objects.get(day=day)) from error


def _is_one_already(row: Holiday) -> ValidationError:
    message = _("%(day)s is a holiday already: %(name)s.")
    return ValidationError({"day": message % {"day": day_text(row.day), "name": row.display_name}})


def remove_holiday(*, holiday: Holiday, by: User, now: datetime) -> bool:
    """Take a day out: it is a day like any other again, and does not come back by itself. Whether it was a
    holiday until now."""
    demand(by, RIGHT)
    with transaction.atomic():
        rows = Holiday.objects.valid().filter(pk=holiday.pk)
        if not rows.update(removed_by=by, removed_at=now):
            return False
        data = {"day": holiday.day.isoformat(), "name": holiday.name}
        record(by=by, action="holiday.removed", obj=holiday, data=data, now=now)
    return True


def confirm_year(*, year: int, by: User, now: datetime) -> bool:
    """Say that the holidays of a Jalali year are those of the official calendar; whether nobody had before.

    Raises ValidationError for a year far from this one, and for one without any holiday.
    """
    demand(by, RIGHT)
    _check_year(year, now, None)
    days = Holiday.objects.valid().of_year(year).count()
    if not days:
        message = _("No holiday of %(year)s is on record: there is nothing to confirm yet.")
        raise ValidationError(message % {"year": place_text(year)})
    with transaction.atomic():
        row, is_new = HolidayYear.objects.get_or_create(
            year=year, defaults={"confirmed_by": by, "confirmed_at": now}
        )
        if is_new:
            data = {"year": year, "days": days}
            record(by=by, action="holidays.confirmed", obj=row, data=data, now=now)
    return is_new


def _check_year(year: int, now: datetime, field: str | None) -> None:
    this_year = year_of(tehran_date(now))
    first, last = this_year - YEARS_BACK, this_year + YEARS_AHEAD
    if not first <= year <= last:
        message = _("Only holidays of the years %(first)s to %(last)s are kept here.") % {
            "first": place_text(first),
            "last": place_text(last),
        }
        raise ValidationError({field: message} if field else message)
