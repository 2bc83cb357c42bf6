"""Iran's public holidays as the package `holidays` knows them; no database.

Holidays of the lunar calendar are certain only once they are announced: until then the package computes them
and labels the name. A label is recognised by reading each year twice, with labels and without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import holidays

from persian.jalali import jalali_year
from persian.text import fold_line

# As the package spells them, and as they are written.
_SPELLING: Final = {"؛": "؛ ", "عیدنوروز": "عید نوروز"}


@dataclass(frozen=True, slots=True)
class OfficialHoliday:
    """A day of the package. `is_certain`: not computed only, so that it can be taken over unseen."""

    day: date
    name: str
    name_en: str
    is_certain: bool


def official_holidays(year: int) -> list[OfficialHoliday]:
    """The holidays of a Jalali year, oldest first; what is certain of a day comes before what is computed.

    A day with a certain and a computed occasion is certain, and named after the certain one alone.
    """
    first, after = jalali_year(year)
    years = range(first.year, after.year + 1)
    plain, labelled = _calendar(years, "fa_IR", labels=False), _calendar(years, "fa_IR", labels=True)
    english = _calendar(years, "en_US", labels=False)
    found = []
    for day in sorted(plain):
        if first <= day < after:
            certain = set(plain[day]) & set(labelled[day])
            names = [name for name in plain[day] if name in certain] or plain[day]
            # The languages sort a day's names differently: of a day with both kinds there is no English name.
            is_whole = len(names) == len(plain[day])
            found.append(
                OfficialHoliday(
                    day=day,
                    name="، ".join(map(_spelled, names)),
                    name_en=", ".join(english[day]) if is_whole else "",
                    is_certain=bool(certain),
                )
            )
    return found


def _calendar(years: range, language: str, *, labels: bool) -> Mapping[date, list[str]]:
    known = holidays.country_holidays("IR", years=years, language=language, islamic_show_estimated=labels)
    return {day: known.get_list(day) for day in known}


def _spelled(name: str) -> str:
    for theirs, ours in _SPELLING.items():
        name = name.replace(theirs, ours)
    return fold_line(name)
