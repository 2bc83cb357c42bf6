"""The procedure's hours as the limit of a channel's windows (C7.6, reading 11)."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from channels.procedure_hours import procedure_hours
from channels.querysets import windows_of
from channels.windows import WeeklyWindows


def limit_of(channel: Any, purpose: str) -> WeeklyWindows | None:
    """The hours that no window of the purpose on the channel may exceed; None where there is no limit."""
    return None if settings.OPEN_PROCEDURE_HOURS else procedure_hours(channel.kind, purpose)


def limited(windows: WeeklyWindows | None, limit: WeeklyWindows | None) -> WeeklyWindows | None:
    """What remains of windows within a limit; None where there are no windows on record."""
    return windows if windows is None or limit is None else windows.within(limit)


def hours_of(channel: Any, purpose: str) -> WeeklyWindows | None:
    """The hours in force for a purpose on a channel: its windows within the limit; None where it has none."""
    return limited(windows_of(channel, purpose), limit_of(channel, purpose))
