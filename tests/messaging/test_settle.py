"""Calls in doubt are settled by asking the provider; nothing is sent again blindly."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from audit.models import Entry
from messaging.actions.plan import plan
from messaging.dispatch.claim import claim
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import mark_unknown
from messaging.dispatch.settle import settle_channel
from messaging.models import Delivery, GatewayCall, Message
from tests.factories import MessageFactory, open_every_day
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import in_threads, people, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings) -> None:
    settings.SETTLE_QUIET_SECONDS = 0


def planned(count: int, **fields: object) -> Message:
    if count:
        people(count)
    message: Message = MessageFactory(**fields)
    plan(message.pk, now=database_clock())
    return Message.objects.get(pk=message.pk)


def crash_before_sending(message: Message, limit: int = 10) -> int:
    """A worker that claims and dies before its request."""
    claimed = claim(message, limit=limit, closes_at=None, worker="dead", now=database_clock())
    assert claimed is not None
    mark_unknown([claimed.call_id], now=database_clock(), error="worker_lost")
    return claimed.call_id


def test_what_the_provider_took_is_accepted_with_its_id(sms: Dispatch):
    message = planned(5)
    sms.server.use("5xx-after-accept")
    sms.run()
    assert states(message) == {"unknown": 5}
    sms.server.use()
    done = sms.settle()
    assert (done.found, done.absent, done.in_doubt) == (5, 0, 0)
    rows = {r.address: r.provider_id for r in Delivery.objects.filter(message=message)}
    assert rows == {entry["number"]: str(entry["id"]) for entry in sms.server.accepted}
    assert states(message) == {"accepted": 5}
    assert GatewayCall.objects.get().outcome == "settled"
    assert Entry.objects.get(action="call.settled").data == {"found": 5, "absent": 0, "waiting": 5}


def test_what_the_provider_never_took_is_queued_again_and_sent_once(sms: Dispatch):
    message = planned(5)
    crash_before_sending(message)
    done = sms.settle()
    assert (done.found, done.absent, done.in_doubt) == (0, 5, 0)
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
def test_a_provider_that_does_not_tell_leaves_the_doubt(sms: Dispatch, fault: str):
    message = planned(2)
    crash_before_sending(message)
    sms.server.use(fault)
    assert sms.settle(timeout=0.5).in_doubt == 2
    assert states(message) == {"unknown": 2}
    sms.server.use()
    assert sms.settle().absent == 2


def test_a_record_that_belongs_to_another_message_proves_nothing(sms: Dispatch):
    first = planned(2, text="همان متن")
    sms.run()
    assert states(first) == {"accepted": 2}
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    done = sms.settle()
    assert (done.found, done.in_doubt) == (0, 2)
    assert states(second) == {"unknown": 2}


def test_a_voice_call_without_its_campaign_waits_for_a_person(avanak: Dispatch):
    message = planned(2, channel=avanak.channel)
    avanak.server.use("5xx-after-acceptx1")
    avanak.run()
    assert states(message) == {"unknown": 2}
    done = avanak.settle()
    assert (done.found, done.absent, done.in_doubt) == (0, 0, 2)
    assert states(message) == {"unknown": 2}


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


def test_calls_that_cannot_be_settled_do_not_stand_before_the_others(sms: Dispatch):
    first = planned(3, text="همان متن")
    sms.run()
    stuck = planned(0, text="همان متن")
    for _n in range(3):
        crash_before_sending(stuck, limit=1)
    free = planned(0, text="متن دیگر")
    crash_before_sending(free)
    courier = sms.courier()
    for _turn in range(60):
        settle_channel(sms.channel, courier, clock=database_clock, limit=1)
        if states(free) == {"queued": 3}:
            break
    assert states(free) == {"queued": 3}
    assert (states(first), states(stuck)) == ({"accepted": 3}, {"unknown": 3})


def test_a_late_answer_while_the_provider_is_being_asked_wins(sms: Dispatch):
    """Found or absent, what is no longer in doubt is left alone."""
    message = planned(2)
    call_id = crash_before_sending(message)
    rows = list(Delivery.objects.filter(message=message).order_by("id"))
    Delivery.objects.filter(pk=rows[0].pk).update(state="accepted", provider_id="77")
    assert sms.settle().absent == 1
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].provider_id, rows[0].call_id) == ("accepted", "77", call_id)


@pytest.mark.django_db(transaction=True)
def test_two_settlements_at_once_never_share_one_record_of_the_provider(sms: Dispatch):
    first = planned(4, text="همان متن")
    second = planned(0, text="همان متن")
    sms.server.use("5xx-after-accept")
    sms.run(max_batch=100)  # takes one of the two, then the outage holds the other
    sent = [m for m in (first, second) if states(m) == {"unknown": 4}]
    assert len(sent) == 1
    other = second if sent[0] == first else first
    sms.channel.outages.update(ended_at=database_clock())
    crash_before_sending(other)
    sms.server.use()
    in_threads([sms.settle] * 3)
    taken = Delivery.objects.exclude(provider_id="").values_list("provider_id", flat=True)
    assert len(taken) == len(set(taken)) == 4
    assert sorted([*states(first).items(), *states(second).items()]) == [("accepted", 4), ("unknown", 4)]


def test_the_promotional_hours_bind_what_was_queued_again_as_well(sms: Dispatch):
    open_every_day(sms.channel, 0, 1440)
    message = planned(2, promotional=True)
    crash_before_sending(message)
    sms.settle()
    sms.channel.windows.all().delete()
    sms.run()
    assert states(message) == {"queued": 2}
    assert sms.numbers == []


def test_the_command_settles_every_call_in_doubt(sms: Dispatch, settings, capsys):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    message = planned(60)
    for _n in range(60):
        crash_before_sending(message, limit=1)
    call_command("settle", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["channels"]["sms"] == {"found": 0, "absent": 60, "in_doubt": 0}
    assert states(message) == {"queued": 60}
