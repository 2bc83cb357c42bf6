"""The worker that needs no broker: it sends, recovers and settles by itself, and survives its database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from amoot_comms.brokerless import BrokerlessWorker, take
from amoot_comms.duties import DUTIES
from channels.models import Channel, Outage
from messaging.actions.stop import cancel
from messaging.dispatch.pump import Pump
from messaging.models import GatewayCall
from tests.factories import ChannelFactory, MessageFactory, OutageFactory, UserFactory, open_every_day
from tests.guards import as_owner
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import people, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_work(sms: Dispatch, settings):
    """A worker in a thread, for both channels, with this test's gateway."""
    ChannelFactory(code="avanak", kind="voice")
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    settings.AVANAK_BASE_URL = f"{sms.server.url}/Rest"
    settings.GATEWAY_TIMEOUT_SECONDS = 1
    settings.SETTLE_QUIET_SECONDS = 1
    worker = BrokerlessWorker(DUTIES, ["sms", "avanak"])
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield sms
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()


def wait_until(is_so: Callable[[], bool], within: float = 20) -> None:
    until = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_hourly_duty_that_failed_is_tried_again_in_minutes():
    def fails() -> None:
        raise RuntimeError

    assert take(partial(fails), 3600) == 300
    assert take(partial(fails), 2) == 2
    assert take(partial(bool), 3600) == 3600
    assert take(partial(bool, 1), 3600) == 0


def test_it_finds_a_message_by_itself_within_ten_seconds(at_work: Dispatch):
    people(30)
    message = MessageFactory()
    wait_until(lambda: states(message) == {"accepted": 30}, within=10)


def test_a_channel_is_served_from_when_it_comes_into_use_and_looked_after_when_it_is_out_of_use(
    at_work: Dispatch,
):
    register = Channel.objects.filter(pk=at_work.channel.pk)
    register.update(is_active=False)
    people(3)
    waiting = MessageFactory()
    cancelled = MessageFactory(sender=waiting.sender, sender_manager=waiting.sender_manager)
    wait_until(lambda: states(cancelled) == {"queued": 3})
    cancel(message=cancelled, by=waiting.submitted_by, now=timezone.now())
    wait_until(lambda: states(cancelled) == {"cancelled": 3})
    assert states(waiting) == {"queued": 3}
    at_work.server.use("5xx-after-acceptx1")
    register.update(is_active=True)
    wait_until(lambda: "unknown" in states(waiting))
    register.update(is_active=False)
    wait_until(lambda: states(waiting).get("accepted", 0) > 0)


def test_a_campaign_is_planned_beside_the_pump_and_not_by_it(at_work: Dispatch):
    people(30)
    # Its pump does not plan it; whether it may leave now is another matter (C7.6).
    message = MessageFactory(promotional=True)
    wait_until(lambda: sum(states(message).values()) == 30, within=10)


def test_a_pump_that_plans_no_campaigns_plans_what_is_urgent(sms: Dispatch):
    people(3)
    sms.clock = by_day()
    open_every_day(sms.channel)
    campaign = MessageFactory(promotional=True)
    urgent = MessageFactory(sender=campaign.sender, sender_manager=campaign.sender_manager)
    pump = Pump(sms.channel, sms.client(), clock=sms.clock, wall=sms.clock, plans_campaigns=False)
    pump.run(seconds=5)
    assert states(urgent) == {"accepted": 3}
    campaign.refresh_from_db()
    assert (campaign.status, states(campaign)) == ("submitted", {})


def test_it_settles_what_it_left_unknown(at_work: Dispatch):
    people(30)
    at_work.server.use("reset-after-acceptx1")
    message = MessageFactory()
    wait_until(lambda: states(message) == {"accepted": 30})
    assert GatewayCall.objects.filter(outcome="settled").exists()
    assert len(at_work.numbers) == len(set(at_work.numbers)) == 30


def test_it_tells_of_an_outage_that_nobody_was_asked_to_tell(at_work: Dispatch):
    it = UserFactory(roles=["it"], email="it@amootsoft.com")
    OutageFactory(channel=at_work.channel, origin="declared", declared_by=it, started_at=timezone.now())
    wait_until(lambda: len(mail.outbox) == 1)
    assert mail.outbox[0].to == ["it@amootsoft.com"]
    assert Outage.objects.get().told_at is not None


def test_a_slow_voice_provider_does_not_slow_the_sms(at_work: Dispatch):
    people(40)
    at_work.server.use("avanak.latency:0.9")
    voice = MessageFactory(channel=Channel.objects.get(code="avanak"))
    wait_until(lambda: any(entry["provider"] == "avanak" for entry in at_work.server.received))
    text = MessageFactory(sender=voice.sender, sender_manager=voice.sender_manager)
    began = time.monotonic()
    wait_until(lambda: states(text) == {"accepted": 40})
    assert time.monotonic() - began < 3


def test_it_goes_on_when_its_connections_are_cut(at_work: Dispatch):
    people(200)
    at_work.server.use("latency:0.05")
    message = MessageFactory()
    wait_until(lambda: len(at_work.numbers) > 0)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_until(lambda: states(message).get("accepted", 0) + states(message).get("unknown", 0) == 200)
    assert len(at_work.numbers) == len(set(at_work.numbers))
