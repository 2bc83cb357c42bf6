"""A turn means "look at the table", and sends on channels in use only."""

from __future__ import annotations

from datetime import datetime

import pytest

from channels.models import Channel
from contacts.models import Contact
from messaging import turns
from messaging.actions.plan import plan_waiting
from messaging.actions.stop import cancel
from messaging.models import GatewayCall
from tests.factories import NOW, ChannelFactory, DeliveryFactory, MessageFactory
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people, states


@pytest.fixture
def own_clients():
    """This test's turns begin without connections, and leave none."""
    turns.close_clients()
    yield
    turns.close_clients()


@pytest.mark.django_db(transaction=True)
def test_a_channel_taken_out_of_use_sends_nothing_more():
    channel = ChannelFactory(code="sms", is_active=False)
    message = MessageFactory(channel=channel, running=True)
    DeliveryFactory(message=message)
    turns.dispatch("sms")
    assert not GatewayCall.objects.exists()
    assert states(message) == {"queued": 1}


@pytest.mark.django_db(transaction=True)
def test_a_channel_taken_out_of_use_is_still_asked_what_became_of_its_messages(
    sms: Dispatch, settings, own_clients
):
    """What was handed over before it was taken out of use must not stay unknown for good."""
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    settings.SETTLE_QUIET_SECONDS = 0
    people(1)
    message = MessageFactory()
    sms.server.use("5xx-after-accept")
    sms.run()
    assert states(message) == {"unknown": 1}
    sms.server.use()
    Channel.objects.filter(pk=sms.channel.pk).update(is_active=False)
    turns.settle("sms")
    assert states(message) == {"accepted": 1}


@pytest.mark.django_db(transaction=True)
def test_what_is_too_late_ends_also_on_a_channel_taken_out_of_use():
    people(1)
    channel = ChannelFactory(code="sms", is_active=False)
    message = MessageFactory(channel=channel, expires_at=NOW)
    turns.plan("sms")
    turns.dispatch("sms")
    message.refresh_from_db()
    assert (message.status, states(message)) == ("finished", {"expired": 1})


@pytest.mark.django_db(transaction=True)
def test_what_is_cancelled_ends_also_on_a_channel_taken_out_of_use():
    channel = ChannelFactory(code="sms", is_active=False)
    message = MessageFactory(channel=channel, running=True)
    DeliveryFactory(message=message)
    cancel(message=message, by=message.submitted_by, now=NOW)
    turns.dispatch("sms")
    message.refresh_from_db()
    assert states(message) == {"cancelled": 1}
    assert message.finished_at is not None


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [("22:59:59", False), ("23:00:00", True), ("02:29:59", True), ("02:30:00", False), ("12:00:00", False)],
)
def test_the_provider_is_compared_with_from_half_past_two_to_six_in_tehran(utc: str, quiet: bool):
    assert turns.is_quiet(datetime.fromisoformat(f"2026-11-29T{utc}+00:00")) is quiet


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [turns.dispatch, turns.plan, turns.settle, turns.poll, turns.compare])
def test_a_channel_that_nobody_knows_has_no_turn(turn):
    assert not turn("telegram")


@pytest.mark.django_db(transaction=True)
def test_a_message_that_the_database_refuses_to_plan_keeps_no_other_one_waiting():
    spoilt = MessageFactory()
    DeliveryFactory(message=spoilt)  # as if somebody had planned it in part
    fine = MessageFactory(channel=spoilt.channel, priority=90)
    assert plan_waiting(spoilt.channel.code, now=NOW) == Contact.objects.count()
    assert states(spoilt) == {"queued": 1}
    assert states(fine) == {"queued": Contact.objects.count()}
