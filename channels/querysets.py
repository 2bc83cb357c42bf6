"""What is asked about channels and outages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from channels.windows import WeeklyWindows
from common.media import MEDIA
from common.timeouts import OUTAGE_PAUSE


class ChannelQuerySet(models.QuerySet[Any]):
    def register(self) -> ChannelQuerySet:
        """The register as it is shown: by clause, with owner and windows."""
        return self.select_related("owner__manager").prefetch_related("windows").order_by("clause", "id")

    def sending(self) -> ChannelQuerySet:
        """The channels by which messages leave now: SMS and voice, if they are in use."""
        return self.of_messages().filter(is_active=True)

    def of_messages(self) -> ChannelQuerySet:
        """SMS and voice, also those out of use: what was handed over before is still to be asked after."""
        return self.filter(code__in=MEDIA)


class OutageQuerySet(models.QuerySet[Any]):
    def open(self) -> OutageQuerySet:
        return self.filter(ended_at__isnull=True)

    def to_probe(self, now: datetime) -> OutageQuerySet:
        """Open ones that were detected, and whose gateway it is time to ask. What lies farther ahead than
        any pause was written by a clock that was wrong."""
        due = (
            models.Q(next_probe_at__isnull=True)
            | models.Q(next_probe_at__lte=now)
            | models.Q(next_probe_at__gt=now + OUTAGE_PAUSE)
        )
        return self.open().filter(due, origin="detected")

    def shown(self) -> OutageQuerySet:
        """With all that a page names, the longest one first."""
        return self.select_related("channel", "declared_by").order_by("started_at", "id")


def windows_of(channel: Any, purpose: str) -> WeeklyWindows | None:
    """The windows on record for a purpose on a channel; None where there are none."""
    rows = [(w.weekday, w.opens, w.closes) for w in channel.windows.all() if w.purpose == purpose]
    return WeeklyWindows.of(rows) if rows else None
