"""What the operations page and `/metrics` know: workers, backlog, throughput, latency."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from gateways.base import NotSent, OutcomeUnknown, Trouble
from messaging.dispatch.causes import cause_of
from messaging.dispatch.clock import database_clock
from messaging.dispatch.heartbeat import Heart
from messaging.dispatch.pump_report import PumpReport
from messaging.models import Delivery, GatewayCall, WorkerBeat
from messaging.operations import backlog as counting
from messaging.operations import figures
from messaging.operations.backlog import READY, backlog
from messaging.operations.outages import ramp_ends_at
from tests.factories import (
    NOW,
    GatewayCallFactory,
    MessageFactory,
    MessageStopFactory,
    OutageFactory,
)
from tests.messaging.helpers import campaign, in_threads, people, seconds

pytestmark = pytest.mark.django_db


def beat(heart: Heart, *, worker="a:1", channel="sms", sent=0, calls=0, failures=(), now=NOW, off=0):
    news = PumpReport(sent=sent, calls=calls, failures=[*failures])
    heart.note(worker, channel, news, clock_difference=seconds(off), now=now)


class TestHeartbeat:
    def test_what_a_worker_did_is_added_up_and_written_every_two_seconds(self):
        heart = Heart()
        beat(heart, sent=10, calls=1)
        beat(heart, sent=20, calls=2, failures=["timeout"], now=NOW + seconds(1))
        assert WorkerBeat.objects.get().sent == 10
        beat(heart, sent=5, calls=1, now=NOW + seconds(2), off=-0.25)
        row = WorkerBeat.objects.get()
        assert (row.sent, row.calls, row.failures, row.last_error) == (35, 4, 1, "timeout")
        assert (row.seen_at, row.started_at) == (NOW + seconds(2), NOW)
        assert row.clock_difference_ms == -250

    def test_a_worker_of_two_channels_is_one_row(self):
        heart = Heart()
        beat(heart, sent=3)
        beat(heart, channel="avanak", sent=4)
        row = WorkerBeat.objects.get()
        assert (row.channels, row.sent) == (["avanak", "sms"], 7)

    def test_a_new_process_with_an_old_number_begins_anew(self):
        beat(Heart(), sent=100, channel="avanak", failures=["timeout"])
        beat(Heart(), sent=1, now=NOW + seconds(60))
        row = WorkerBeat.objects.get()
        assert (row.sent, row.channels, row.last_error) == (1, ["sms"], "")
        assert row.started_at == NOW + seconds(60)

    def test_a_clock_that_jumps_back_does_not_silence_it(self):
        heart = Heart()
        beat(heart)
        beat(heart, sent=1, now=NOW - timedelta(hours=1))
        assert WorkerBeat.objects.get().sent == 1

    def test_whoever_was_not_seen_for_a_day_is_forgotten(self):
        beat(Heart(), worker="old:1")
        beat(Heart(), worker="new:1", now=NOW + timedelta(days=1, seconds=1))
        assert [row.name for row in WorkerBeat.objects.all()] == ["new:1"]

    @pytest.mark.django_db(transaction=True)
    def test_sixteen_threads_of_four_workers_lose_nothing(self):
        hearts = [Heart() for _n in range(4)]
        channels = ["sms", "avanak"]

        def work(n: int) -> None:
            for turn in range(20):
                at = NOW + seconds(turn * 2)
                beat(hearts[n % 4], worker=f"w:{n % 4}", channel=channels[n % 2], sent=1, calls=1, now=at)
            # whatever two threads of one worker said in the same instant
            beat(hearts[n % 4], worker=f"w:{n % 4}", channel=channels[n % 2], now=NOW + seconds(100 + n * 3))

        in_threads([partial(work, n) for n in range(16)])
        rows = WorkerBeat.objects.order_by("name")
        assert [(row.name, row.sent) for row in rows] == [(f"w:{n}", 80) for n in range(4)]


class TestBacklog:
    def test_the_rows_of_a_running_message_stand_under_their_reasons(self):
        message = campaign(10)
        rows = list(Delivery.objects.filter(message=message).values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=rows[:2]).update(reason="voc_call_open", not_before=None)
        Delivery.objects.filter(pk__in=rows[2:5]).update(reason="retry", not_before=NOW + seconds(60))
        waiting = backlog(NOW)["sms"]
        assert waiting.by_reason == {READY: 5, "voc_call_open": 2, "retry": 3}
        assert (waiting.messages, waiting.is_bounded, waiting.oldest_due_at) == (1, False, NOW)

    def test_what_holds_the_whole_message_is_named_before_the_rows_own(self):
        message = campaign(4)
        OutageFactory(channel=message.channel)
        waiting = backlog(NOW)["sms"]
        assert waiting.by_reason == {"operator_down": 4}
        assert waiting.oldest_due_at is None, "nothing may go, so nothing is late"

    def test_a_paused_message_and_one_outside_the_hours_wait_as_well(self):
        people(3)
        paused = campaign()
        paused.status = "paused"
        paused.save(update_fields=["status"])
        MessageStopFactory(message=paused)
        campaign(purpose="promotional", sender=paused.sender, sender_manager=paused.sender_manager)
        assert backlog(NOW)["sms"].by_reason == {"paused": 3, "window_closed": 3}

    def test_a_message_without_a_plan_is_counted_as_such(self):
        MessageFactory()
        waiting = backlog(NOW)["sms"]
        assert (waiting.messages, waiting.planning, waiting.total) == (1, 1, 0)

    def test_it_counts_no_further_than_its_bound_and_says_so(self, monkeypatch):
        monkeypatch.setattr(counting, "ROWS", 10)
        campaign(30)
        waiting = backlog(NOW)["sms"]
        assert waiting.by_reason == {READY: 10}
        assert waiting.is_bounded


class TestFigures:
    def call(self, message, ago, *, size=10, ms=100, outcome="answered", worker="a:1"):
        return GatewayCallFactory(
            message=message,
            size=size,
            latency_ms=ms,
            outcome=outcome,
            worker=worker,
            finished_at=NOW - seconds(ago),
        )

    def test_throughput_counts_what_was_answered(self):
        message = MessageFactory(running=True)
        for ago in (10, 100, 400, 1000):
            self.call(message, ago)
        self.call(message, 5, outcome="unknown")
        assert figures.speeds(NOW)["sms"][0] == (10, 20, 30)
        assert figures.calls_of_unknown_outcome() == {"sms": 1}

    def test_latency_is_told_in_percentiles_of_a_quarter_of_an_hour(self):
        message = MessageFactory(running=True)
        assert figures.speeds(NOW) == {"sms": ((0, 0, 0), figures.Latency(0))}
        for ms in range(1, 101):
            self.call(message, 60, ms=ms * 10)
        self.call(message, 2000, ms=90_000)
        self.call(message, 60, ms=None, outcome="not_sent")
        _throughput, found = figures.speeds(NOW)["sms"]
        assert found.requests == 100
        assert found.p50 == pytest.approx(0.505)
        assert found.p99 == pytest.approx(0.9901)

    def test_a_worker_that_says_nothing_is_gone_and_later_forgotten(self):
        beat(Heart(), worker="a:1", sent=50, now=NOW - seconds(5))
        beat(Heart(), worker="b:1", now=NOW - seconds(120), off=60)
        beat(Heart(), worker="c:1", now=NOW - timedelta(hours=2))
        self.call(MessageFactory(running=True), 10, size=7)
        found = figures.workers(NOW)
        assert [(w.row.name, w.is_alive, w.sent_lately) for w in found] == [
            ("a:1", True, 7),
            ("b:1", False, 0),
        ]
        assert not any(worker.is_skewed for worker in found), "whoever is gone sends nothing anyway"

    @pytest.mark.parametrize(("off", "skewed"), [(0, 0), (2, 0), (-2, 0), (2.01, 1), (-3600, 1)])
    def test_a_clock_more_than_two_seconds_off_is_named(self, off, skewed):
        beat(Heart(), off=off)
        assert len(figures.skewed_workers(NOW)) == skewed
        assert sum(worker.is_skewed for worker in figures.workers(NOW)) == skewed


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (NotSent("connection_refused", trouble=Trouble.NETWORK), "network"),
        (OutcomeUnknown("timeout", trouble=Trouble.NETWORK), "network"),
        (NotSent("CreditNotEnough", trouble=Trouble.ACCOUNT), "credit"),
        (NotSent("Token_Expired", trouble=Trouble.ACCOUNT), "account"),
        (NotSent("System_Disabled", trouble=Trouble.PROVIDER), "provider"),
        (OutcomeUnknown("http_502", trouble=Trouble.PROVIDER), "provider"),
        (OutcomeUnknown("not_json", trouble=Trouble.PROVIDER), "unclear"),
        (OutcomeUnknown("http_404", trouble=Trouble.PROVIDER), "unclear"),
    ],
)
def test_every_failure_has_a_cause(failure, cause):
    assert cause_of(failure) == cause


def test_after_an_outage_the_release_is_slow_for_a_moment():
    outage = OutageFactory(started_at=NOW - seconds(60))
    assert ramp_ends_at(outage.channel, NOW) is None
    outage.ended_at = NOW - seconds(1)
    outage.save(update_fields=["ended_at"])
    assert ramp_ends_at(outage.channel, NOW) == NOW + seconds(9)
    assert ramp_ends_at(outage.channel, NOW + seconds(9)) is None


def test_a_pump_reports_itself_and_how_long_the_gateway_took(sms):
    people(25)
    MessageFactory()
    sms.server.use("latency:0.05")
    sms.run()
    row = WorkerBeat.objects.get(name="test")
    assert row.channels == ["sms"]
    assert row.sent == 25
    calls = GatewayCall.objects.filter(outcome="answered")
    assert calls.count() == 3
    assert all((call.latency_ms or 0) >= 50 for call in calls)
    assert figures.speeds(database_clock())["sms"][1].requests == 3
