"""Answers that make no sense, through the whole pump: the right state, the raw answer kept, no hot loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.models import Outage
from devtools.fake_gateway.faults import Fault
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.pump import Pump
from messaging.dispatch.pump_report import PumpReport
from messaging.models import Delivery, GatewayCall
from tests.factories import MessageFactory
from tests.gateways.conftest import TOKEN, make_gateway
from tests.gateways.strangers import https_servers_with_a_wrong_certificate
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people, states

pytestmark = pytest.mark.django_db

TEXT = "تخفیف محرمانه برای شما"
# In the seconds of a test: at once, after two seconds, after four more.
MOST_TRIALS = 3


def again_and_again(pump: Pump) -> None:
    """Wakes as a minute brings them; once the outage is open a call is a trial of one recipient at most,
    and the next one is a while away."""
    for _wake in range(8):
        pump.run(seconds=1)


def check_that_answers_are_fit_to_be_kept() -> None:
    for call in GatewayCall.objects.all():
        assert len(call.answer.encode()) <= 4096
        assert TOKEN not in call.answer
        assert TEXT not in call.answer
        for address in Delivery.objects.filter(message=call.message_id).values_list("address", flat=True):
            assert address[-10:] not in call.answer


@pytest.mark.parametrize(
    ("fault", "error", "kept"),
    [
        ("html", "not_json", True),
        ("html-after-accept", "not_json", True),
        ("half-json", "not_json", True),
        ("oversize", "answer_too_long", True),
        ("5xx:502", "http_502", False),
        ("unknown-status:Whatever", "", True),
    ],
)
def test_an_answer_without_sense_leaves_one_batch_and_the_trials_unknown(
    sms: Dispatch, fault: str, error: str, kept: bool
):
    people(30)
    message = MessageFactory(text=TEXT)
    sms.server.use(fault)
    pump = sms.pump()
    again_and_again(pump)
    calls = list(GatewayCall.objects.order_by("pk"))
    if error:
        trials = calls[1:]
        assert {(call.outcome, call.error) for call in calls} == {("unknown", error)}
        assert [call.size for call in calls] == [10] + [1] * len(trials)
        assert states(message) == {"queued": 20 - len(trials), "unknown": 10 + len(trials)}
        assert len(trials) <= MOST_TRIALS
        assert Outage.objects.get().code == error
    else:
        # Each recipient has an answer, though none that is understood: the next batch would fare no better.
        assert [call.outcome for call in calls] == ["unknown"] * len(calls)
        assert [call.size for call in calls] == [10] + [1] * (len(calls) - 1)
        assert len(calls) <= 1 + MOST_TRIALS
        assert Outage.objects.get().code == "nobody_told"
    assert len([e for e in sms.server.received if e["method"] == "SendSimple"]) == len(calls)
    assert all(call.answer for call in calls) or not kept
    check_that_answers_are_fit_to_be_kept()


def test_a_credit_that_is_gone_for_each_recipient_by_itself_is_an_outage_too(sms: Dispatch):
    people(30)
    message = MessageFactory(text=TEXT)
    sms.server.use("unknown-status:CreditNotEnough")
    again_and_again(sms.pump())
    outage = Outage.objects.get()
    assert (outage.cause, outage.code) == ("credit", "CreditNotEnough")
    assert states(message)["queued"] >= 20 - MOST_TRIALS


def test_an_odd_answer_about_one_recipient_says_nothing_of_the_next(sms: Dispatch):
    people(1)
    message = MessageFactory(text=TEXT)
    sms.server.use("unknown-status:Whatever")
    sms.run()
    assert states(message) == {"unknown": 1}
    assert not Outage.objects.exists()


def test_a_word_that_cannot_be_stored_is_kept_without_what_cannot(sms: Dispatch):
    people(5)
    message = MessageFactory(text=TEXT)
    sms.server.gateway.faults.active = [Fault("unknown-status", "What\0ever", 1.0, None)]
    again_and_again(sms.pump())
    assert states(message) == {"unknown": 5}
    assert set(Delivery.objects.values_list("provider_status", flat=True)) == {"What\ufffdever"}
    assert GatewayCall.objects.get().outcome == "unknown"
    check_that_answers_are_fit_to_be_kept()


def test_numbers_that_nobody_sent_change_nothing(sms: Dispatch):
    people(5)
    message = MessageFactory(text=TEXT)
    sms.server.use("extra-numbers")
    again_and_again(sms.pump())
    assert states(message) == {"accepted": 5}
    assert Delivery.objects.count() == 5
    assert not Delivery.objects.filter(provider_id="7").exists()
    check_that_answers_are_fit_to_be_kept()


def test_an_id_beyond_64_bits_is_an_unknown_outcome_that_the_provider_settles(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 0
    people(5)
    message = MessageFactory(text=TEXT)
    sms.server.use("huge-id")
    again_and_again(sms.pump())
    assert states(message) == {"unknown": 5}
    assert GatewayCall.objects.count() == 1
    assert Outage.objects.get().code == "nobody_told"
    sms.server.use()
    assert sms.settle().found == 5
    assert states(message) == {"accepted": 5}
    assert len(sms.numbers) == 5


@pytest.mark.parametrize("fault", ["html", "html-after-accept", "half-json"])
def test_avanak_without_sense_leaves_its_batch_unknown_too(avanak: Dispatch, fault: str):
    people(20)
    message = MessageFactory(channel=avanak.channel, text=TEXT)
    pump = avanak.pump()
    assert pump.client is not None
    message.audio_id = pump.client.ask(pump.client.gateway.make_audio(TEXT, "amoot-1"))
    message.save(update_fields=["audio_id"])
    avanak.server.use(fault)
    again_and_again(pump)
    trials = GatewayCall.objects.count() - 1
    assert states(message) == {"queued": 10 - trials, "unknown": 10 + trials}
    assert trials <= MOST_TRIALS
    assert Outage.objects.count() == 1
    check_that_answers_are_fit_to_be_kept()


@pytest.mark.parametrize(
    "wrong",
    [{}, {"since": -10, "until": -1}, {"since": 1, "until": 10}, {"host": "portal.example"}],
    ids=["self-signed", "expired", "not yet valid", "another host"],
)
@pytest.mark.parametrize("code", ["sms", "avanak"])
def test_a_wrong_certificate_is_proven_not_sent_and_an_outage(connect, tmp_path: Path, code: str, wrong):
    dispatch = connect(code)
    people(15)
    message = MessageFactory(channel=dispatch.channel, audio_id=1 if code == "avanak" else None)
    with https_servers_with_a_wrong_certificate(tmp_path, **wrong) as (port, written):
        client = GatewayClient(make_gateway(code, f"https://127.0.0.1:{port}"))
        pump = Pump(dispatch.channel, client, clock=dispatch.clock, worker="test")
        again_and_again(pump)
        assert not pump.recovery.probe(PumpReport())
        client.close()
    assert [data for data in written if data] == [], "not a byte of the request was written"
    assert states(message) == {"queued": 15}
    assert [(c.outcome, c.error) for c in GatewayCall.objects.all()] == [("not_sent", "certificate_wrong")]
    outage = Outage.objects.get()
    assert (outage.cause, outage.code) == ("network", "certificate_wrong")


def test_an_answer_that_makes_our_own_reading_fail_leaves_one_batch_and_the_trials_unknown(
    sms: Dispatch, monkeypatch
):
    """Whatever nobody thought of: an outage, and not the whole campaign unknown, batch by batch."""

    def fails(_text: str) -> None:
        raise ZeroDivisionError

    people(30)
    message = MessageFactory(text=TEXT)
    monkeypatch.setattr("gateways.http.parse_json", fails)
    again_and_again(sms.pump())
    calls = list(GatewayCall.objects.order_by("pk"))
    assert {(call.outcome, call.error) for call in calls} == {("unknown", "answer_not_understood")}
    assert sum(call.size for call in calls) <= 10 + MOST_TRIALS
    assert states(message)["queued"] >= 20 - MOST_TRIALS
    assert Outage.objects.get().code == "answer_not_understood"
