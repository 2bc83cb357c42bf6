"""A page, a round or a scrape asks the database as often for twenty rows as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.actions.sweep import sweep_channel
from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_unknown
from messaging.models import InboundMessage, Message
from messaging.operations.backlog import backlog
from messaging.policy.reasons import Reason
from staff.models import Employee
from tests.factories import (
    BreachFactory,
    ContactFactory,
    DeliveryFactory,
    GatewayCallFactory,
    MessageFactory,
    MessageStopFactory,
    OutageFactory,
    OverrideFactory,
    mobile,
)
from tests.messaging.helpers import people
from tests.messaging.pages import colleague, planned, signed_in, sms, user_of

pytestmark = pytest.mark.django_db

MANY = 20


@pytest.fixture
def sender() -> Employee:
    people(2)
    return colleague("sender", "senior", "it")


def asked(look: Callable[[], object]) -> list[str]:
    """The statements of a look that finds nothing kept from an earlier one."""
    cache.clear()
    with CaptureQueriesContext(connection) as made:
        look()
    return [query["sql"] for query in made.captured_queries]


def assert_flat(grow: Callable[[int], object], look: Callable[[], object]) -> None:
    grow(1)
    look()
    few = asked(look)
    grow(MANY - 1)
    many = asked(look)
    told = "\n".join(sql[:200] for sql in many)
    assert len(many) == len(few), f"{len(few)} for one, {len(many)} for {MANY}:\n{told}"


def messages_of(sender: Employee, **fields: Any) -> Callable[[int], object]:
    """Makes planned messages, one in three paused, and one in three with an approved override."""

    def grow(count: int) -> None:
        for n in range(count):
            message = planned(sender, **fields)
            if n % 3 == 1:
                MessageStopFactory(message=message)
                Message.objects.filter(pk=message.pk).update(status="paused")
            elif n % 3 == 2:
                OverrideFactory(message=message)

    return grow


def page(sender: Employee, address: str) -> Callable[[], object]:
    client = signed_in(user_of(sender))

    def look() -> None:
        assert client.get(address).status_code == 200

    return look


@pytest.mark.parametrize(
    "address",
    ["/", "/home/now/", "/messages/", "/messages/?purpose=notification", "/messages/operations/", "/metrics"],
)
@pytest.mark.parametrize("is_down", [False, True])
def test_a_page_of_messages(sender: Employee, address: str, is_down: bool):
    if is_down:
        OutageFactory(channel=sms())
    assert_flat(messages_of(sender), page(sender, address))


@pytest.mark.parametrize("is_down", [False, True])
def test_the_progress_of_a_list(sender: Employee, is_down: bool):
    if is_down:
        OutageFactory(channel=sms())

    def look() -> None:
        client = signed_in(user_of(sender))
        ids = ",".join(map(str, Message.objects.values_list("pk", flat=True)))
        shown = client.get(f"/messages/rows/?of={ids}").content.decode()
        assert shown.count('hx-swap-oob="true"') == Message.objects.count()

    assert_flat(messages_of(sender), look)


def test_the_backlog(sender: Employee):
    assert_flat(messages_of(sender), lambda: backlog(timezone.now()))


@pytest.mark.parametrize("status", ["running", "cancelled"])
def test_a_sweep(sender: Employee, status: str):
    """Of messages that expire later, or of cancelled ones with a call of unknown outcome."""
    later = timezone.now() + timedelta(days=1)

    def grow(count: int) -> None:
        for _n in range(count):
            message = planned(sender, expires_at=later)
            if status == "cancelled":
                GatewayCallFactory(message=message, outcome="unknown", finished_at=timezone.now())
                MessageStopFactory(message=message, kind="cancel")
                Message.objects.filter(pk=message.pk).update(status="cancelled")
                sweep_channel("sms", now=timezone.now())

    assert_flat(grow, lambda: sweep_channel("sms", now=timezone.now()))
    assert Message.objects.filter(status=status, finished_at__isnull=True).count() == MANY


@pytest.mark.parametrize(
    "part", ["", "progress/", "cancel/", "recipients/", f"recipients/?reason={Reason.NO_PROMOTIONAL}"]
)
def test_a_message_among_others_with_its_recipients_and_stops(sender: Employee, part: str):
    refusing = ContactFactory(no_promotional=True)
    message = planned(sender, purpose="promotional")
    assert message.deliveries.filter(contact=refusing).exists()

    def grow(count: int) -> None:
        messages_of(sender)(count)
        for _n in range(count):
            MessageStopFactory(message=message, lifted_at=timezone.now(), lifted_by=user_of(sender))

    assert_flat(grow, page(sender, f"/messages/{message.pk}/{part}"))


def test_the_recipients_of_a_message(sender: Employee):
    message = MessageFactory(sender=sender, audience={"kind": "all"}, running=True)

    def grow(count: int) -> None:
        DeliveryFactory.create_batch(count, message=message)

    assert_flat(grow, page(sender, f"/messages/{message.pk}/recipients/"))


def test_the_pages_of_unknown_outcomes(sender: Employee):
    def grow(count: int) -> None:
        for _n in range(count):
            message = planned(sender)
            now = timezone.now()
            claimed = claim(message, limit=10, closes_at=None, worker="test", now=now)
            assert claimed is not None
            record_unknown(claimed.call_id, now=now, error="timeout", answer="")

    assert_flat(grow, page(sender, "/messages/unknown/"))
    message = Message.objects.earliest("pk")
    one = asked(page(sender, f"/messages/{message.pk}/unknown/"))
    GatewayCallFactory.create_batch(MANY, message=message, outcome="unknown", finished_at=timezone.now())
    assert len(asked(page(sender, f"/messages/{message.pk}/unknown/"))) == len(one)


def test_the_page_of_inbound_messages(sender: Employee):
    def grow(count: int) -> None:
        before = InboundMessage.objects.count()
        for n in range(before, before + count):
            ContactFactory(mobile=mobile(n + 100))
            InboundMessage.objects.create(
                channel=sms(), provider_id=str(n), number=mobile(n + 100), text="11", stored_at=timezone.now()
            )

    assert_flat(grow, page(sender, "/messages/inbound/"))


def test_the_page_of_breaches(sender: Employee):
    assert_flat(lambda count: BreachFactory.create_batch(count), page(sender, "/messages/breaches/"))
