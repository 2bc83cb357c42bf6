"""A message at which the gateway fails each time is paused, so that it holds up no other."""

from __future__ import annotations

import random
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.utils import translation

from channels.models import Outage
from gateways.base import GatewayError, NotSent, OutcomeUnknown, Trouble
from messaging.actions.stop import resume
from messaging.dispatch.clock import database_clock
from messaging.dispatch.poison import ENOUGH, count_failure
from messaging.dispatch.pump import Pump
from messaging.dispatch.send import NOBODY_TOLD, NamedNobody
from messaging.models import FailureCount, GatewayCall, Message, MessageStop
from tests.factories import NOW, GatewayCallFactory, MessageFactory
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import in_threads, people, seconds, states
from tests.messaging.pages import signed_in

pytestmark = pytest.mark.django_db

POISON = "Your code is poison1"
FAILURE = OutcomeUnknown("http_503", trouble=Trouble.PROVIDER)
NAMED_NOBODY = NamedNobody(NOBODY_TOLD, trouble=Trouble.PROVIDER)


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
    assert failed_calls(bad) >= ENOUGH
    assert states(good) == {"accepted": 40}
    assert not Outage.objects.open().exists()


def test_a_gateway_that_fails_at_everything_pauses_nothing(sms: Dispatch):
    people(40)
    one, other = a_pair(POISON)
    sms.server.use("html-after-accept")
    turns(sms.pump(max_batch=1), 4 * ENOUGH)
    assert failed_calls(one) + failed_calls(other) >= 4 * ENOUGH
    assert pauses_of(one) == pauses_of(other) == []


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_gateway_that_fails_now_and_then_pauses_nothing(share: float):
    """A message of many, unlucky so far, beside one of many more and others of one recipient each."""
    chance = random.Random(7)
    bad, good = a_pair(POISON)
    for n in range(120):
        at, fails = NOW + seconds(10 * n), chance.random() < share
        new = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager)
        message = chance.choice([bad, good, new] if fails else [good, new])
        (failed if fails else taken)(message, at)
        assert not is_poison(bad), n


@pytest.mark.parametrize("fault", ["refuse:60", "account:CreditNotEnough"])
def test_what_is_wrong_with_the_way_or_the_account_is_no_texts_fault(sms: Dispatch, fault: str):
    people(4)
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2 * ENOUGH)
    assert is_poison(bad)
    sms.server.use(fault)
    turns(sms.pump(max_batch=1), 2)
    assert Outage.objects.open().exists()
    assert pauses_of(bad) == []


def in_turns(
    bad: Message,
    good: Message,
    *,
    rounds: int,
    since: datetime = NOW,
    success: dict[str, Any] | None = None,
) -> None:
    """One request of the bad message failed, then one of the good message went well."""
    for n in range(rounds):
        failed(bad, since + seconds(10 * n))
        taken(good, since + seconds(10 * n + 5), **(success or {}))


def failed(
    message: Message,
    at: datetime,
    *,
    failure: GatewayError = FAILURE,
    finished_at: datetime | None = None,
) -> None:
    finished_at = finished_at or at + seconds(1)
    error = "" if isinstance(failure, NamedNobody) else failure.code
    GatewayCallFactory(
        message=message, intended_at=at, outcome="unknown", error=error, finished_at=finished_at
    )
    count_failure(message, failure, called_at=at, now=finished_at)


def taken(message: Message, at: datetime, **fields: Any) -> None:
    given = {"outcome": "answered", "first_provider_id": 7, "finished_at": at + seconds(1), **fields}
    GatewayCallFactory(message=message, intended_at=at, **given)


def is_poison(message: Message) -> bool:
    return FailureCount.objects.filter(message=message, failures__gte=ENOUGH).exists()


def test_only_failures_that_take_turns_with_successes_count():
    bad, good = a_pair(POISON)
    for n in range(50):
        failed(bad, NOW - seconds(1000 - 10 * n))
    taken(good, NOW - seconds(5))
    in_turns(bad, good, rounds=ENOUGH - 2)
    assert not is_poison(bad), "however often it was tried alone"
    failed(bad, NOW + seconds(1000))
    assert is_poison(bad)


def test_what_was_under_way_side_by_side_is_one_failure():
    """Several workers, struck by the same moment."""
    bad, good = a_pair(POISON)
    for n in range(2 * ENOUGH):
        failed(bad, NOW + seconds(n), finished_at=NOW + seconds(60))
        taken(good, NOW + seconds(n + 0.5), finished_at=NOW + seconds(60))
    assert not is_poison(bad)


@pytest.mark.django_db(transaction=True)
def test_workers_that_fail_side_by_side_count_one_after_the_other():
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=ENOUGH - 2)
    at = NOW + seconds(1000)
    in_threads([partial(failed, bad, at + seconds(n / 10), finished_at=at + seconds(2)) for n in range(4)])
    assert FailureCount.objects.get(message=bad).failures == ENOUGH - 1


@pytest.mark.parametrize("failure", [FAILURE, NAMED_NOBODY], ids=["failed", "told of nobody"])
@pytest.mark.parametrize("is_new", [False, True], ids=["went through before", "is tried once"])
def test_a_gateway_that_fails_at_another_message_too_is_sick(failure: GatewayError, is_new: bool):
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2)
    other = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager) if is_new else good
    failed(other, NOW - seconds(20), failure=failure, finished_at=NOW + seconds(17))
    in_turns(bad, good, rounds=ENOUGH - 2, since=NOW + seconds(20))
    assert not is_poison(bad)
    in_turns(bad, good, rounds=ENOUGH, since=NOW + seconds(1000))
    assert is_poison(bad), "it was well all the time since"


def test_a_suspect_that_went_through_in_the_end_shows_that_the_gateway_is_sick():
    bad, good = a_pair(POISON)
    other = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager)
    for n in range(ENOUGH - 1):
        failed(bad, NOW + seconds(10 * n))
        failed(other, NOW + seconds(10 * n + 2))
        taken(good, NOW + seconds(10 * n + 5))
    taken(other, NOW + seconds(90))
    failed(bad, NOW + seconds(100))
    assert not is_poison(bad)


def test_of_two_that_are_choked_on_none_excuses_the_other():
    bad, good = a_pair(POISON)
    worse = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager, text=POISON)
    for n in range(ENOUGH):
        failed(bad, NOW + seconds(10 * n))
        failed(worse, NOW + seconds(10 * n + 2))
        taken(good, NOW + seconds(10 * n + 5))
    assert is_poison(bad)
    assert is_poison(worse)


def test_what_was_settled_by_asking_had_failed_all_the_same():
    """Also where the provider turns out to have taken it: it fails at it, and the outage is the same."""
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=ENOUGH - 1)
    GatewayCall.objects.filter(message=bad).update(outcome="settled", first_provider_id=7)
    failed(bad, NOW + seconds(1000))
    assert is_poison(bad)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (NAMED_NOBODY, "an odd answer, not a request that failed"),
        (NamedNobody("CreditNotEnough", trouble=Trouble.ACCOUNT), "the account is refused"),
        (NotSent("refused", trouble=Trouble.NETWORK), "the gateway saw no text"),
    ],
)
def test_what_was_no_failure_at_the_text_does_not_count(failure: GatewayError, why: str):
    bad, good = a_pair(POISON)
    for n in range(2 * ENOUGH):
        failed(bad, NOW + seconds(10 * n), failure=failure)
        taken(good, NOW + seconds(10 * n + 5))
    assert not FailureCount.objects.filter(message=bad, failures__gt=0).exists(), why
    in_turns(bad, good, rounds=ENOUGH, since=NOW + seconds(1000))
    assert is_poison(bad)
    at = NOW + seconds(2000)
    assert not count_failure(bad, failure, called_at=at, now=at), "it pauses nothing, either"


def test_a_gateway_that_refuses_everybody_has_taken_nobody():
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2 * ENOUGH, success={"first_provider_id": None})
    assert not is_poison(bad)


def test_a_recipient_who_is_refused_proves_no_text_well():
    bad, good = a_pair(POISON)
    GatewayCallFactory(message=bad, intended_at=NOW - seconds(60), outcome="answered")
    in_turns(bad, good, rounds=ENOUGH)
    assert is_poison(bad)


def test_a_message_that_went_through_once_is_not_at_fault():
    bad, good = a_pair(POISON, running=True)
    in_turns(bad, good, rounds=ENOUGH - 1, since=NOW - seconds(1000))
    taken(bad, NOW - seconds(60))
    in_turns(bad, good, rounds=2 * ENOUGH)
    assert not is_poison(bad)
    GatewayCall.objects.filter(message=bad, outcome="answered").update(outcome="unknown")
    in_turns(bad, good, rounds=2 * ENOUGH, since=NOW + seconds(1000))
    assert not is_poison(bad), "nor with one unknown beside those who were taken"
    paused_by_the_portal(bad)
    resume(message=bad, by=bad.submitted_by, now=NOW + seconds(1990))
    in_turns(bad, good, rounds=2 * ENOUGH, since=NOW + seconds(2000))
    assert not is_poison(bad), "nor after somebody let it go on"


def test_another_channels_success_proves_nothing(avanak: Dispatch):
    bad, good = a_pair(POISON)
    in_turns(bad, good, rounds=2 * ENOUGH, success={"channel": avanak.channel})
    assert not is_poison(bad)


def test_another_channels_failure_makes_no_gateway_sick(avanak: Dispatch):
    bad, good = a_pair(POISON)
    voice = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager, channel=avanak.channel)
    in_turns(bad, good, rounds=2)
    failed(voice, NOW + seconds(17))
    in_turns(bad, good, rounds=ENOUGH - 2, since=NOW + seconds(20))
    assert is_poison(bad)


def test_whoever_lets_it_go_on_gives_it_as_many_tries_again():
    bad, good = a_pair(POISON, running=True)
    in_turns(bad, good, rounds=ENOUGH)
    assert is_poison(bad)
    paused_by_the_portal(bad)
    later = NOW + seconds(1000)
    resume(message=bad, by=bad.submitted_by, now=later)
    in_turns(bad, good, rounds=ENOUGH - 1, since=later + seconds(1))
    assert not is_poison(bad)
    failed(bad, later + seconds(100))
    assert is_poison(bad)


def test_a_failure_asks_the_database_a_bounded_number_of_times(django_assert_max_num_queries):
    bad, good = a_pair(POISON)
    for _n in range(20):
        other = MessageFactory(sender=bad.sender, sender_manager=bad.sender_manager, text=POISON)
        failed(other, NOW - seconds(60))
    in_turns(bad, good, rounds=ENOUGH - 1)
    with django_assert_max_num_queries(7):
        count_failure(bad, FAILURE, called_at=NOW + seconds(100), now=NOW + seconds(101))
    assert is_poison(bad)


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
