"""C7.6: the hours of promotional messages, as the procedure's version in force sets them. Pure.

They are the outer limit (reading 11): a channel's windows are data and can only narrow them. Wider hours are
a new version of the procedure, and an edit of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.windows import DAY_MINUTES, WeeklyWindows
from common.media import Medium, Purpose

VERSION: Final = "PR_MA_04"

# (opens, closes) of every day by the channel's kind, in minutes from midnight in Tehran, half-open
# (readings 2 and 3).
DAILY: Final[Mapping[str, tuple[int, int]]] = {
    Medium.SMS: (8 * 60, 22 * 60),
    Medium.VOICE: (7 * 60, 23 * 60),
}

# What opens the hours for a benchmark; see `settings.OPEN_PROCEDURE_HOURS`.
ALWAYS: Final = WeeklyWindows.of((weekday, 0, DAY_MINUTES) for weekday in range(7))

_NEVER: Final = WeeklyWindows(())
_LIMITS: Final[Mapping[str, WeeklyWindows]] = {
    kind: WeeklyWindows.of((weekday, *span) for weekday in range(7)) for kind, span in DAILY.items()
}


def procedure_hours(kind: str, purpose: str) -> WeeklyWindows | None:
    """The hours that the procedure sets for a purpose on a channel of this kind; None where it sets none.

    Only promotional messages are bound by the clause (reading 1). A kind for which it names no hours sends
    none of them.
    """
    return _LIMITS.get(kind, _NEVER) if purpose == Purpose.PROMOTIONAL else None
