"""The outages that a message waits for, and how long the release after one lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Max

from channels.models import Channel, Outage
from messaging.dispatch.breaker import RAMP_SECONDS
from messaging.dispatch.clock import TOLERANCE


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
    ramp = timedelta(seconds=RAMP_SECONDS)
    lately = Outage.objects.filter(channel=channel, ended_at__gt=now - ramp, ended_at__lte=now + TOLERANCE)
    ended = lately.aggregate(at=Max("ended_at"))
    if ended["at"] is None or Outage.objects.open().filter(channel=channel).exists():
        return None
    ends_at: datetime = ended["at"] + ramp
    return ends_at
