"""Calls of unknown outcome are settled by asking the provider; nothing is sent again blindly."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import translation

from audit.models import Entry
from messaging.dispatch.clock import Clock, database_clock
from messaging.models import Delivery, GatewayCall, Message
from messaging.settlement.apply import ROUNDS
from messaging.settlement.ask import settle_channel
from messaging.settlement.unknown_outcomes import undecided, unknown_outcomes_of
from tests.factories import UserFactory, open_every_day
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import states
from tests.messaging.settlement.lost_answers import crash_before_sending, lose_the_answer, planned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings) -> None:
    settings.SETTLE_QUIET_SECONDS = 0


def test_what_the_provider_took_is_accepted_with_its_id(sms: Dispatch):
    message = planned(5)
    sms.server.use("5xx-after-accept")
    sms.run()
    assert states(message) == {"unknown": 5}
    sms.server.use()
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (5, 0, 0)
    rows = {r.address: r.provider_id for r in Delivery.objects.filter(message=message)}
    assert rows == {entry["number"]: str(entry["id"]) for entry in sms.server.accepted}
    assert states(message) == {"accepted": 5}
    assert GatewayCall.objects.get().outcome == "settled"
    assert Entry.objects.get(action="call.settled").data == {"found": 5, "absent": 0, "waiting": 5}


def test_what_the_provider_never_took_is_queued_again_and_sent_once(sms: Dispatch):
    message = planned(5)
    crash_before_sending(message)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 5, 0)
    assert states(message) == {"queued": 5}
    assert set(Delivery.objects.values_list("reason", flat=True)) == {"retry"}
    sms.run()
    assert states(message) == {"accepted": 5}
    assert len(sms.numbers) == len(set(sms.numbers)) == 5


def test_nothing_is_settled_before_the_quiet_period_is_over(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 60
    message = planned(2)
    crash_before_sending(message)
    assert sms.settle().absent == 0
    assert states(message) == {"unknown": 2}


@pytest.mark.parametrize("fault", ["5xx", "html", "reset", "account:Token_Expired", "provider:-300", "hang"])
def test_a_provider_that_does_not_tell_leaves_it_unknown(sms: Dispatch, fault: str):
    message = planned(2)
    crash_before_sending(message)
    sms.server.use(fault)
    assert sms.settle(timeout=0.5).unknown == 2
    assert states(message) == {"unknown": 2}
    sms.server.use()
    assert sms.settle().absent == 2


def test_a_call_found_half_is_looked_at_again_before_absence_is_believed(sms: Dispatch):
    """A provider that is just taking a call has the rest a moment later."""
    message = planned(4)
    lose_the_answer(sms)
    ledger = sms.server.gateway.ledgers["sms"]
    [campaign] = ledger.campaigns
    campaign.size = 2
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (2, 0, 2)
    assert GatewayCall.objects.get().settle_said == "partly"
    campaign.size = 4
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (2, 0, 0)
    assert states(message) == {"accepted": 4}


def test_the_half_that_never_comes_is_sent_again_at_the_next_look(sms: Dispatch):
    message = planned(4)
    lose_the_answer(sms)
    [campaign] = sms.server.gateway.ledgers["sms"].campaigns
    campaign.size = 2
    sms.settle()
    assert sms.settle().absent == 2
    assert states(message) == {"accepted": 2, "queued": 2}


def test_many_calls_of_one_message_are_one_question(sms: Dispatch):
    message = planned(30)
    for _n in range(30):
        crash_before_sending(message, limit=1)
    assert sms.settle().absent == 30
    asked = [entry["params"]["FromDateTime"] for entry in sms.server.received]
    # ten minutes of slack and no more, a minute a slice
    assert len(asked) == len(set(asked)) <= 12


def test_a_list_that_is_too_long_is_asked_for_in_halves(sms: Dispatch):
    message = planned(40)
    sms.server.use("5xx-after-accept")
    sms.run(max_batch=40)
    sms.server.use()
    for n, one in enumerate(sms.server.gateway.ledgers["sms"].campaigns):
        one.at -= n
    assert sms.settle(slice_limit=12_000).found == 40
    assert states(message) == {"accepted": 40}


def test_a_provider_whose_clock_differs_proves_nobodys_absence(sms: Dispatch):
    planned_message = planned(2)
    crash_before_sending(planned_message)
    sms.server.use("clock:-180")
    done = sms.settle()
    assert (done.absent, done.unknown) == (0, 2)
    assert GatewayCall.objects.get().settle_said == "clock"


def standing_at(instant: datetime) -> Clock:
    return lambda: instant


def list_something_like_it(sms: Dispatch, message: Message) -> None:
    """The provider's list has a longer text to the same numbers: it may be the message, or another."""
    numbers = [d.address[-10:] for d in Delivery.objects.filter(message=message)]
    ledger = sms.server.gateway.ledgers["sms"]
    ledger.accept(numbers, f"{message.text} و چیزی دیگر", call=1, at=database_clock().timestamp())


def test_the_pauses_between_two_questions_grow_and_end(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 60
    message = planned(2)
    call_id = crash_before_sending(message)
    list_something_like_it(sms, message)
    client = sms.client()
    now, pauses = database_clock() + timedelta(seconds=61), []
    while True:
        assert settle_channel(sms.channel, client, clock=standing_at(now)).unknown == 2
        call = GatewayCall.objects.get(pk=call_id)
        if call.settle_given_up_at is not None:
            break
        assert call.settle_due_at is not None
        early = call.settle_due_at - timedelta(seconds=1)
        assert settle_channel(sms.channel, client, clock=standing_at(early)).unknown == 0
        pauses.append((call.settle_due_at - now).total_seconds())
        now = call.settle_due_at
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1], len(pauses)) == (60, 7200, ROUNDS - 1)
    later = now + timedelta(days=30)
    assert settle_channel(sms.channel, client, clock=standing_at(later)).unknown == 0
    assert settle_channel(sms.channel, client, clock=standing_at(later), insist=True).unknown == 2


def test_a_provider_that_is_away_does_not_use_up_the_questions(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 1
    message, other = planned(2), planned(0)
    call_id = crash_before_sending(message)
    crash_before_sending(other)
    now = database_clock() + timedelta(seconds=2)
    gone = Dispatch(sms.channel, Nobody())  # type: ignore[arg-type]
    for n in range(40):
        settle_channel(sms.channel, gone.client(), clock=standing_at(now + timedelta(minutes=6 * n)))
    call = GatewayCall.objects.get(pk=call_id)
    assert (call.settle_rounds, call.settle_given_up_at) == (0, None)
    assert call.settle_said == "unreachable:connection_refused"
    GatewayCall.objects.update(settle_due_at=now)
    assert settle_channel(sms.channel, sms.client(), clock=standing_at(now)).absent == 4


def test_a_question_that_the_provider_refuses_is_counted_and_comes_to_a_person(sms: Dispatch):
    """An access that may send need not be one that may ask."""
    message, senior = planned(2), UserFactory(roles=["senior"])
    crash_before_sending(message)
    assert not undecided(senior, database_clock()).exists()
    sms.server.use("account:Token_NotAllowMethod")
    assert sms.settle().unknown == 2
    call = GatewayCall.objects.get()
    assert (call.settle_said, call.settle_rounds) == ("refused:Token_NotAllowMethod", 1)
    assert undecided(senior, database_clock()).get() == message
    [outcome] = unknown_outcomes_of([message])
    with translation.override("en"):
        [why] = [str(why) for why in outcome.obstacles]
    assert "refuses the question" in why
    assert why.endswith("(Token_NotAllowMethod)")


def test_a_provider_that_refuses_to_be_asked_is_asked_until_it_answers(sms: Dispatch):
    """An access that ran out on Thursday is renewed on Saturday."""
    message = planned(2)
    crash_before_sending(message)
    sms.server.use("account:Token_Expired")
    now = database_clock()
    for _n in range(ROUNDS + 5):
        settle_channel(sms.channel, sms.client(), clock=standing_at(now))
        due = GatewayCall.objects.get().settle_due_at
        assert due is not None
        assert due - now <= timedelta(minutes=15)
        now = due
    sms.server.use()
    assert settle_channel(sms.channel, sms.client(), clock=standing_at(now)).absent == 2


def test_a_provider_that_is_away_for_an_hour_comes_to_a_person(sms: Dispatch):
    message, senior = planned(2), UserFactory(roles=["senior"])
    crash_before_sending(message)
    settle_channel(sms.channel, Dispatch(sms.channel, Nobody()).client(), clock=database_clock)  # type: ignore[arg-type]
    assert not undecided(senior, database_clock()).exists()
    GatewayCall.objects.update(finished_at=database_clock() - timedelta(minutes=61))
    assert undecided(senior, database_clock()).get() == message


def test_a_provider_too_slow_for_its_own_list_proves_nobodys_absence(sms: Dispatch, monkeypatch):
    """A question is a dozen slices and more: it must not keep a worker for as long as that takes."""
    message = planned(2)
    crash_before_sending(message)
    sms.server.use("latency:0.3")
    monkeypatch.setattr("gateways.amootsms.client.LOOKUP_TIMEOUTS", 0.2)
    assert sms.settle(timeout=5).unknown == 2
    assert GatewayCall.objects.get().settle_said == "incomplete"
    assert len(sms.server.received) < 10


class Nobody:
    url = "http://127.0.0.1:9"


def test_a_voice_call_without_its_campaign_waits_for_a_person(avanak: Dispatch):
    message = planned(2, channel=avanak.channel)
    avanak.server.use("5xx-after-acceptx1")
    avanak.run()
    assert states(message) == {"unknown": 2}
    done = avanak.settle()
    assert (done.found, done.absent, done.unknown) == (0, 0, 2)
    assert states(message) == {"unknown": 2}
    call = GatewayCall.objects.get()
    assert (call.settle_said, call.settle_due_at) == ("no_campaign", None)
    assert call.settle_given_up_at is not None
    assert avanak.settle().unknown == 0  # nothing more is to be learnt
    assert [entry["method"] for entry in avanak.server.received if "Get" in entry["method"]] == []


def test_a_voice_call_of_a_known_campaign_is_settled_by_it(avanak: Dispatch):
    message = planned(2, channel=avanak.channel)
    avanak.run()
    [campaign] = {entry["campaign"] for entry in avanak.server.accepted}
    second = planned(0, channel=avanak.channel, text="دیگر")
    Message.objects.filter(pk=second.pk).update(audio_id=message.audio_id)
    call_id = crash_before_sending(second)
    # The answer was read as far as the campaign's id, and the worker died then.
    GatewayCall.objects.filter(pk=call_id).update(campaign_id=str(campaign))
    Delivery.objects.filter(message=message).update(provider_id="")
    assert avanak.settle().found == 2
    assert states(second) == {"accepted": 2}


def test_calls_that_cannot_be_settled_do_not_stand_before_the_others(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 1
    stuck = planned(3, text="همان متن")
    for _n in range(3):
        crash_before_sending(stuck, limit=1)
    free = planned(0, text="متن دیگر")
    crash_before_sending(free)
    list_something_like_it(sms, stuck)
    client = sms.client()
    now = database_clock() + timedelta(seconds=2)
    for turn in range(4):
        at = now + turn * timedelta(milliseconds=10)
        settle_channel(sms.channel, client, clock=standing_at(at), limit=1)
    assert (states(stuck), states(free)) == ({"unknown": 3}, {"queued": 3})


def test_a_slow_provider_keeps_a_worker_for_one_question_and_the_rest_is_anybodys(sms: Dispatch):
    for n in range(3):
        crash_before_sending(planned(2 if n == 0 else 0, text=f"متن {n}"))
    done = settle_channel(sms.channel, sms.client(), clock=database_clock, seconds=0)
    assert (done.absent, done.unknown) == (2, 0)
    assert sms.settle().absent == 4


def test_a_late_answer_while_the_provider_is_being_asked_wins(sms: Dispatch):
    """Found or absent, what is no longer unknown is left alone."""
    message = planned(2)
    call_id = crash_before_sending(message)
    rows = list(Delivery.objects.filter(message=message).order_by("id"))
    Delivery.objects.filter(pk=rows[0].pk).update(state="accepted", provider_id="77")
    assert sms.settle().absent == 1
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].provider_id, rows[0].call_id) == ("accepted", "77", call_id)


def test_the_promotional_hours_bind_what_was_queued_again_as_well(sms: Dispatch):
    open_every_day(sms.channel)
    message = planned(2, promotional=True)
    crash_before_sending(message)
    sms.settle()
    sms.channel.windows.all().delete()
    sms.clock = by_day()
    sms.run()
    assert states(message) == {"queued": 2}
    assert sms.numbers == []


def test_the_command_settles_every_call_of_unknown_outcome(sms: Dispatch, settings, capsys):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    message = planned(60)
    for _n in range(60):
        crash_before_sending(message, limit=1)
    call_command("settle", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["channels"]["sms"] == {"found": 0, "absent": 60, "in_doubt": 0}
    assert states(message) == {"queued": 60}
