"""When a voice campaign may begin and end, by the provider's rule. Pure.

Source: CreateCampaign's errors -76 ("the start date must not be after the end date") and -77 ("the start
hour must be smaller than the end hour"). A campaign is a range of dates times a range of hours, so one that
goes over midnight, or ends a day later at the same hour, is refused. See docs/adr/0020.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateways.base import NotSent, Trouble
from gateways.reading import SECOND
from persian.jalali import TEHRAN

# A number that was not dialled before a campaign's end is not dialled at all: with less than this left of
# the day, a campaign that may go on after midnight waits for midnight.
SHORTEST_EVENING: Final = timedelta(minutes=5)


def campaign_end(starts_at: datetime, permitted_until: datetime | None) -> datetime:
    """The last instant of a campaign that begins at `starts_at`: on the same Tehran day, at most 23:59:59.

    `permitted_until` is where our own permission ends (exclusive), None for never. Raises `NotSent`: with
    trouble HOURS and the coming midnight where the campaign should wait for it, with trouble LATE where no
    minute is left of the permission.
    """
    midnight = _next_midnight(starts_at)
    goes_on = permitted_until is None or permitted_until > midnight
    is_long_enough = permitted_until is None or permitted_until >= midnight + SHORTEST_EVENING
    end = midnight - SECOND if permitted_until is None else min(permitted_until, midnight - SECOND)
    if (is_long_enough and midnight - starts_at < SHORTEST_EVENING) or (
        goes_on and not _is_later_minute(end, starts_at)
    ):
        raise NotSent("day_ending", trouble=Trouble.HOURS, until=midnight)
    if not _is_later_minute(end, starts_at):
        raise NotSent("window_over", trouble=Trouble.LATE, until=permitted_until)
    return end


def _next_midnight(instant: datetime) -> datetime:
    local = instant.astimezone(TEHRAN)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _is_later_minute(end: datetime, start: datetime) -> bool:
    """By minutes, since the provider may compare hours without their seconds."""
    return end.replace(second=0, microsecond=0) > start.replace(second=0, microsecond=0)
