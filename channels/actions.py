"""What changes a channel's state: outages begin and end (C7.5, reading 8)."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.actions import record
from channels.models import Channel, Outage
from staff.models import User


def detect_outage(*, channel: Channel, reason: str, now: datetime) -> Outage:
    """Record that the gateway fails; an outage that is open already is kept."""
    try:
        with transaction.atomic():
            outage = Outage.objects.create(
                channel=channel, origin=Outage.Origin.DETECTED, reason=reason[:300], started_at=now
            )
            record(by=None, action="channel.outage_detected", obj=channel, data={"reason": reason}, now=now)
    except IntegrityError:
        return Outage.objects.open().get(channel=channel, origin=Outage.Origin.DETECTED)
    return outage


def end_outage(*, outage: Outage, by: User | None, now: datetime) -> bool:
    """End an outage once; whether this call did it. `by=None`: the probe found the gateway back."""
    with transaction.atomic():
        ended = Outage.objects.open().filter(pk=outage.pk).update(ended_at=now, ended_by=by)
        if ended:
            record(
                by=by, action="channel.outage_ended", obj=outage.channel, data={"outage": outage.pk}, now=now
            )
    return bool(ended)
