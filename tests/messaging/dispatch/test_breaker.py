"""A gateway that fails is left alone, asked now and then, tried with one recipient, and released slowly."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from channels.models import Outage
from messaging.actions.plan import plan
from messaging.dispatch.breaker import (
    RAMP,
    ask_later,
    outage_to_probe,
    pause_after,
    ramp_up_limit,
)
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump_report import PumpReport
from messaging.models import GatewayCall, Message
from tests.factories import HOUR, NOW, ChannelFactory, MessageFactory, OutageFactory, UserFactory
from tests.guards import as_owner, unguarded
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import in_threads, people, seconds, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


def clock_at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


def in_an_outage(sms: Dispatch, count: int = 5) -> tuple[Message, Outage]:
    people(count)
    message = MessageFactory()
    outage = OutageFactory(channel=sms.channel, started_at=database_clock())
    return message, outage


def test_one_recipient_proves_a_gateway_well_before_the_others_go(sms: Dispatch):
    message, outage = in_an_outage(sms)
    pump = sms.pump()
    Outage.objects.filter(pk=outage.pk).update(next_probe_at=database_clock() + HOUR / 12)
    pump.run(seconds=2)
    assert states(message) == {"queued": 5}
    Outage.objects.filter(pk=outage.pk).update(next_probe_at=database_clock())
    assert pump.recovery.probe(PumpReport())
    assert states(message) == {"accepted": 1, "queued": 4}
    assert GatewayCall.objects.get().size == 1


def test_a_gateway_with_nothing_to_try_is_taken_at_its_word(sms: Dispatch):
    outage = OutageFactory(channel=sms.channel, started_at=database_clock())
    assert sms.pump().recovery.probe(PumpReport())
    outage.refresh_from_db()
    assert outage.ended_at is not None


def test_a_trial_whose_number_is_wrong_still_proves_the_gateway_well(sms: Dispatch):
    message, _outage = in_an_outage(sms)
    pump = sms.pump()
    pump.run(seconds=0)
    sms.server.use("partial:1")
    with unguarded():
        Outage.objects.update(next_probe_at=database_clock(), ended_at=None)
    assert pump.recovery.probe(PumpReport())
    assert states(message)["rejected"] == 1


def test_a_trial_passes_by_no_outage_that_a_person_declared(sms: Dispatch):
    message, _outage = in_an_outage(sms)
    OutageFactory(channel=sms.channel, origin="declared", declared_by=UserFactory())
    pump = sms.pump()
    pump.run(seconds=1)
    assert sms.numbers == []
    assert states(message) == {"queued": 5}


def test_each_failed_trial_makes_the_next_one_rarer(sms: Dispatch):
    outage = OutageFactory(channel=sms.channel, started_at=NOW, next_probe_at=NOW)
    pauses = []
    for _n in range(8):
        pauses.append(pause_after(outage, NOW).total_seconds())
        ask_later(outage, now=NOW, after_a_trial=True)
        outage.refresh_from_db()
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert outage.trials == 8


def test_the_longer_a_gateway_is_away_the_more_rarely_it_is_asked():
    outage = OutageFactory.build(started_at=NOW)
    assert pause_after(outage, NOW + seconds(2)) == seconds(1)
    assert pause_after(outage, NOW + seconds(40)) == seconds(10)
    assert pause_after(outage, NOW + 5 * HOUR) == seconds(60)


@together
def test_of_eight_workers_one_asks():
    channel = ChannelFactory()
    OutageFactory(channel=channel, started_at=NOW, next_probe_at=NOW)
    given = in_threads([partial(outage_to_probe, channel, NOW)] * 8)
    assert sum(one is not None for one in given) == 1
    assert outage_to_probe(channel, NOW) is None


def test_an_account_that_answers_and_refuses_every_message_is_tried_more_and_more_rarely(sms: Dispatch):
    people(20)
    message = MessageFactory()
    sms.server.use("account:LineNumber_NotExist")
    pump = sms.pump()
    until = time.monotonic() + 4
    while time.monotonic() < until:
        pump.run(seconds=1)
        time.sleep(0.1)
    assert Outage.objects.count() == 1, "one outage, not one after another"
    tried = [entry for entry in sms.server.received if entry["method"] == "SendSimple"]
    assert len(tried) <= 4
    assert states(message) == {"queued": 20}


def test_after_an_outage_the_calls_grow_to_their_full_size():
    channel = ChannelFactory()
    OutageFactory(channel=channel, started_at=NOW - HOUR, ended_at=NOW)
    sizes = [ramp_up_limit(channel, 100, clock=clock_at(NOW + seconds(n))) for n in (0, 1, 5, 9, 10, 60)]
    assert sizes == [1, 10, 50, 90, 100, 100]
    assert seconds(10) == RAMP


def test_calls_that_follow_an_end_written_by_a_clock_that_was_ahead_are_as_large_as_ever():
    channel = ChannelFactory()
    OutageFactory(channel=channel, started_at=NOW - HOUR, ended_at=NOW + HOUR)
    assert ramp_up_limit(channel, 1000, clock=clock_at(NOW)) == 1000


def test_a_probe_put_off_by_a_clock_that_was_ahead_is_made_now():
    channel = ChannelFactory()
    OutageFactory(channel=channel, started_at=NOW, next_probe_at=NOW + HOUR)
    assert outage_to_probe(channel, NOW) is not None
    assert outage_to_probe(channel, NOW) is None


@pytest.mark.parametrize(
    ("fault", "cause"), [("account:Token_Expired", "account"), ("account:CreditNotEnough", "credit")]
)
def test_an_account_that_needs_somebody_is_told_though_it_began_with_the_network(
    sms: Dispatch, fault: str, cause: str
):
    """The link is back, and meanwhile the credit has run out: whoever must act has to hear of that."""
    message, outage = in_an_outage(sms)
    plan(message.pk, now=database_clock())
    with as_owner():
        Outage.objects.filter(pk=outage.pk).update(
            cause="network", told_at=database_clock(), next_probe_at=database_clock()
        )
    sms.server.use(fault)
    assert not sms.pump().recovery.probe(PumpReport())
    outage.refresh_from_db()
    assert outage.ended_at is not None
    assert outage.end_told_at is not None
    now_open = Outage.objects.open().get(channel=sms.channel)
    assert (now_open.cause, now_open.told_at) == (cause, None)
    assert states(message) == {"queued": 5}
    sms.server.use()
    Outage.objects.open().update(next_probe_at=database_clock())
    assert sms.pump().recovery.probe(PumpReport())


def test_another_disturbance_of_the_same_gateway_is_the_same_outage(sms: Dispatch):
    _message, outage = in_an_outage(sms)
    with as_owner():
        Outage.objects.filter(pk=outage.pk).update(cause="network", next_probe_at=database_clock())
    sms.server.use("5xx")
    assert not sms.pump().recovery.probe(PumpReport())
    assert Outage.objects.open().get().pk == outage.pk
