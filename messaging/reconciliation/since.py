"""From which day on what is not in the portal's ledger went past the portal."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings

from channels.models import Channel
from messaging.models import GatewayCall
from persian.jalali import tehran_date


def compared_since(channel: Channel) -> date | None:
    """The first day that is compared: `COMPARE_SINCE`, or the day after the channel's first call.

    None while nobody has sent anything by the portal: until then the provider's panel is the only door
    there is, and a breach could never be taken back. A call that is proven not sent opens none.
    """
    if settings.COMPARE_SINCE is not None:
        chosen: date = settings.COMPARE_SINCE
        return chosen
    calls = GatewayCall.objects.filter(channel=channel).exclude(outcome=GatewayCall.Outcome.NOT_SENT)
    first = calls.order_by("intended_at").values_list("intended_at", flat=True).first()
    return None if first is None else tehran_date(first) + timedelta(days=1)
