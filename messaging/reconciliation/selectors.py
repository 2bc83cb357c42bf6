"""What the page tells of the last days: compared, or not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from channels.models import Channel
from common.media import MEDIA
from common.timeouts import CATCH_UP
from messaging.models import Comparison
from messaging.reconciliation.since import compared_since
from persian.jalali import tehran_date


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """`comparison` is None for a day that nobody has tried to compare; `is_before` the portal was in use."""

    day: date
    comparison: Comparison | None
    is_before: bool = False

    @property
    def is_compared(self) -> bool:
        return self.comparison is not None and self.comparison.state == Comparison.State.COMPLETED

    @property
    def is_clean(self) -> bool:
        one = self.comparison
        return one is not None and not (one.shadow or one.outside_hours or one.sent_late or one.unreadable)


@dataclass(frozen=True, slots=True)
class ComparedChannel:
    """A sending channel; without days where the provider offers no list. `since`: the first day that is
    compared, None while nothing was sent through the portal."""

    channel: Channel
    days: list[ComparedDay]
    since: date | None


def compared_days(now: datetime) -> list[ComparedChannel]:
    """The last days of every sending channel, the newest first."""
    today = tehran_date(now)
    days = [today - timedelta(days=back) for back in range(1, CATCH_UP.days + 1)]
    found = []
    for channel in Channel.objects.sending().order_by("id"):
        listed = MEDIA[channel.code].can_list
        newest = Comparison.objects.newest(channel, days[-1]) if listed else {}
        since = compared_since(channel) if listed else None
        shown = [ComparedDay(day, newest.get(day), since is None or day < since) for day in days]
        found.append(ComparedChannel(channel, shown if listed else [], since))
    return found
