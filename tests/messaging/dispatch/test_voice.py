"""Voice messages through the pump, by the provider's rules: audio once, campaigns of one day, true holds."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from channels.models import Outage
from contacts.models import Contact
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery, GatewayCall
from messaging.web.status_labels import refusal_that_stops
from persian.jalali import TEHRAN
from tests.factories import MessageFactory, mobile, open_every_day
from tests.messaging.dispatch.test_pump import written
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import people, states

pytestmark = pytest.mark.django_db


def test_a_voice_message_is_made_once_and_sent_to_landlines_too(avanak: Dispatch):
    people(12)
    Contact.objects.filter(address=mobile(3)).update(mobile=None, phone="+982122000003")
    message = MessageFactory(channel=avanak.channel, text="پیام صوتی")
    avanak.run()
    assert states(message) == {"accepted": 12}
    assert "+982122000003" in avanak.numbers
    methods = Counter(entry["method"] for entry in avanak.server.received)
    assert methods == {"GenerateTTS": 1, "CreateCampaign": 2}


def test_a_promotional_voice_message_tells_the_provider_when_to_stop_dialling(avanak: Dispatch):
    people(1)
    avanak.clock = by_day()
    closes = avanak.clock().astimezone(TEHRAN).replace(hour=14, minute=0, second=0, microsecond=0)
    open_every_day(avanak.channel, 0, 14 * 60)
    MessageFactory(channel=avanak.channel, promotional=True)
    avanak.run()
    [entry] = avanak.server.accepted
    assert datetime.fromisoformat(entry["window_end"]) == closes


def test_voice_at_the_end_of_a_day_waits_for_midnight_and_says_so(avanak: Dispatch):
    people(25)
    message = MessageFactory(channel=avanak.channel)
    evening = next_midnight(database_clock()) - timedelta(minutes=2)
    ahead = evening - database_clock()
    avanak.clock = lambda: database_clock() + ahead
    pump = avanak.pump()
    pump.run(seconds=3)
    assert states(message) == {"queued": 25}
    assert not any(entry["method"] == "CreateCampaign" for entry in avanak.server.received)
    assert GatewayCall.objects.get().error == "day_ending"
    held = Delivery.objects.exclude(reason="")
    assert set(held.values_list("reason", "not_before")) == {("provider_hours", next_midnight(evening))}
    ahead += timedelta(minutes=3)
    pump.run(seconds=10)
    assert states(message) == {"accepted": 25}


def next_midnight(instant: datetime) -> datetime:
    local = instant.astimezone(TEHRAN)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def test_a_request_that_the_provider_finds_wrong_is_shown_to_a_person(avanak: Dispatch):
    people(3)
    message = MessageFactory(channel=avanak.channel, audio_id=7)
    avanak.server.use("account:-77")
    report = avanak.run(seconds=3)
    message.refresh_from_db()
    assert (message.status, report.failures) == ("paused", ["Hours_Invalid"])
    assert written(message) == {"retry"}
    refusal = refusal_that_stops(message)
    assert refusal is not None
    assert refusal.word == "Hours_Invalid"
    assert refusal.meaning
    assert not Outage.objects.exists()


def test_audio_that_waits_for_the_providers_approval_holds_the_message(avanak: Dispatch):
    people(12)
    message = MessageFactory(channel=avanak.channel)
    avanak.server.use("audio:pending")
    pump = avanak.pump()
    pump.run(seconds=3)
    message.refresh_from_db()
    assert (message.status, states(message)) == ("running", {"queued": 12})
    assert written(message) == {"", "audio_unapproved"}
    assert not pump.is_down()
    avanak.server.use()
    Delivery.objects.update(not_before=database_clock())
    avanak.run(seconds=10)
    assert states(message) == {"accepted": 12}


def test_audio_that_the_provider_rejects_pauses_the_message(avanak: Dispatch):
    people(12)
    message = MessageFactory(channel=avanak.channel)
    avanak.server.use("audio:rejected")
    avanak.run(seconds=3)
    message.refresh_from_db()
    assert message.status == "paused"


def test_the_providers_own_closed_hours_hold_and_are_asked_about_once(avanak: Dispatch):
    people(40)
    message = MessageFactory(channel=avanak.channel)
    avanak.server.use("hours")
    pump = avanak.pump()
    pump.run(seconds=3)
    campaigns = [e for e in avanak.server.received if e["method"] == "CreateCampaign"]
    assert len(campaigns) == 1
    assert states(message) == {"queued": 40}
    assert written(message) == {"", "provider_hours"}
    held = Delivery.objects.filter(reason="provider_hours")
    assert held.count() == 10
    assert not held.filter(not_before__lt=database_clock() + timedelta(minutes=14)).exists()
    assert not pump.is_down()
