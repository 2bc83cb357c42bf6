"""C7.6: the hours of promotional messages, as the procedure's version in force sets them. Pure.

They are the outer limit (reading 11): a channel's windows are data and can only narrow them. Wider hours are
a new version of the procedure, and an edit of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.windows import DAY_MINUTES, WeeklyWindows

VERSION: Final = "PR_MA_04"

# The one purpose that the clause binds (reading 1).
_PURPOSE: Final = "promotional"

# (opens, closes) of every day by the channel's kind, in minutes from midnight in Tehran, half-open
# (readings 2 and 3).
DAILY: Final[Mapping[str, tuple[int, int]]] = {"sms": (8 * 60, 22 * 60), "voice": (7 * 60, 23 * 60)}

# What opens the hours for a benchmark; see `settings.OPEN_PROCEDURE_HOURS`.
ALWAYS: Final = WeeklyWindows.of((weekday, 0, DAY_MINUTES) for weekday in range(7))

_NEVER: Final = WeeklyWindows(())
_LIMITS: Final[Mapping[str, WeeklyWindows]] = {
    kind: WeeklyWindows.of((weekday, *span) for weekday in range(7)) for kind, span in DAILY.items()
}


def procedure_hours(kind: str, purpose: str) -> WeeklyWindows | None:
    """The hours that the procedure sets for a purpose on a channel of this kind; None where it sets none.

    A kind for which the clause names no hours sends nothing promotional.
    """
    return _LIMITS.get(kind, _NEVER) if purpose == _PURPOSE else None
