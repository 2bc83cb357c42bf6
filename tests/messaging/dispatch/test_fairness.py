"""Who goes first, how fast a line goes, and whose clock is believed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from channels.models import Outage
from messaging.dispatch.clock import database_clock, difference
from messaging.dispatch.pump import Pump
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.rate import TokenBucket
from messaging.models import GatewayCall, LineBudget
from tests.factories import (
    HOUR,
    NOW,
    ChannelFactory,
    DeliveryFactory,
    MessageFactory,
    OutageFactory,
    open_every_day,
)
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import in_threads, people, seconds, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


# --- one of a million does not delay one of ten ---------------------------------------------------


@together
def test_a_small_urgent_message_leaves_in_the_middle_of_a_long_promotional_one(sms: Dispatch):
    people(3000)
    sms.clock = by_day()
    open_every_day(sms.channel)
    long = MessageFactory(promotional=True, text="تبلیغ")
    sms.server.use("latency:0.05")
    turn = threading.Thread(target=_run_and_close, args=(sms.pump(max_batch=20),))
    turn.start()
    try:
        _wait_until(lambda: len(sms.numbers) > 100)
        urgent = MessageFactory(
            text="فوری",
            audience={"kind": "tag", "tag": "ده نفر"},
            sender=long.sender,
            sender_manager=long.sender_manager,
        )
        people(10, first=9000, tags=["ده نفر"])
        submitted = time.monotonic()
        _wait_until(lambda: states(urgent) == {"accepted": 10})
        assert time.monotonic() - submitted < 5
        assert states(long)["queued"] > 0, "the long one was over before the short one came"
    finally:
        sms.server.use()  # what is left of it takes no longer than it must
        turn.join(30)


def _run_and_close(pump: Pump) -> None:
    try:
        pump.run(seconds=8)
    finally:
        connections.close_all()


def _wait_until(is_so: Any) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@together
def test_two_long_campaigns_get_the_same_share_of_two_workers(sms: Dispatch):
    people(600)
    first = MessageFactory(text="a")
    MessageFactory(text="b", sender=first.sender, sender_manager=first.sender_manager)
    sms.pump().run(seconds=0)
    in_threads([partial(sms.pump().run, seconds=30), partial(sms.pump().run, seconds=30)])
    texts = [entry["text"] for entry in sms.server.accepted]
    assert len(texts) == 1200
    half = Counter(texts[:600])
    assert abs(half["a"] - half["b"]) <= 120


# --- a rate per line ------------------------------------------------------------------------------


def clock_at(instant: datetime) -> Any:
    return lambda: instant


def test_a_line_gives_no_more_than_its_rate_and_a_second_of_it_at_once():
    channel = ChannelFactory()
    bucket = TokenBucket(channel, 50.0, clock_at(NOW))
    assert bucket.acquire(80) == 50
    assert bucket.acquire(80) == 0
    later = TokenBucket(channel, 50.0, clock_at(NOW + seconds(0.5)))
    assert later.acquire(80) == 25
    much_later = TokenBucket(channel, 50.0, clock_at(NOW + seconds(600)))
    assert much_later.acquire(80) == 50, "what was not used is not saved up"


def test_what_a_claim_did_not_need_goes_back_to_the_line():
    bucket = TokenBucket(ChannelFactory(), 50.0, clock_at(NOW))
    assert bucket.acquire(50) == 50
    bucket.release(30)
    assert bucket.acquire(50) == 30


def test_a_worker_whose_reading_is_older_adds_nothing():
    channel = ChannelFactory()
    assert TokenBucket(channel, 10.0, clock_at(NOW)).acquire(10) == 10
    assert TokenBucket(channel, 10.0, clock_at(NOW - seconds(1))).acquire(10) == 0
    assert LineBudget.objects.get().filled_at == NOW


def test_a_line_without_a_rate_asks_nobody(django_assert_num_queries: Any):
    bucket = TokenBucket(ChannelFactory(), 0.0, clock_at(NOW))
    with django_assert_num_queries(0):
        assert bucket.acquire(1000) == 1000
        bucket.release(10)


@together
def test_workers_share_the_line():
    channel = ChannelFactory()
    TokenBucket(channel, 100.0, clock_at(NOW)).acquire(0)
    taken = in_threads([partial(TokenBucket(channel, 100.0, clock_at(NOW)).acquire, 30) for _n in range(8)])
    assert sum(taken) == 100


def test_a_clock_that_was_ahead_and_is_put_right_holds_no_line_back():
    channel = ChannelFactory()
    assert TokenBucket(channel, 10.0, clock_at(NOW + HOUR)).acquire(10) == 10
    assert TokenBucket(channel, 10.0, clock_at(NOW)).acquire(10) == 0
    assert TokenBucket(channel, 10.0, clock_at(NOW + seconds(1))).acquire(10) == 10


@together
def test_two_pumps_keep_to_the_rate_of_the_line_together(sms: Dispatch):
    people(120)
    message = MessageFactory()
    pumps = [sms.pump(max_batch=10) for _n in range(2)]
    for pump in pumps:
        pump.client.gateway.rate = 40.0
    paced = [Pump(sms.channel, pump.client, clock=database_clock) for pump in pumps]
    began = time.monotonic()
    in_threads([partial(pump.run, seconds=20) for pump in paced])
    assert states(message) == {"accepted": 120}
    assert time.monotonic() - began > 1.5, "120 at 40 a second, of which 40 at once"


@together
def test_what_runs_with_nobody_due_is_not_claimed_from(sms: Dispatch):
    """It may run for days with one unknown: a hundred of them would keep a worker from all the others."""
    people(3)
    unsettled = MessageFactory(running=True)
    DeliveryFactory(message=unsettled, state="unknown")
    waiting = MessageFactory(running=True)
    DeliveryFactory(message=waiting, not_before=None)
    message = MessageFactory()
    with CaptureQueriesContext(connection) as made:
        sms.run()
    assert states(message)["accepted"] >= 3
    claims = [query["sql"] for query in made if "FOR SHARE OF m" in query["sql"]]
    assert claims
    assert all(f"m.id = {message.pk} " in sql for sql in claims)


def test_a_message_that_the_gateway_chokes_on_is_not_tried_for_all_the_others(sms: Dispatch):
    people(40)
    first = MessageFactory(priority=1)
    second = MessageFactory(sender=first.sender, sender_manager=first.sender_manager)
    pump = sms.pump()
    pump.run(seconds=0)
    sms.server.use("unknown-status:Whatever")
    outage = OutageFactory(channel=sms.channel, started_at=database_clock())
    for _trial in range(16):
        Outage.objects.filter(pk=outage.pk).update(next_probe_at=database_clock(), trials=0)
        assert not pump.recovery.probe(PumpReport())
    tried = GatewayCall.objects.values_list("message", flat=True)
    assert set(tried) == {first.pk, second.pk}


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-24, -1, 1, 24])
def test_a_worker_with_a_wrong_clock_sends_nothing_promotional_and_says_so(sms: Dispatch, hours: int, caplog):
    people(4)
    sms.clock = by_day()
    open_every_day(sms.channel)
    advert = MessageFactory(promotional=True)
    news = MessageFactory(sender=advert.sender, sender_manager=advert.sender_manager)
    wrong = sms.pump()
    wrong.chooser.wall = lambda: sms.clock() + timedelta(hours=hours)
    wrong.run(seconds=5)
    assert states(advert) == {"queued": 4}
    assert states(news) == {"accepted": 4}
    assert "clock_differs" in caplog.text
    sms.run()
    assert states(advert) == {"accepted": 4}


def test_a_worker_with_a_wrong_clock_tries_a_gateway_with_nothing_promotional(sms: Dispatch):
    people(2)
    sms.clock = by_day()
    open_every_day(sms.channel)
    advert = MessageFactory(promotional=True)
    sms.pump().run(seconds=0)
    OutageFactory(channel=sms.channel, started_at=sms.clock(), next_probe_at=sms.clock())
    wrong = sms.pump()
    wrong.chooser.wall = lambda: sms.clock() + timedelta(hours=1)
    wrong.recovery.probe(PumpReport())
    assert states(advert) == {"queued": 2}
    assert sms.numbers == []


def test_a_clock_that_is_put_right_is_believed_again(sms: Dispatch):
    people(1)
    sms.clock = by_day()
    open_every_day(sms.channel)
    advert = MessageFactory(promotional=True)
    pump = sms.pump()
    right = pump.chooser.wall
    pump.chooser.wall = lambda: sms.clock() + timedelta(seconds=2.5)
    pump.run(seconds=2)
    assert states(advert) == {"queued": 1}
    pump.chooser.wall = right
    pump.run(seconds=2)
    assert states(advert) == {"accepted": 1}


def test_only_a_difference_that_is_proven_counts():
    readings = iter([NOW, NOW + seconds(3)])
    assert difference(clock_at(NOW + seconds(2)), lambda: next(readings)) == timedelta(0)
    assert difference(clock_at(NOW + seconds(5)), clock_at(NOW)) == seconds(5)
    assert difference(clock_at(NOW - seconds(5)), clock_at(NOW)) == -seconds(5)
