"""The pump against a real HTTP gateway: what may go goes, the rest waits or is put away, nothing twice."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from functools import partial

import pytest

from channels.actions import end_outage
from channels.models import Outage, SendingWindow
from common.monotonic import monotonic
from contacts.models import Contact
from gateways.base import Answer, Batch, BatchRefused, RecipientOutcome, Result
from messaging.actions.plan import plan
from messaging.dispatch.claim import claim
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.send import send_claim
from messaging.models import Delivery, GatewayCall, Message, MessageStop
from tests.factories import MessageFactory, OutageFactory, UserFactory, mobile, open_every_day, set_flag
from tests.guards import as_owner
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import in_threads, people, seconds, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


class SleptMachine:
    """What `common.monotonic` reads on a machine that was suspended for a minute: no other clock shows it."""

    def clock_gettime(self, which: int) -> float:
        return time.clock_gettime(which) + 60


def written(message: Message) -> set[str]:
    rows = Delivery.objects.filter(message=message)
    return set(rows.values_list("reason", flat=True))


def call_outcomes() -> Counter[str]:
    return Counter(GatewayCall.objects.values_list("outcome", flat=True))


def test_a_message_goes_from_submission_to_its_end(sms: Dispatch):
    people(25)
    message = MessageFactory(text="سلام دنیا")
    report = sms.run()
    message.refresh_from_db()
    assert message.status == "finished"
    assert states(message) == {"accepted": 25}
    assert (report.planned, report.sent, report.calls, report.failures) == (25, 25, 3, [])
    assert sorted(sms.numbers) == sorted(Contact.objects.values_list("address", flat=True))
    assert {entry["text"] for entry in sms.server.accepted} == {"سلام دنیا"}
    ids = {str(entry["id"]) for entry in sms.server.accepted}
    assert set(Delivery.objects.values_list("provider_id", flat=True)) == ids


def test_outside_the_hours_everything_waits(sms: Dispatch):
    people(3)
    sms.clock = by_day()
    open_every_day(sms.channel, 15 * 60, 16 * 60)
    message = MessageFactory(promotional=True)
    report = sms.run()
    assert (report.planned, report.calls) == (3, 0)
    assert states(message) == {"queued": 3}
    open_every_day(sms.channel, 0, 1440)
    sms.run()
    assert states(message) == {"accepted": 3}


def test_a_window_that_closes_in_mid_campaign_lets_nothing_out_any_more(sms: Dispatch, settings):
    settings.GATEWAY_TIMEOUT_SECONDS = 1
    people(300)
    open_every_day(sms.channel, 0, 1440)
    message = MessageFactory(promotional=True)
    plan(message.pk, now=database_clock())
    message.refresh_from_db()
    sms.server.use("latency:0.05")
    pump = sms.pump(timeout=1)
    closes_at = database_clock() + seconds(3)
    client = pump.client
    while True:
        started = monotonic()
        claimed = claim(message, limit=5, closes_at=closes_at, worker="w", now=database_clock())
        if claimed is None:
            break
        send_claim(client, message, claimed, clock=database_clock, ends_at=closes_at, started=started)
    left = states(message)
    assert left["queued"] > 0
    assert left["accepted"] == len(sms.numbers) > 0
    last = max(entry["at"] for entry in sms.server.accepted)
    assert datetime.fromisoformat(last) < closes_at


@pytest.mark.parametrize("code", ["sms", "avanak"])
def test_a_refused_connection_is_an_outage_and_nothing_is_unknown(connect, code: str):
    dispatch = connect(code)
    people(25)
    message = MessageFactory(channel=dispatch.channel, audio_id=1 if code == "avanak" else None)
    dispatch.server.use("refuse:1x1")
    pump = dispatch.pump()
    report = pump.run(seconds=5)
    assert len(report.failures) == 1
    assert states(message) == {"queued": 25}
    assert set(call_outcomes()) <= {"not_sent"}
    assert pump.is_down()
    assert Outage.objects.get().origin == "detected"
    until = time.monotonic() + 10
    while not pump.recovery.probe(PumpReport()):
        assert time.monotonic() < until
        time.sleep(0.1)
    if code == "avanak":  # the audio that was promised is not known to this gateway
        return
    pump.run(seconds=5)
    assert states(message) == {"accepted": 25}
    assert len(dispatch.numbers) == len(set(dispatch.numbers)) == 25


@pytest.mark.parametrize(
    "fault", ["hang-after-accept", "5xx-after-accept", "reset-after-accept", "half-json"]
)
def test_what_was_accepted_without_an_answer_is_unknown_and_never_sent_again(
    sms: Dispatch, fault: str, settings
):
    settings.SETTLE_QUIET_SECONDS = 0
    people(30)
    message = MessageFactory()
    sms.server.use(f"{fault}x1")
    pump = sms.pump(timeout=0.5)
    pump.run(seconds=5)
    assert states(message) == {"queued": 20, "unknown": 10}
    sms.server.use()
    assert pump.recovery.probe(PumpReport())
    pump.run(seconds=5)
    assert states(message) == {"accepted": 20, "unknown": 10}
    message.refresh_from_db()
    assert message.status == "running"
    sms.settle()
    assert states(message) == {"accepted": 30}
    pump.run(seconds=5)
    message.refresh_from_db()
    assert message.status == "finished"
    assert len(sms.numbers) == len(set(sms.numbers)) == 30


def test_after_an_outage_a_gateway_that_still_fails_costs_a_few_and_not_a_batch(sms: Dispatch):
    people(30)
    message = MessageFactory()
    sms.server.use("5xx-after-acceptx2")
    pump = sms.pump()
    pump.run(seconds=5)
    assert states(message) == {"queued": 20, "unknown": 10}
    assert not pump.recovery.probe(PumpReport()), (
        "it answers questions, and fails at the one recipient that is tried"
    )
    assert states(message) == {"queued": 19, "unknown": 11}
    other = sms.pump()
    assert other.run(seconds=5).calls == 0, "another worker does not try again at once"
    sms.server.use()
    time.sleep(2.05)
    assert other.recovery.probe(PumpReport())
    assert states(message)["accepted"] == 1
    pump.run(seconds=10)
    assert "queued" not in states(message)


@pytest.mark.parametrize("fault", ["account:CreditNotEnough", "account:Token_Expired", "provider:-300"])
def test_an_accounts_or_providers_error_is_an_outage_until_the_probe_finds_it_well(sms: Dispatch, fault: str):
    people(15)
    message = MessageFactory()
    sms.server.use(fault)
    pump = sms.pump()
    pump.run(seconds=5)
    assert states(message) == {"queued": 15}
    assert not pump.recovery.probe(PumpReport())
    assert pump.run(seconds=5).calls == 0, "nothing is tried while the outage is open"
    sms.server.use()
    time.sleep(1.05)
    assert pump.recovery.probe(PumpReport())
    pump.run(seconds=5)
    assert states(message) == {"accepted": 15}


def test_the_probe_does_not_end_what_a_person_declared(sms: Dispatch):
    people(1)
    message = MessageFactory()
    outage = OutageFactory(channel=sms.channel, origin="declared", declared_by=message.submitted_by)
    pump = sms.pump()
    pump.run(seconds=2)
    assert not pump.recovery.probe(PumpReport())
    assert states(message) == {"queued": 1}
    end_outage(outage=outage, by=UserFactory(roles=["it"]), now=database_clock())
    pump.run(seconds=2)
    assert states(message) == {"accepted": 1}


def test_a_batch_that_a_bad_number_spoils_is_halved_until_only_the_bad_one_is_left(sms: Dispatch):
    people(32)
    bad = mobile(13)
    set_flag(Contact.objects.get(address=mobile(31)), "no_messages")
    message = MessageFactory()
    refusing = Refusing(sms.server, bad)
    pump = sms.pump(max_batch=16)
    pump.client.gateway = refusing.wrap(pump.client.gateway)
    for _turn in range(20):
        pump.run(seconds=5)
    assert states(message) == {"accepted": 30, "rejected": 1, "suppressed": 1}
    assert Delivery.objects.get(state="rejected").address == bad
    assert len(sms.numbers) == len(set(sms.numbers)) == 30
    assert refusing.refusals <= 12
    assert not Outage.objects.exists()


class Refusing:
    """A provider that refuses a whole batch for one number, without naming it, as 101 and 102 can."""

    def __init__(self, server, bad: str) -> None:
        self.bad = bad
        self.refusals = 0

    def wrap(self, gateway):
        inner = gateway.send

        async def send(batch):
            if self.bad not in batch.addresses:
                return await inner(batch)
            self.refusals += 1
            if len(batch.addresses) > 1:
                raise BatchRefused("Mobiles_Invalid")
            return Answer({self.bad: RecipientOutcome(Result.REJECTED, "", "Mobiles_Invalid")})

        gateway.send = send
        return gateway


def test_a_text_that_the_provider_refuses_pauses_the_message_and_no_other(sms: Dispatch):
    people(5)
    bad = MessageFactory(text="بد")
    good = MessageFactory(text="خوب", sender=bad.sender, sender_manager=bad.sender_manager)
    sms.server.use("account:SMSMessageText_Emptyx1")
    sms.run()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, good.status) == ("paused", "finished")
    assert states(bad) == {"queued": 5}
    assert MessageStop.objects.get().by is None
    assert not Outage.objects.exists()


def test_every_recipient_of_a_batch_accepted_in_part_has_its_own_outcome(sms: Dispatch):
    people(40)
    message = MessageFactory()
    sms.server.use("partial:0.4")
    sms.run()
    taken = set(sms.numbers)
    rows = Delivery.objects.filter(message=message)
    assert set(rows.filter(state="accepted").values_list("address", flat=True)) == taken
    assert rows.filter(state="rejected").count() == 40 - len(taken) > 0


def test_recipients_left_out_of_the_answer_are_unknown(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 0
    people(40)
    message = MessageFactory()
    sms.server.use("partial-unanswered:0.4")
    sms.run()
    sms.server.use()
    assert states(message)["unknown"] > 0
    sms.settle()
    assert states(message) == {"accepted": 40}
    assert len(sms.numbers) == 40


def test_the_urgent_goes_first_and_equals_take_turns(sms: Dispatch):
    people(30)
    advert = MessageFactory(purpose="survey", text="s")
    first = MessageFactory(text="a")
    second = MessageFactory(text="b")
    sms.run()
    texts = [entry["text"] for entry in sms.server.accepted]
    assert set(texts[:60]) == {"a", "b"}
    assert set(texts[60:]) == {"s"}
    assert set(texts[:20]) == {"a", "b"}, "a long one does not keep a short one waiting"
    assert [states(m) for m in (advert, first, second)] == [{"accepted": 30}] * 3


def test_a_worker_that_was_stopped_past_its_deadline_writes_nothing(sms: Dispatch, settings):
    settings.SEND_LEASE_SECONDS, settings.GATEWAY_TIMEOUT_SECONDS = 1, 1
    people(3)
    message = MessageFactory()
    plan(message.pk, now=database_clock())
    message.refresh_from_db()
    started = monotonic() - 5  # the claim's beginning, five seconds ago
    claimed = claim(message, limit=10, closes_at=None, worker="slow", now=database_clock())
    assert claimed is not None
    failure = send_claim(sms.client(), message, claimed, clock=database_clock, ends_at=None, started=started)
    assert failure is not None
    assert sms.server.received == []
    assert states(message) == {"queued": 3}
    assert GatewayCall.objects.get().error == "deadline_passed"
    assert not Outage.objects.exists()


def test_hours_that_were_changed_while_the_machine_slept_are_read_before_the_next_call(
    sms: Dispatch, monkeypatch: pytest.MonkeyPatch
):
    people(20)
    sms.clock = by_day()
    message = MessageFactory(purpose="promotional", priority=40)
    open_every_day(sms.channel, 0, 1440)
    pump = sms.pump(max_batch=10)
    send, slept = pump.client.send, []

    def send_and_sleep(batch: Batch) -> Answer:
        answer: Answer = send(batch)
        SendingWindow.objects.filter(channel=sms.channel).delete()
        monkeypatch.setattr("common.monotonic.time", SleptMachine())
        slept.append(batch)
        return answer

    monkeypatch.setattr(pump.client, "send", send_and_sleep)
    pump.run(seconds=300)
    assert len(slept) == 1
    assert states(message) == {"accepted": 10, "queued": 10}


def test_an_error_inside_the_policy_means_no_send(sms: Dispatch):
    people(2)
    message = MessageFactory()
    pump = sms.pump()
    pump.run(seconds=0)
    # A channel by which no message leaves: the policy cannot even name the medium.
    sms.channel.kind = "chat"
    with as_owner():
        sms.channel.save()
    assert pump.run(seconds=2).calls == 0
    assert sms.numbers == []
    assert states(message) == {"queued": 2}


@together
def test_four_pumps_send_a_campaign_once(sms: Dispatch):
    people(400)
    message = MessageFactory()
    sms.server.use("latency:0.01")
    pumps: list[Pump] = [sms.pump() for _n in range(4)]
    reports = in_threads([partial(pump.run, seconds=20) for pump in pumps])
    assert sum(report.sent for report in reports) == 400
    assert sum(report.planned for report in reports) == 400
    assert states(message) == {"accepted": 400}
    assert len(sms.numbers) == len(set(sms.numbers)) == 400
    for pump in pumps[:1]:
        pump.run(seconds=1)
    message.refresh_from_db()
    assert message.status == "finished"
