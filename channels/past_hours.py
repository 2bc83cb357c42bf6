"""The hours that were in force at an instant of the past, from what the audit trail keeps of each change.

The procedure's hours bind the past too: windows that were opened wider for a while allowed nothing more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.models import Entry
from channels.hours import unspelled
from channels.limits import limit_of, limited
from channels.models import Channel
from channels.querysets import windows_of
from channels.windows import WeeklyWindows


@dataclass(frozen=True, slots=True)
class PastHours:
    """`hours` has one entry more than `changes`, which are the instants between them, oldest first."""

    changes: Sequence[datetime]
    hours: Sequence[WeeklyWindows | None]

    def at(self, instant: datetime) -> WeeklyWindows | None:
        """The hours that were in force; None where there were none on record."""
        return self.hours[bisect_right(self.changes, instant)]


def hours_since(channel: Channel, purpose: str, since: datetime) -> PastHours:
    """The hours of a purpose on a channel from `since` until now.

    Before the very first hours were put on record nobody had decided any; those first ones are taken.
    """
    entries = Entry.objects.filter(
        object_type="channels.channel",
        object_id=str(channel.pk),
        action="channel.windows_set",
        data__purpose=purpose,
    ).order_by("id")
    later = list(entries.filter(at__gt=since))
    before = [_windows(entry.data["before"]) for entry in later]
    if later and before[0] is None and not entries.filter(id__lt=later[0].pk).exists():
        before[0] = _windows(later[0].data["after"])
    limit = limit_of(channel, purpose)
    hours = [limited(windows, limit) for windows in (*before, windows_of(channel, purpose))]
    return PastHours([entry.at for entry in later], hours)


def _windows(texts: list[str]) -> WeeklyWindows | None:
    return WeeklyWindows.of(unspelled(texts)) if texts else None
