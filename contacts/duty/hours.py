"""Hours of duty as they are typed and shown: «۰۸:۰۰ تا ۱۶:۰۰»."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from channels.hours import parse_hours, span_words
from channels.windows import DAY_MINUTES, clock_text

# Minutes from midnight, half-open.
Hours = tuple[int, int]


def typed_hours(typed: str) -> list[Hours]:
    """The hours of a day as typed, in any digits: `08:00-12:00, 13-16`. 24:00 is the day's end.

    Raises ValidationError naming the part that is no interval or runs past midnight.
    """
    hours = parse_hours(typed)
    for starts, ends in hours:
        if ends > DAY_MINUTES:
            raise ValidationError(
                _("%(hours)s ends before it begins; for a night write two days' hours, up to 24:00.")
                % {"hours": span_words(starts, ends - DAY_MINUTES)},
                code="past_midnight",
            )
    return hours


def hours_text(starts: int, ends: int) -> str:
    return span_words(starts, ends)


def spelled(hours: Iterable[Hours]) -> list[str]:
    """Hours as the audit trail keeps them."""
    return [f"{clock_text(starts)}–{clock_text(ends)}" for starts, ends in hours]
