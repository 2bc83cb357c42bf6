"""Delivery reports are asked for, in growing pauses, and final states stay final."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.timeouts import CATCH_UP
from gateways.base import DeliveryReport, OutcomeUnknown, ReportStatus
from messaging import turns
from messaging.dispatch.clock import database_clock
from messaging.feedback.delivery_reports import _take, poll_channel
from messaging.feedback.match import AwaitingReport, match_reports
from messaging.feedback.write import write_reports
from messaging.models import Delivery, GatewayCall
from messaging.models.report_schedule import PAUSES, expect_reports, next_due
from messaging.states import DeliveryState
from messaging.web.status_labels import meaning_of
from tests.factories import NOW
from tests.gateways.conftest import make_gateway
from tests.gateways.strangers import canned_server
from tests.messaging.dispatching import Dispatch
from tests.messaging.feedback.reporting import age, canned, due_at, later, make_due, poll, sent, statuses
from tests.messaging.helpers import in_threads, states

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["sms", "avanak"])
def dispatch(request, connect):
    return connect(request.param)


def test_an_accepted_call_waits_for_its_reports_and_knows_its_range_of_ids(sms: Dispatch):
    sent(sms, 3)
    call = GatewayCall.objects.get()
    ids = sorted(int(entry["id"]) for entry in sms.server.accepted)
    assert (call.first_provider_id, call.last_provider_id) == (ids[0], ids[-1])
    assert call.report_due_at is not None
    assert call.finished_at is not None
    assert call.report_due_at - call.finished_at == PAUSES[0]
    assert call.report_rounds == 0


def test_a_call_that_nobody_took_waits_for_none(sms: Dispatch):
    sms.server.use("partial:1")
    sent(sms, 2)
    assert due_at() is None


def test_nothing_is_asked_before_it_is_due(sms: Dispatch):
    sent(sms, 2)
    before = len(sms.server.received)
    assert poll_channel(sms.channel, sms.client(), clock=database_clock).calls == 0
    assert len(sms.server.received) == before


def test_what_arrived_is_delivered_and_its_call_is_not_asked_about_again(dispatch: Dispatch):
    message = sent(dispatch, 5)
    later(dispatch)
    assert poll(dispatch).states == {"delivered": 5}
    assert states(message) == {"delivered": 5}
    assert due_at() is None


def test_what_is_under_way_stays_accepted_and_is_asked_about_ever_more_rarely(sms: Dispatch):
    message = sent(sms, 2)
    later(sms, -100)
    for pause in [30, 120, 600, 3600, 21600, 21600, 21600]:
        make_due()
        before = database_clock()
        poll(sms)
        due = due_at()
        assert due is not None
        assert before <= due - timedelta(seconds=pause) <= database_clock()
    assert states(message) == {"accepted": 2}
    assert set(statuses(message).values()) == {"Success"}


def test_a_round_that_brings_reports_is_soon_followed_by_the_next():
    assert next_due(NOW, 0, NOW) == NOW + PAUSES[0]
    assert next_due(NOW, 99, NOW) == NOW + PAUSES[-1]
    assert next_due(NOW, 99, NOW - timedelta(hours=71)) == NOW + timedelta(hours=1)


def test_a_blacklisted_number_is_undelivered_with_the_providers_word(sms: Dispatch):
    message = sent(sms, 2)
    ids = [entry["id"] for entry in sms.server.accepted]
    body = {
        "Status": "Success",
        "Data": [{"MessageID": ids[0], "DeliveryType": 35}, {"MessageID": ids[1], "DeliveryType": "2"}],
    }
    assert _poll_canned(sms, body).states == {"undelivered": 2}
    assert set(statuses(message).values()) == {"blacklist", "not_delivered"}


def test_an_unclear_report_is_not_final_and_its_word_is_kept(sms: Dispatch):
    message = sent(sms, 1)
    before = Delivery.objects.get().updated_at
    body = {"Status": "Success", "Data": [{"MessageID": sms.server.accepted[0]["id"], "DeliveryType": 777}]}
    _poll_canned(sms, body)
    assert states(message) == {"accepted": 1}
    assert list(statuses(message).values()) == ["777"]
    assert Delivery.objects.get().updated_at == before


def test_a_voice_call_is_delivered_only_if_somebody_listened(connect):
    avanak = connect("avanak")
    message = sent(avanak, 2)
    answered, unanswered = (entry["number"] for entry in avanak.server.accepted)
    rows = [
        {"Id": 1, "Number": "0" + answered[-10:], "Status": 4711, "Duration": 12},
        {"Id": 2, "Number": int(unanswered[-10:]), "Status": 8, "Duration": 0, "DeliverDate": None},
    ]
    _poll_canned(avanak, rows)
    assert dict(Delivery.objects.values_list("address", "state")) == {
        answered: "delivered",
        unanswered: "accepted",
    }
    assert statuses(message) == {answered: "4711", unanswered: "8"}


def test_whom_the_provider_never_called_is_told_so_at_the_end(connect):
    """The hours were over before it came to the number: no report will ever say what became of the call."""
    avanak = connect("avanak")
    message = sent(avanak, 1)
    number = avanak.server.accepted[0]["number"][-10:]
    rows = [{"Id": 1, "Number": "0" + number, "Status": 0, "Duration": 0, "TryCount": 0}]
    _poll_canned(avanak, rows)
    assert states(message) == {"accepted": 1}
    age(73)
    _poll_canned(avanak, rows)
    assert states(message) == {"unreported": 1}
    [word] = statuses(message).values()
    assert word == "not_dialled:0"
    assert meaning_of(word) == meaning_of("not_dialled") != ""


def test_the_last_round_leaves_whatever_was_not_reported_unreported(dispatch: Dispatch):
    message = sent(dispatch, 4)
    later(dispatch, -1000)
    age(71.9)
    poll(dispatch)
    assert states(message) == {"accepted": 4}
    age(0.2)
    assert poll(dispatch).states == {"unreported": 4}
    assert states(message) == {"unreported": 4}


def test_a_report_that_comes_after_the_end_beats_unreported(dispatch: Dispatch):
    message = sent(dispatch, 4)
    later(dispatch, -1000)
    age(72.1)
    poll(dispatch)
    assert states(message) == {"unreported": 4}
    due = due_at()
    assert due is not None
    assert due - dispatch.clock() > timedelta(days=1, minutes=-1)
    later(dispatch, 2000)
    assert poll(dispatch).states == {"delivered": 4}
    assert due_at() is None


def test_late_reports_are_asked_for_a_week_and_no_longer(dispatch: Dispatch):
    message = sent(dispatch, 2)
    later(dispatch, -1000)
    age(72.1)
    poll(dispatch)
    age(CATCH_UP / timedelta(hours=1) - 1)
    poll(dispatch)
    assert due_at() is None
    assert states(message) == {"unreported": 2}


def test_an_outage_after_the_end_is_asked_about_again_in_a_minute(dispatch: Dispatch):
    sent(dispatch, 2)
    later(dispatch, -1000)
    age(72.1)
    poll(dispatch)
    dispatch.server.use("5xx")
    assert poll(dispatch).failures
    due = due_at()
    assert due is not None
    assert timedelta() < due - dispatch.clock() <= timedelta(minutes=1)


def test_the_last_round_still_takes_what_is_told_in_it(dispatch: Dispatch):
    message = sent(dispatch, 2)
    later(dispatch)
    age(80)
    poll(dispatch)
    assert states(message) == {"delivered": 2}


def test_a_provider_that_cannot_be_asked_until_the_end_leaves_them_unreported(dispatch: Dispatch):
    message = sent(dispatch, 2)
    dispatch.server.use("5xx")
    age(73)
    assert poll(dispatch).failures == ["http_503"]
    assert states(message) == {"unreported": 2}


@pytest.mark.parametrize("fault", ["5xx", "html", "reset", "account:Token_Expired", "provider:-300"])
def test_a_provider_that_does_not_answer_is_left_alone_for_a_minute(dispatch: Dispatch, fault: str):
    message = sent(dispatch, 4, max_batch=1)
    dispatch.server.use(fault)
    assert poll(dispatch).failures
    assert states(message) == {"accepted": 4}
    assert not GatewayCall.objects.filter(report_due_at__lte=dispatch.clock()).exists()
    dispatch.server.use()
    later(dispatch)
    poll(dispatch)
    assert states(message) == {"delivered": 4}


def test_an_outage_of_the_provider_makes_no_pause_longer(sms: Dispatch):
    sent(sms, 2)
    sms.server.use("5xx")
    for _minute in range(8):
        later(sms)
        assert poll(sms).failures
    call = GatewayCall.objects.get()
    assert call.report_rounds == 0
    assert call.report_due_at is not None
    assert call.report_due_at <= database_clock() + timedelta(minutes=1)


def test_a_hanging_provider_costs_seconds_and_not_a_whole_calls_patience(sms: Dispatch):
    sms.server.use("hang")
    client = sms.client(timeout=60)
    (answer,) = client.ask_all([client.gateway.reports("1", [])], seconds=0.3)
    assert isinstance(answer, OutcomeUnknown)
    assert answer.code == "timeout"


def test_a_campaign_that_the_provider_forgot_is_asked_about_by_ids(sms: Dispatch):
    message = sent(sms, 3)
    GatewayCall.objects.update(campaign_id="4711")
    later(sms)
    poll(sms)
    assert states(message) == {"delivered": 3}


def test_an_id_that_the_provider_does_not_know_is_asked_about_until_the_end(sms: Dispatch):
    message = sent(sms, 1)
    Delivery.objects.update(provider_id="5")
    GatewayCall.objects.update(campaign_id="")
    later(sms)
    assert not poll(sms).failures
    assert states(message) == {"accepted": 1}
    assert due_at() is not None


def test_reports_about_nobody_are_counted_and_change_nothing(sms: Dispatch):
    message = sent(sms, 2)
    ids = [entry["id"] for entry in sms.server.accepted]
    rows: list[Any] = [
        {"MessageID": 2**63, "DeliveryType": 1},
        {"MessageID": 77, "DeliveryType": 1, "Number": 9121234567},
        {"MessageID": ids[0], "DeliveryType": 1, "Number": 9350000000},  # its id, somebody else's number
        {"MessageID": ids[1], "DeliveryType": "\x00\ud800"},
        {"MessageID": "x"},
        None,
        [],
    ]
    assert _poll_canned(sms, {"Status": "Success", "Data": rows}).strangers == 2
    assert states(message) == {"accepted": 2}


def test_a_word_that_the_database_cannot_hold_is_stored_all_the_same(connect):
    avanak = connect("avanak")
    message = sent(avanak, 1)
    number = avanak.server.accepted[0]["number"][-10:]
    _poll_canned(avanak, [{"Number": number, "Status": "a\x00\ud800" + "س" * 200, "Duration": 3}])
    assert states(message) == {"delivered": 1}
    assert next(iter(statuses(message).values())).startswith("a\ufffd\ufffdسس")


@pytest.mark.parametrize("state", ["delivered", "undelivered"])
def test_a_final_state_stays_final(sms: Dispatch, state: str):
    message = sent(sms, 1)
    Delivery.objects.update(state=state)
    waiting = [AwaitingReport(row.pk, row.address, row.provider_id) for row in Delivery.objects.all()]
    make_due()
    (call,) = _take(sms.channel, database_clock())
    for report in (ReportStatus.UNDELIVERED, ReportStatus.DELIVERED, ReportStatus.PENDING):
        found = match_reports(waiting, [DeliveryReport(waiting[0].provider_id, "", report, "late")])
        write_reports(call, waiting, found.findings, is_over=True, now=database_clock())
    assert states(message) == {state: 1}


def test_reports_twice_and_out_of_order_are_one():
    waiting = [AwaitingReport(1, "+989121111111", "5"), AwaitingReport(2, "+989122222222", "6")]
    told = [
        DeliveryReport("5", "", ReportStatus.DELIVERED, "delivered"),
        DeliveryReport("5", "", ReportStatus.PENDING, "queued"),
        DeliveryReport("5", "9121111111", ReportStatus.UNDELIVERED, "not_delivered"),
        DeliveryReport("6", "", ReportStatus.PENDING, "queued"),
    ]
    for order in (told, told[::-1], told * 2):
        found = match_reports(waiting, order)
        assert found.findings[1].state is DeliveryState.DELIVERED
        assert found.findings[2].state is DeliveryState.ACCEPTED
        assert found.unmatched == 0


def test_a_number_alone_fits_where_the_provider_gave_no_id():
    found = match_reports(
        [AwaitingReport(1, "+989121111111", "")], [DeliveryReport("5", "9121111111", ReportStatus.DELIVERED)]
    )
    assert found.findings[1].state is DeliveryState.DELIVERED


def test_what_was_found_by_settling_waits_for_its_reports_too(sms: Dispatch, settings):
    settings.SETTLE_QUIET_SECONDS = 0
    sms.server.use("5xx-after-accept")
    with pytest.raises(AssertionError):
        sent(sms, 3)
    assert due_at() is None
    sms.server.use()
    assert sms.settle().found == 3
    call = GatewayCall.objects.get()
    assert call.report_due_at is not None
    assert call.first_provider_id == sms.server.accepted[0]["id"]
    later(sms)
    poll(sms)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_what_is_accepted_later_widens_the_range_of_ids(sms: Dispatch):
    sent(sms, 2)
    call = GatewayCall.objects.get()
    expect_reports(call.pk, ["5", "nonsense"], database_clock())
    expect_reports(call.pk, [], database_clock())
    now = GatewayCall.objects.get()
    assert (now.first_provider_id, now.last_provider_id) == (5, call.last_provider_id)


@pytest.mark.django_db(transaction=True)
def test_several_workers_ask_about_each_call_once(sms: Dispatch):
    message = sent(sms, 40, max_batch=1)
    later(sms)
    make_due()
    before = len(sms.server.received)
    clients = [sms.client() for _n in range(4)]
    polled = in_threads(
        [lambda c=c: poll_channel(sms.channel, c, clock=database_clock) for c in clients]  # type: ignore[misc]
    )
    assert sum(one.calls for one in polled) == 40
    assert len(sms.server.received) - before == 40
    assert states(message) == {"delivered": 40}


def test_a_worker_that_died_while_asking_leaves_the_call_to_the_next_one(sms: Dispatch):
    message = sent(sms, 1)
    later(sms)
    make_due()
    assert len(_take(sms.channel, database_clock())) == 1
    assert _take(sms.channel, database_clock()) == []
    poll(sms)
    assert states(message) == {"delivered": 1}


def test_a_turn_ends_when_its_time_is_up(sms: Dispatch):
    sent(sms, 30, max_batch=1)
    make_due()
    assert poll_channel(sms.channel, sms.client(), clock=database_clock, seconds=0).calls == 0


@pytest.mark.django_db(transaction=True)
def test_a_turn_looks_at_the_channels_reports(sms: Dispatch, settings):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    message = sent(sms, 2)
    later(sms)
    make_due()
    turns.close_clients()
    try:
        turns.poll("sms")
    finally:
        turns.close_clients()
    assert states(message) == {"delivered": 2}


def _poll_canned(dispatch: Dispatch, body):
    """Poll a stranger in the gateway's place, that answers one question with this."""
    make_due()
    with canned_server(canned(body)) as port:
        client = dispatch.client()
        client.gateway = make_gateway(dispatch.channel.code, f"http://127.0.0.1:{port}")
        return poll_channel(dispatch.channel, client, clock=dispatch.clock)
