"""The outages that a message waits for, and how long the release after one lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from channels.models import Channel, Outage
from messaging.dispatch.breaker import RAMP, ended_lately


def outages_of(channel: Channel) -> list[Outage]:
    """The channel's open outages, the longest one first."""
    return outages_by_channel([channel.pk]).get(channel.pk, [])


def outages_by_channel(channels: Collection[int]) -> dict[int, list[Outage]]:
    """The same of several channels, by their keys; a channel without one is left out."""
    found: dict[int, list[Outage]] = defaultdict(list)
    for outage in Outage.objects.open().filter(channel__in=channels).shown():
        found[outage.channel_id].append(outage)
    return dict(found)


def ramp_ends_at(channel: Channel, now: datetime) -> datetime | None:
    """Until when what waited is let go bit by bit after an outage; None outside such a time."""
    ended = ended_lately(channel, now)
    if ended is None or Outage.objects.open().filter(channel=channel).exists():
        return None
    return ended + RAMP
