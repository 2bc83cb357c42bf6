"""What came of a call is written down once, and an acceptance always beats an unknown outcome."""

from __future__ import annotations

import pytest

from gateways.base import Answer, RecipientOutcome, Result
from messaging.dispatch.claim import Claim, claim
from messaging.dispatch.record import record_answer, record_not_sent, record_unknown, recover
from messaging.models import Delivery, GatewayCall, Message
from messaging.policy.reasons import Reason
from tests.factories import HOUR, NOW
from tests.messaging.helpers import answer, campaign, seconds, states

pytestmark = pytest.mark.django_db

LATER = NOW + seconds(31)


def claimed_campaign(count: int = 3) -> tuple[Message, Claim]:
    message = campaign(count)
    claimed = claim(message, limit=100, closes_at=None, worker="test", now=NOW)
    assert claimed is not None
    return message, claimed


def call() -> GatewayCall:
    return GatewayCall.objects.get()


def test_every_recipient_has_its_own_outcome():
    message, claimed = claimed_campaign(4)
    (a, b, c, d) = (address for _pk, address in claimed.recipients)
    outcomes = {
        a: RecipientOutcome(Result.ACCEPTED, "77", "Success"),
        b: RecipientOutcome(Result.REJECTED, "", "Mobile_Invalid"),
        c: RecipientOutcome(Result.UNKNOWN, "", "Strange"),
    }
    record_answer(claimed, Answer(outcomes, "9", "{…}"), now=LATER)
    rows = {row.address: row for row in Delivery.objects.filter(message=message)}
    assert {n: (r.state, r.provider_id, r.provider_status) for n, r in rows.items()} == {
        a: ("accepted", "77", "Success"),
        b: ("rejected", "", "Mobile_Invalid"),
        c: ("unknown", "", "Strange"),
        d: ("unknown", "", ""),  # left out of the answer
    }
    assert (call().outcome, call().campaign_id, call().finished_at) == ("unknown", "9", LATER)


def test_a_call_whose_recipients_are_all_known_is_answered():
    message, claimed = claimed_campaign()
    record_answer(claimed, answer(claimed), now=LATER)
    assert states(message) == {"accepted": 3}
    assert call().outcome == "answered"


def test_what_is_proven_not_sent_goes_back_into_the_queue():
    message, claimed = claimed_campaign()
    record_not_sent(claimed, now=LATER, error="refused")
    rows = Delivery.objects.filter(message=message)
    assert {(r.state, r.reason, r.call_id, r.not_before, r.provider_status) for r in rows} == {
        ("queued", "retry", None, LATER, "refused")
    }
    assert (call().outcome, call().error) == ("not_sent", "refused")


def test_what_the_providers_own_hours_refused_is_held():
    message, claimed = claimed_campaign()
    record_not_sent(claimed, now=LATER, error="-6", not_before=LATER + HOUR, reason=Reason.PROVIDER_HOURS)
    rows = Delivery.objects.filter(message=message)
    assert {(r.state, r.reason, r.not_before) for r in rows} == {("queued", "provider_hours", LATER + HOUR)}


def test_a_call_of_unknown_outcome_is_never_queued_by_itself():
    message, claimed = claimed_campaign()
    record_unknown(claimed.call_id, now=LATER, error="timeout")
    assert states(message) == {"unknown": 3}
    assert claim(message, limit=10, closes_at=None, worker="test", now=LATER + HOUR) is None
    assert (call().outcome, call().finished_at) == ("unknown", LATER)


def test_a_lost_workers_call_becomes_unknown_when_its_lease_is_over(settings):
    settings.SEND_LEASE_SECONDS = 30
    message, _claimed = claimed_campaign()
    assert recover(now=NOW + seconds(30)) == 0  # the lease's own end is still inside
    assert recover(now=LATER) == 1
    assert states(message) == {"unknown": 3}
    assert (call().outcome, call().error) == ("unknown", "worker_lost")
    assert recover(now=LATER) == 0


def test_an_acceptance_that_comes_after_the_recovery_beats_unknown():
    message, claimed = claimed_campaign()
    recover(now=LATER)
    record_answer(claimed, answer(claimed), now=LATER + seconds(1))
    assert states(message) == {"accepted": 3}
    assert call().outcome == "answered"


def test_a_refusal_that_comes_after_the_recovery_does_not():
    """The answer may be a late one to a repeated question; who reads it sees the unknown outcome."""
    message, claimed = claimed_campaign()
    recover(now=LATER)
    record_answer(claimed, answer(claimed, Result.REJECTED), now=LATER + seconds(1))
    assert states(message) == {"unknown": 3}
    assert call().outcome == "unknown"


def test_a_proof_that_comes_after_the_recovery_still_queues():
    """Otherwise the call would be closed with its recipients unknown, and nobody would ask again."""
    message, claimed = claimed_campaign()
    recover(now=LATER)
    record_not_sent(claimed, now=LATER + seconds(1), error="deadline_passed")
    assert states(message) == {"queued": 3}
    assert call().outcome == "not_sent"


def test_a_late_unknown_outcome_does_not_undo_an_outcome():
    message, claimed = claimed_campaign()
    record_answer(claimed, answer(claimed), now=NOW)
    record_unknown(claimed.call_id, now=LATER, error="timeout")
    assert states(message) == {"accepted": 3}
    assert call().outcome == "answered"


def test_an_answer_touches_only_the_rows_of_its_own_call():
    message, claimed = claimed_campaign()
    record_not_sent(claimed, now=NOW, error="refused")
    again = claim(message, limit=100, closes_at=None, worker="other", now=NOW)
    assert again is not None
    record_answer(claimed, answer(claimed), now=LATER)  # a ghost
    assert states(message) == {"sending": 3}
    assert set(Delivery.objects.values_list("call_id", flat=True)) == {again.call_id}


def test_what_one_call_comes_to_touches_no_other_call_of_the_message():
    message = campaign(2)
    first, second = (claim(message, limit=1, closes_at=None, worker="test", now=NOW) for _n in range(2))
    assert first is not None
    assert second is not None
    record_not_sent(first, now=LATER, error="refused")
    assert states(message) == {"queued": 1, "sending": 1}


def test_a_call_of_unknown_outcome_leaves_another_one_under_way():
    message = campaign(2)
    first, second = (claim(message, limit=1, closes_at=None, worker="test", now=NOW) for _n in range(2))
    assert first is not None
    assert second is not None
    record_unknown(first.call_id, now=LATER, error="timeout")
    found = Delivery.objects.in_bulk([pk for made in (first, second) for pk, _address in made.recipients])
    assert [row.state for _pk, row in sorted(found.items())] == ["unknown", "sending"]


@pytest.mark.parametrize("result", [Result.ACCEPTED, Result.REJECTED])
def test_an_outcome_stays_whatever_is_said_of_the_call_afterwards(result: Result):
    message, claimed = claimed_campaign()
    record_answer(claimed, answer(claimed, result), now=NOW)
    for other in Result:
        record_answer(claimed, answer(claimed, other), now=LATER)
    record_not_sent(claimed, now=LATER, error="refused")
    assert states(message) == {result.value: 3}
    rows = Delivery.objects.filter(message=message)
    assert set(rows.values_list("provider_status", "updated_at")) == {(result.value, NOW)}


def test_of_a_call_given_up_only_those_without_an_outcome_are_unknown():
    """Half of an answer was written when its worker died."""
    message, claimed = claimed_campaign(2)
    Delivery.objects.filter(pk=claimed.recipients[0][0]).update(state="accepted")
    assert recover(now=LATER) == 1
    assert states(message) == {"accepted": 1, "unknown": 1}


def test_a_call_that_has_its_outcome_is_not_lost_however_late_it_is():
    _message, claimed = claimed_campaign(1)
    record_answer(claimed, answer(claimed), now=NOW)
    assert recover(now=LATER + HOUR) == 0
    assert call().outcome == "answered"


def test_a_providers_answer_is_kept_bounded():
    _message, claimed = claimed_campaign(1)
    outcomes = {n: RecipientOutcome(Result.ACCEPTED, "1" * 99, "s" * 99) for _pk, n in claimed.recipients}
    record_answer(claimed, Answer(outcomes, "2" * 99, "x" * 9999), now=LATER)
    assert (len(call().answer), len(call().campaign_id)) == (4096, 40)
    row = Delivery.objects.get()
    assert (len(row.provider_id), len(row.provider_status)) == (40, 60)
