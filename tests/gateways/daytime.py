"""An instant at which a voice campaign may begin: at the very end of a Tehran day it waits for midnight."""

from __future__ import annotations

from datetime import datetime, timedelta

from persian.jalali import TEHRAN

EVENING = timedelta(minutes=10)


def daytime(instant: datetime) -> datetime:
    """`instant`, or just after midnight where the day is nearly over."""
    local = instant.astimezone(TEHRAN)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return instant + EVENING if midnight - local < EVENING else instant
