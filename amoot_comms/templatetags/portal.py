"""How pages write numbers, dates and phone numbers: Persian digits and Jalali, or English.

Thin wrappers over `persian/`; the language is the page's.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import dropwhile
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from common.permissions import may
from common.wording import digits_text, in_persian, number_text
from persian import digits, jalali

register = template.Library()
# The views' own question: Django's `perms` says yes to every superuser.
register.filter("may", may)


def _language() -> str:
    return get_language() or "fa"


@register.filter
def persian_digits(value: Any) -> str:
    """`value` as text, its digits Persian on a Persian page."""
    return "" if value is None else digits_text(str(value))


@register.filter
def grouped(value: Any, decimals: int = 0) -> str:
    """A number with thousands apart: «۱۲٬۴۰۶» or `12,406`. Nothing for None; other text as it is."""
    if value is None or value == "":
        return ""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return str(value)
    return digits.grouped(number, decimals) if in_persian() else f"{number:,.{decimals}f}"


@register.filter
def unlocalized(value: Any) -> str:
    """A number as HTML attributes take it: ASCII digits, no separators."""
    return str(value)


@register.filter(name="jalali")
def jalali_instant(value: datetime | date | None) -> str:
    """«۱ آذر ۱۴۰۵، ۲۲:۰۰» or `2026-11-22 22:00`, on Tehran's clock; a date alone for a date."""
    if not value:
        return ""
    if isinstance(value, datetime):
        return jalali.format_datetime(value, _language())
    return jalali.format_date(value, _language())


@register.filter
def jalali_date(value: date | None) -> str:
    """«۱ آذر ۱۴۰۵» or `2026-11-22`; an instant gives its day in Tehran."""
    return jalali.format_date(value, _language()) if value else ""


@register.filter
def jalali_short(value: date | None) -> str:
    """«۱۴۰۵/۰۹/۰۱» or `2026-11-22`, for tables."""
    return jalali.numeric_date(value, _language()) if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    """«۲۲:۰۰» or `22:00`, on Tehran's clock."""
    return jalali.format_time(value, _language()) if value else ""


@register.filter
def phone(value: Any) -> str:
    """A number as people here say it: «۰۹۱۲…» for one of Iran, `+49…` for another's."""
    return number_text(str(value)) if value else ""


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A span in its two largest units: «۲ ساعت و ۵ دقیقه». Seconds, or a timedelta; never negative."""
    if value is None:
        return ""
    seconds = max(0, int(value.total_seconds() if isinstance(value, timedelta) else value))
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    words = (
        (days, ngettext("%(n)s day", "%(n)s days", days)),
        (hours, ngettext("%(n)s hour", "%(n)s hours", hours)),
        (minutes, ngettext("%(n)s minute", "%(n)s minutes", minutes)),
    )
    # Of days, hours and minutes: the first that there are, and the unit behind it.
    told = list(dropwhile(lambda unit: not unit[0], words))[:2]
    parts = [word % {"n": grouped(count)} for count, word in told if count]
    return _(" and ").join(parts) or _("less than a minute")


@register.filter
def since(value: datetime | None) -> str:
    """How long ago an instant was, or in how long it comes: «۵ دقیقه پیش»."""
    if not value:
        return ""
    passed = (timezone.now() - value).total_seconds()
    if abs(passed) < 60:
        return _("just now")
    if passed > 0:
        return _("%(span)s ago") % {"span": duration(passed)}
    return _("in %(span)s") % {"span": duration(-passed)}


@register.filter
def until(value: datetime | None, now: datetime) -> str:
    """The span from `now` to an instant: «۲ ساعت و ۵ دقیقه»."""
    return duration(value - now) if value else ""
