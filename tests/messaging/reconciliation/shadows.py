"""What the provider's panel does past the portal, and yesterday as the comparison finds it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from messaging.dispatch.clock import database_clock
from messaging.models import Comparison, GatewayCall, Message
from messaging.reconciliation.compare import compare_day
from persian.jalali import TEHRAN, tehran_date
from tests.factories import MessageFactory, mobile, open_every_day
from tests.gateways.conftest import TOKEN
from tests.gateways.running import fetch
from tests.guards import unguarded
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import people, states

STRANGERS = [mobile(9_000_000 + n) for n in range(3)]


def sent(sms: Dispatch, count: int = 3, **fields: Any) -> Message:
    """A message of the portal that the provider took."""
    people(count)
    message: Message = MessageFactory(**fields)
    if fields.get("promotional"):
        open_every_day(sms.channel)
        sms.clock = by_day()
    sms.run()
    assert states(message) == {"accepted": count}
    open_every_day(sms.channel)
    return message


def yesterday() -> date:
    return tehran_date(database_clock()) - timedelta(days=1)


def at(hour: int, minute: int = 0, *, day: date | None = None) -> datetime:
    """An instant of yesterday, or of `day`, on Tehran's clock."""
    day = day or yesterday()
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TEHRAN)


def by_the_panel(sms: Dispatch, numbers: list[str], text: str = "حراج", line: str = "service") -> Any:
    """Somebody sends past the portal, with the same account."""
    fields = {
        "SendDateTime": "2026-11-22 12:00:00",
        "SMSMessageText": text,
        "LineNumber": line,
        "Mobiles": ",".join(number.replace("+98", "0") for number in numbers),
    }
    return fetch(
        f"{sms.server.url}/rest/SendSimple",
        urlencode(fields).encode(),
        {"Authorization": TOKEN, "Content-Type": "application/x-www-form-urlencoded"},
    )


def happened(sms: Dispatch, when: datetime, *campaigns: int) -> None:
    """Put what the provider took (all of it, or these of its campaigns) and every call to an instant."""
    known = sms.server.gateway.ledgers["sms"].campaigns
    for index in campaigns or range(len(known)):
        known[index].at = when.timestamp()
    known.sort(key=lambda campaign: campaign.at)
    with unguarded():
        GatewayCall.objects.update(intended_at=when)


def compare(sms: Dispatch, day: date | None = None, **options: Any) -> Comparison:
    comparison = compare_day(
        sms.channel, sms.client(**options), day or yesterday(), by=None, clock=database_clock
    )
    assert comparison is not None
    return comparison
