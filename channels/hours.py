"""How people write sending windows: «۸:۰۰ تا ۱۲:۰۰، ۱۶:۰۰ تا ۲۲:۰۰». Pure but for its translated errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from channels.windows import DAY_MINUTES, WeeklyWindows, clock_text
from common.wording import Label, digits_text
from persian.digits import to_ascii
from persian.text import fold_line

# (weekday with Monday 0, opens, closes) in minutes of the day, half-open.
Interval = tuple[int, int, int]

_TIME = r"(\d{1,2})(?:[:٫.](\d{2}))?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|–|—|تا|to)\s*{_TIME}")
_BETWEEN = re.compile(r"\s*[,،;؛\n]\s*|\s+و\s+")


def parse_hours(typed: str) -> list[tuple[int, int]]:
    """The intervals of one day as typed, in minutes; one past midnight has `closes` beyond 1440.

    Raises ValidationError naming the part that is no interval.
    """
    text = fold_line(to_ascii(typed))
    return [_parse_span(part) for part in _BETWEEN.split(text) if part]


def _parse_span(part: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(part)
    if match is None:
        raise ValidationError(
            _("“%(part)s” is no interval; write it as 08:00-22:00.") % {"part": digits_text(part)},
            code="no_interval",
        )
    opens, closes = _minutes(match[1], match[2], part), _minutes(match[3], match[4], part)
    if opens in (closes, DAY_MINUTES):
        raise ValidationError(_("“%(part)s” is empty.") % {"part": digits_text(part)}, code="empty_interval")
    return (opens, closes) if opens < closes else (opens, closes + DAY_MINUTES)


def _minutes(hour: str, minute: str | None, part: str) -> int:
    total = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or total > DAY_MINUTES:
        raise ValidationError(
            _("“%(part)s” names a time that no day has.") % {"part": digits_text(part)}, code="no_such_time"
        )
    return total


def week_of(days: dict[int, list[tuple[int, int]]]) -> list[Interval]:
    """The intervals of a week as they are stored: what runs past midnight is cut there."""
    intervals: list[Interval] = []
    for weekday, spans in days.items():
        for opens, closes in spans:
            intervals.append((weekday, opens, min(closes, DAY_MINUTES)))
            if closes > DAY_MINUTES:
                intervals.append(((weekday + 1) % 7, 0, closes - DAY_MINUTES))
    return sorted(intervals)


def check_intervals(intervals: Sequence[Interval]) -> None:
    """Raises ValidationError for an interval that is none, or for two of one day that overlap."""
    last: Interval | None = None
    for weekday, opens, closes in sorted(intervals):
        if not (0 <= weekday <= 6 and 0 <= opens < closes <= DAY_MINUTES):
            raise ValidationError(_("A window opens before it closes, within one day."))
        if last is not None and last[0] == weekday and opens < last[2]:
            raise ValidationError(
                _("The windows %(first)s and %(second)s of one day overlap.")
                % {"first": span_words(last[1], last[2]), "second": span_words(opens, closes)},
                code="overlap",
            )
        last = (weekday, opens, closes)


def check_limit(intervals: Iterable[Interval], limit: WeeklyWindows | None) -> None:
    """Raises ValidationError naming the first interval that exceeds the procedure's hours, and these."""
    for weekday, opens, closes in intervals:
        windows = WeeklyWindows.of([(weekday, opens, closes)])
        if limit is not None and windows.within(limit) != windows:
            allowed = [(o, c) for day, o, c in limit.intervals() if day == weekday]
            raise ValidationError(
                _(
                    "%(typed)s is wider than the procedure's hours (C7.6): %(limit)s. Hours can be narrowed"
                    " here; wider ones are a new version of the procedure."
                )
                % {
                    "typed": span_words(opens, closes),
                    "limit": _(", ").join(span_words(o, c) for o, c in allowed) or "–",
                },
                code="beyond_the_procedure",
            )


def span_words(opens: int, closes: int) -> str:
    """An interval in the page's language, as `parse_hours` reads it back: «۰۸:۰۰ تا ۲۲:۰۰»."""
    return _("%(opens)s to %(closes)s") % {
        "opens": digits_text(clock_text(opens)),
        "closes": digits_text(clock_text(closes)),
    }


def week_lines(intervals: Sequence[Interval], names: Mapping[int, Label] | None = None) -> list[str]:
    """A week in words: one line if all days are alike, else a line a day; none without any interval."""
    days = {
        day: _(", ").join(span_words(o, c) for weekday, o, c in sorted(intervals) if weekday == day)
        for day in range(7)
    }
    if len(set(days.values())) == 1:
        return [days[0]] if days[0] else []
    return [f"{(names or {}).get(day, day)}: {line}" for day, line in days.items() if line]


def spelled(intervals: Iterable[Interval]) -> list[str]:
    """Intervals as the audit trail keeps them: `0 08:00–22:00` is Monday's."""
    return [f"{day} {clock_text(opens)}–{clock_text(closes)}" for day, opens, closes in intervals]


def unspelled(texts: Iterable[str]) -> list[Interval]:
    """What `spelled` wrote down. Raises ValueError for anything else."""
    intervals = []
    for text in texts:
        weekday, _space, span = text.partition(" ")
        opens, _dash, closes = span.partition("–")
        intervals.append((int(weekday), _minutes_of(opens), _minutes_of(closes)))
    return intervals


def _minutes_of(clock: str) -> int:
    hours, _colon, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
