"""Claiming: never more than the limit, never a row twice, never without the message's own leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from messaging.dispatch.claim import Claim, Cursor, claim, deadlines
from messaging.evaluation.facts import content_hash, decision_of
from messaging.models import Delivery, GatewayCall, Message
from messaging.states import DeliveryState
from tests.factories import (
    HOUR,
    NOW,
    ChannelFactory,
    ContactFactory,
    DeliveryFactory,
    MessageFactory,
    MessageStopFactory,
    OutageFactory,
    OverrideFactory,
    open_every_day,
)
from tests.guards import unguarded
from tests.messaging.helpers import campaign, in_threads, seconds, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


def take(
    message: Message,
    limit: int = 100,
    *,
    closes_at: datetime | None = None,
    now: datetime = NOW,
    after: Cursor | None = None,
    on_trial: int | None = None,
):
    return claim(
        message, limit=limit, closes_at=closes_at, worker="test", now=now, after=after, on_trial=on_trial
    )


def test_a_claim_writes_its_intent_with_the_rows():
    message = campaign(5)
    claimed = take(message, 3)
    assert claimed is not None
    call = GatewayCall.objects.get()
    assert (call.pk, call.size, call.outcome) == (claimed.call_id, 3, "pending")
    assert (call.intended_at, call.message_id, call.worker) == (NOW, message.pk, "test")
    rows = Delivery.objects.filter(call=call)
    assert {(row.pk, row.address) for row in rows} == set(claimed.recipients)
    assert {(row.state, row.attempts, row.reason) for row in rows} == {("sending", 1, "")}
    assert states(message) == {"queued": 2, "sending": 3}


def test_what_is_not_due_yet_is_left_alone_and_the_oldest_goes_first():
    message = MessageFactory(running=True)
    late = DeliveryFactory(message=message, not_before=NOW - HOUR)
    early = DeliveryFactory(message=message, not_before=NOW - 2 * HOUR)
    DeliveryFactory(message=message, not_before=NOW + seconds(1))
    DeliveryFactory(message=message, not_before=None, reason="voc_call_open")
    first = take(message, 1)
    assert first is not None
    assert first.recipients == [(early.pk, early.address)]
    second = take(message)
    assert second is not None
    assert second.recipients == [(late.pk, late.address)]
    assert take(message) is None


def test_a_claim_goes_on_behind_the_front_of_the_one_before():
    message = campaign(5)
    ids = sorted(Delivery.objects.values_list("pk", flat=True))
    first = take(message, 2)
    assert first is not None
    assert first.cursor == (Delivery.objects.get(pk=ids[1]).not_before, ids[1])
    Delivery.objects.filter(pk=ids[0]).update(state="queued", call=None)
    behind = take(message, after=first.cursor)
    assert behind is not None
    assert sorted(pk for pk, _address in behind.recipients) == ids[2:]
    assert take(message, after=first.cursor) is None
    again = take(message)
    assert again is not None
    assert [pk for pk, _address in again.recipients] == ids[:1]


def test_with_nothing_due_no_call_is_written():
    message = MessageFactory(running=True)
    assert take(message) is None
    assert not GatewayCall.objects.exists()


def test_whoever_is_refused_now_is_turned_away_with_the_reason():
    message = campaign(promotional=True, now=NOW)
    fine, refuser, caller = (
        DeliveryFactory(message=message, contact=ContactFactory(**flags))
        for flags in ({}, {"no_promotional": True}, {"voc_call_open": True})
    )
    DeliveryFactory(message=message, contact=ContactFactory(voc_call_open=True))
    stranger = DeliveryFactory(message=message, contact=None, address="+989129999999")
    claimed = take(message)
    assert claimed is not None
    assert claimed.recipients == [(fine.pk, fine.address)]
    assert claimed.turned_away == 4
    assert GatewayCall.objects.get().size == 1
    for row, state, reason in (
        (refuser, "suppressed", "no_promotional"),
        (caller, "queued", "voc_call_open"),
        (stranger, "suppressed", "facts_missing"),
    ):
        row.refresh_from_db()
        assert (row.state, row.reason) == (state, reason)
        assert (row.not_before, row.call_id, row.attempts) == (None, None, 0)


@pytest.mark.parametrize("purpose", ["notification", "survey"])
def test_what_a_customer_said_of_promotion_stops_nothing_else(purpose: str):
    message = MessageFactory(running=True, purpose=purpose)
    for flag in ("no_promotional", "voc_call_open"):
        DeliveryFactory(message=message, contact=ContactFactory(**{flag: True}))
    claimed = take(message)
    assert claimed is not None
    assert (len(claimed.recipients), claimed.turned_away) == (2, 0)


def test_a_claim_that_turns_everybody_away_makes_no_call():
    message = campaign()
    DeliveryFactory(message=message, contact=ContactFactory(no_messages=True))
    claimed = take(message)
    assert claimed is not None
    assert (claimed.recipients, claimed.turned_away, claimed.touched) == ([], 1, 1)
    assert not GatewayCall.objects.exists()


OVERRIDES = {
    "right": ({}, True),
    "of other content": ({"content_hash": "0" * 64}, False),
    "ended": ({"approved_at": NOW - 2 * HOUR, "expires_at": NOW - HOUR}, False),
    "ends now": ({"approved_at": NOW - HOUR, "expires_at": NOW}, False),
    "approved later": ({"approved_at": NOW + HOUR, "expires_at": NOW + 2 * HOUR}, False),
    "revoked": ({"approved_at": NOW - HOUR, "revoked_at": NOW}, False),
    "withdrawn": ({"pending": True, "revoked_at": NOW}, False),
}


@pytest.mark.parametrize("purpose", ["notification", "survey", "promotional"])
@pytest.mark.parametrize(("changes", "lifts"), OVERRIDES.values(), ids=OVERRIDES)
def test_only_an_approved_override_of_the_same_content_lifts_and_never_for_promotion(
    purpose: str, changes: dict[str, Any], lifts: bool
):
    message = MessageFactory(running=True, purpose=purpose)
    fine = DeliveryFactory(message=message)
    refuser = DeliveryFactory(message=message, contact=ContactFactory(no_messages=True))
    OverrideFactory(message=message, **changes)
    claimed = take(message)
    assert claimed is not None
    expected = [fine, refuser] if lifts and purpose != "promotional" else [fine]
    assert claimed.recipients == [(row.pk, row.address) for row in expected]


@pytest.mark.parametrize("purpose", ["notification", "survey", "promotional"])
def test_a_pending_override_holds_an_emergency_and_no_promotion(purpose: str):
    message = MessageFactory(running=True, purpose=purpose)
    DeliveryFactory(message=message)
    OverrideFactory(message=message, pending=True)
    assert (take(message) is not None) is (purpose == "promotional")


@pytest.mark.parametrize(("purpose", "ends"), [("notification", True), ("promotional", False)])
def test_only_what_an_override_may_lift_ends_with_it(purpose, ends):
    message = MessageFactory(running=True, purpose=purpose)
    open_every_day(message.channel, 0, 1440)
    override = OverrideFactory(message=message)
    message_decision = decision_of(message, override.expires_at - seconds(1))
    assert (message_decision.ends_at == override.expires_at) is ends


def rewritten(message, **fields):
    """The message as if it had been submitted so."""
    with unguarded():
        Message.objects.filter(pk=message.pk).update(**fields)


@pytest.mark.parametrize(
    "obstacle",
    [
        lambda m: MessageStopFactory(message=m, kind="pause"),
        lambda m: MessageStopFactory(message=m, kind="cancel"),
        lambda m: OutageFactory(channel=m.channel),
        lambda m: OverrideFactory(message=m, pending=True),
        lambda m: rewritten(m, scheduled_at=NOW + seconds(1)),
        lambda m: rewritten(m, expires_at=NOW),
        lambda m: Message.objects.filter(pk=m.pk).update(status="paused"),
    ],
    ids=["pause", "cancel", "outage", "approval", "schedule", "expiry", "status"],
)
def test_nothing_is_claimed_while_something_holds_the_message(obstacle):
    message = campaign(2)
    beside = MessageFactory(running=True)  # which nothing holds
    obstacle(message)
    assert take(message) is None
    assert states(message) == {"queued": 2}
    assert take(beside) is None


def test_what_holds_another_message_or_channel_holds_nothing_here():
    message = campaign(2)
    MessageStopFactory()
    OverrideFactory(pending=True)
    OutageFactory(channel=ChannelFactory(code="avanak", kind="voice"))
    beside = DeliveryFactory()
    claimed = take(message)
    assert claimed is not None
    assert len(claimed.recipients) == 2
    assert beside.pk not in {pk for pk, _address in claimed.recipients}
    assert GatewayCall.objects.count() == 1


def test_an_override_of_another_message_lifts_nothing_here():
    message = MessageFactory(running=True)
    fine = DeliveryFactory(message=message)
    DeliveryFactory(message=message, contact=ContactFactory(no_messages=True))
    OverrideFactory(message=MessageFactory(running=True), content_hash=content_hash(message))
    claimed = take(message)
    assert claimed is not None
    assert claimed.recipients == [(fine.pk, fine.address)]
    assert claimed.turned_away == 1


def test_a_trial_passes_by_its_own_outage_and_no_other():
    message = campaign(2)
    other = MessageFactory(running=True, channel=ChannelFactory(code="avanak", kind="voice"))
    proven = OutageFactory(channel=message.channel)
    elsewhere = OutageFactory(channel=other.channel)
    assert take(message, 1, on_trial=elsewhere.pk) is None
    assert take(message, 1, on_trial=proven.pk) is not None


def test_a_lifted_pause_and_an_ended_outage_hold_nothing():
    message = campaign(2)
    MessageStopFactory(message=message, lifted_at=NOW)
    OutageFactory(channel=message.channel, ended_at=NOW)
    assert take(message) is not None


def test_nothing_is_claimed_whose_answer_could_come_after_the_close(settings):
    settings.GATEWAY_TIMEOUT_SECONDS = 20
    message = campaign(2)
    closes_at = NOW + seconds(60)
    assert take(message, 1, closes_at=closes_at, now=closes_at - seconds(22)) is not None
    assert take(message, 1, closes_at=closes_at, now=closes_at - seconds(21)) is None
    call = GatewayCall.objects.get()
    assert call.write_deadline == closes_at - seconds(20)


def test_a_request_is_begun_only_while_its_answer_can_come_inside_the_lease(settings):
    settings.GATEWAY_TIMEOUT_SECONDS, settings.SEND_LEASE_SECONDS = 20, 30
    assert deadlines(NOW, None) == (NOW + seconds(8), NOW + seconds(30))
    settings.SEND_LEASE_SECONDS = 5  # shorter than it should be: a second is left
    # A second is left; and what may still be answered is not unknown, or it could be sent twice.
    assert deadlines(NOW, None) == (NOW + seconds(1), NOW + seconds(1 + 20 + 2))


@together
@pytest.mark.parametrize("limit", [7, 100])
def test_eight_workers_never_take_a_row_twice_nor_more_than_the_limit(limit: int):
    message = campaign(1200)

    def work() -> list[Claim]:
        mine = []
        misses = 0
        while misses < 3:
            claimed = take(message, limit)
            misses = misses + 1 if claimed is None else 0
            if claimed is not None:
                mine.append(claimed)
        return mine

    claims = [claimed for mine in in_threads([work] * 8) for claimed in mine]
    assert max(len(claimed.recipients) for claimed in claims) <= limit
    taken = Counter(pk for claimed in claims for pk, _address in claimed.recipients)
    assert set(taken.values()) == {1}
    assert len(taken) == 1200
    assert states(message) == {DeliveryState.SENDING: 1200}
    assert sum(GatewayCall.objects.values_list("size", flat=True)) == 1200


def impatiently(work: Callable[[], Any]) -> Any:
    """The work's result in a thread with its own connection, where a lock that is waited for is an error."""

    def run() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        return work()

    [result] = in_threads([run], seconds=10)
    return result


@together
def test_a_row_that_another_holds_is_passed_over_without_waiting():
    message = campaign(3)
    with transaction.atomic():
        held = Delivery.objects.select_for_update().order_by("pk").first()
        assert held is not None
        claimed = impatiently(lambda: take(message))
    assert claimed is not None
    assert held.pk not in {pk for pk, _address in claimed.recipients}
    assert len(claimed.recipients) == 2


@together
def test_a_claim_holds_its_message_against_a_stop_until_it_is_committed():
    message = campaign(1)
    with transaction.atomic():
        assert take(message) is not None
        with pytest.raises(OperationalError):
            impatiently(lambda: Message.objects.filter(pk=message.pk).update(status="paused"))
    message.refresh_from_db()
    assert message.status == "running"


@together
def test_a_claim_holds_no_row_of_a_message_that_may_not_go():
    """An opt-out need not wait for a claim that finds the message paused."""
    message = campaign(2)
    MessageStopFactory(message=message)
    with transaction.atomic():
        assert take(message) is None
        assert impatiently(lambda: Delivery.objects.update(provider_status="seen")) == 2
