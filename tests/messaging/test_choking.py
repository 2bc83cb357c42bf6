"""A message at which the gateway fails each time is paused, so that it holds up no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import translation

from channels.models import Outage
from messaging.actions.stop import resume
from messaging.dispatch.choking import ROUNDS, is_choked_on
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump
from messaging.models import GatewayCall, Message, MessageStop
from tests.factories import NOW, GatewayCallFactory, MessageFactory
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people, seconds, states
from tests.messaging.pages import signed_in

pytestmark = pytest.mark.django_db

POISON = "Your code is poison1"


def turns(pump: Pump, count: int) -> None:
    """Turns of the pump, of which each finds that it is time to ask a gateway that is away."""
    for _turn in range(count):
        Outage.objects.open().update(next_probe_at=database_clock(), trials=0)
        pump.run(seconds=2)


def pauses_of(message: Message) -> list[str]:
    return list(MessageStop.objects.filter(message=message, by=None).values_list("reason", flat=True))


def failed_calls(message: Message) -> int:
    return GatewayCall.objects.filter(message=message, outcome="unknown").count()


def a_pair(text: str, **fields: Any) -> tuple[Message, Message]:
    bad = MessageFactory(text=text, **fields)
    return bad, MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager, **fields)


def paused_by_the_portal(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(status="paused")
    MessageStop.objects.create(message=message, kind="pause", at=NOW, by=None, reason="choked: http_503")
    message.refresh_from_db()


def test_a_message_that_the_gateway_chokes_on_is_paused_and_the_others_go_on(sms: Dispatch):
    people(40)
    bad, good = a_pair(POISON)
    sms.server.use("chokes:poison1")
    turns(sms.pump(max_batch=1), 60)
    bad.refresh_from_db()
    assert bad.status == "paused"
    assert pauses_of(bad) == ["choked: http_503"]
    assert failed_calls(bad) >= ROUNDS
    assert states(good) == {"accepted": 40}
    assert not Outage.objects.open().exists()


def test_a_voice_message_of_which_no_audio_can_be_made_is_paused_as_well(avanak: Dispatch):
    people(40)
    bad, good = a_pair(POISON, channel=avanak.channel)
    avanak.server.use("chokes:poison1")
    turns(avanak.pump(max_batch=1), 60)
    assert pauses_of(bad) == ["choked: http_503"]
    assert states(bad) == {"queued": 40}
    assert states(good) == {"accepted": 40}


def test_a_gateway_that_fails_at_everything_pauses_nothing(sms: Dispatch):
    people(40)
    bad, good = a_pair(POISON)
    sms.server.use("unknown-status:Whatever")
    turns(sms.pump(max_batch=1), 4 * ROUNDS)
    assert failed_calls(bad) + failed_calls(good) >= 4 * ROUNDS
    assert pauses_of(bad) == pauses_of(good) == []


def test_a_gateway_that_cannot_be_reached_is_no_text_s_fault(sms: Dispatch):
    people(4)
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2 * ROUNDS)
    pump = sms.pump(max_batch=1)
    sms.server.use("refuse:60")
    turns(pump, 2)
    assert Outage.objects.open().exists()
    assert pauses_of(bad) == []


def in_turns(bad: Message, good: Message, *, rounds: int, since: datetime = NOW, **failure: Any) -> None:
    """Calls of the past: one of the bad message failed, then one of the good message went well."""
    failure = {"outcome": "unknown", "error": "http_503"} | failure
    for n in range(rounds):
        GatewayCallFactory(message=bad, intended_at=since + seconds(10 * n), **failure)
        GatewayCallFactory(message=good, intended_at=since + seconds(10 * n + 5), outcome="answered")


def test_only_failures_that_take_turns_with_successes_count():
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=ROUNDS - 1)
    assert not is_choked_on(bad)
    for n in range(ROUNDS):
        GatewayCallFactory(message=bad, intended_at=NOW + seconds(1000 + n), outcome="unknown", error="reset")
    assert is_choked_on(bad)
    GatewayCall.objects.filter(message=bad, intended_at__lt=NOW + seconds(10)).delete()
    assert not is_choked_on(bad)


def test_what_was_settled_by_asking_had_failed_all_the_same():
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=ROUNDS, outcome="settled")
    assert is_choked_on(bad)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        ({"error": "worker_lost"}, "the worker died, and the gateway said nothing"),
        ({"error": "", "first_provider_id": 7}, "most were taken, and one is in doubt"),
        ({"outcome": "not_sent", "error": "refused"}, "the gateway saw no text"),
    ],
)
def test_what_was_no_failure_at_the_text_does_not_count(failure: dict[str, Any], why: str):
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2 * ROUNDS, **failure)
    assert not is_choked_on(bad), why


def test_a_message_that_went_through_once_is_not_at_fault():
    bad, good = a_pair(POISON)
    GatewayCallFactory(message=bad, intended_at=NOW - seconds(60), outcome="answered")
    in_turns(bad, good, rounds=2 * ROUNDS)
    assert not is_choked_on(bad)


def test_another_channel_s_success_proves_nothing(avanak: Dispatch):
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=ROUNDS)
    GatewayCall.objects.filter(message=good).update(channel=avanak.channel)
    assert not is_choked_on(bad)


def test_whoever_lets_it_go_on_gives_it_as_many_tries_again():
    bad, good = a_pair(POISON, running=True)
    in_turns(bad, good, rounds=ROUNDS)
    assert is_choked_on(bad)
    paused_by_the_portal(bad)
    later = NOW + seconds(1000)
    resume(bad, by=bad.submitted_by, now=later)
    assert not is_choked_on(bad)
    in_turns(bad, good, rounds=ROUNDS, since=later + seconds(1))
    assert is_choked_on(bad)


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_page_says_that_the_text_is_the_matter(language: str):
    bad, _good = a_pair(POISON, running=True)
    paused_by_the_portal(bad)
    page = signed_in(bad.submitted_by, language).get(f"/messages/{bad.pk}/").content.decode()
    with translation.override(language):
        told = translation.gettext(
            "it failed at it each time, and took other messages in between; IT should look at the text"
        )
    assert page.count(told) == 2
    assert "http_503" in page
