"""Pausing and cancelling a whole message: once the action has returned, nothing more is claimed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections, transaction

from audit.models import Entry
from messaging.actions.plan import plan
from messaging.actions.stop import cancel, pause, resume
from messaging.actions.sweep import close_queued, finish, sweep_channel
from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_answer, record_not_sent, record_unknown
from messaging.models import Delivery, GatewayCall, Message, MessageStop
from messaging.policy.reasons import Reason
from tests.factories import NOW, ContactFactory, DeliveryFactory, EmployeeFactory, MessageFactory, UserFactory
from tests.messaging.helpers import (
    answer,
    backend_pid,
    campaign,
    in_threads,
    seconds,
    states,
    waits_for_a_lock,
)

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


def take(message: Message, limit: int = 100):
    return claim(message, limit=limit, closes_at=None, worker="test", now=NOW)


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_pause_stops_and_a_resume_lets_go_on():
    message = campaign(2)
    pause(message=message, by=message.submitted_by, now=NOW, reason="mistake in the text")
    assert fresh(message).status == "paused"
    assert take(message) is None
    resume(message=fresh(message), by=message.submitted_by, now=NOW)
    assert fresh(message).status == "running"
    assert take(message) is not None
    actions = Entry.objects.filter(object_id=str(message.pk), object_type="messaging.message")
    assert {"message.pause", "message.resume"} <= set(actions.values_list("action", flat=True))
    stop = MessageStop.objects.get()
    assert (stop.by, stop.lifted_by, stop.reason) == (
        message.submitted_by,
        message.submitted_by,
        "mistake in the text",
    )


def test_pressing_pause_twice_is_pausing_once():
    message = campaign(2)
    stale = fresh(message)
    pause(message=message, by=message.submitted_by, now=NOW)
    pause(message=stale, by=message.submitted_by, now=NOW)
    assert fresh(message).status == "paused"
    assert MessageStop.objects.get().lifted_at is None


def test_a_pause_that_comes_too_late_leaves_no_flag_behind():
    message = campaign(0)
    stale = fresh(message)
    assert finish(message.pk, now=NOW)
    with pytest.raises(ValidationError):
        pause(message=stale, by=message.submitted_by, now=NOW)
    assert not MessageStop.objects.filter(lifted_at__isnull=True).exists()


def test_the_machine_may_pause():
    message = campaign(1)
    pause(message=message, by=None, now=NOW, reason="content: empty")
    assert MessageStop.objects.get().by is None
    assert Entry.objects.get(action="message.pause").actor == "system"


@pytest.mark.parametrize("action", [pause, cancel])
def test_only_whoever_may_see_and_stop_a_message_stops_it(action):
    message = campaign(1)
    for by in (UserFactory(), UserFactory(roles=["auditor"]), EmployeeFactory().user):
        with pytest.raises(PermissionDenied):
            action(message=message, by=by, now=NOW)
    assert fresh(message).status == "running"
    assert not MessageStop.objects.exists()


def test_what_is_not_under_way_is_not_paused_and_what_is_not_paused_not_resumed():
    message = MessageFactory()
    with pytest.raises(ValidationError):
        pause(message=message, by=message.submitted_by, now=NOW)
    with pytest.raises(ValidationError):
        resume(message=message, by=message.submitted_by, now=NOW)


@pytest.mark.parametrize("status", ["submitted", "running", "paused"])
def test_whatever_has_not_ended_can_be_cancelled_and_what_waits_is_swept(status: str):
    message = MessageFactory() if status == "submitted" else campaign(3)
    if status == "paused":
        pause(message=message, by=message.submitted_by, now=NOW)
    cancel(message=fresh(message), by=message.submitted_by, now=NOW, reason="wrong list")
    assert fresh(message).status == "cancelled"
    assert plan(message.pk, now=NOW) == 0
    sweep_channel("sms", now=NOW)
    assert set(states(message)) <= {"cancelled"}
    assert fresh(message).finished_at == NOW
    with pytest.raises(ValidationError):
        cancel(message=fresh(message), by=message.submitted_by, now=NOW)


def test_a_cancelled_message_is_not_done_while_a_call_may_still_put_something_back():
    message = campaign(3)
    claimed = take(message, 2)
    assert claimed is not None
    cancel(message=fresh(message), by=message.submitted_by, now=NOW)
    sweep_channel("sms", now=NOW)
    assert fresh(message).finished_at is None
    record_not_sent(claimed, now=NOW, error="refused")
    sweep_channel("sms", now=NOW)
    assert states(message) == {"cancelled": 3}
    assert fresh(message).finished_at == NOW


def test_a_message_ends_only_when_nothing_waits_is_under_way_or_unknown():
    message = campaign(2)
    assert not finish(message.pk, now=NOW)
    claimed = take(message)
    assert claimed is not None
    assert not finish(message.pk, now=NOW)
    record_unknown(claimed.call_id, now=NOW, error="timeout")
    assert not finish(message.pk, now=NOW)
    record_answer(claimed, answer(claimed), now=NOW)
    assert finish(message.pk, now=NOW)
    assert (fresh(message).status, fresh(message).finished_at) == ("finished", NOW)
    assert not finish(message.pk, now=NOW)


def test_putting_away_takes_at_most_so_many_at_a_time():
    message = campaign(5)
    assert close_queued(message.pk, Reason.EXPIRED, now=NOW, limit=3) == 3
    assert close_queued(message.pk, Reason.EXPIRED, now=NOW, limit=3) == 2
    assert states(message) == {"expired": 5}


@pytest.mark.parametrize(
    ("kind", "status", "after"),
    [("cancel", "running", "cancelled"), ("cancel", "paused", "cancelled"), ("pause", "running", "paused")],
)
def test_a_stop_of_which_only_the_flag_was_made_is_brought_to_its_end(kind: str, status: str, after: str):
    """Whoever pressed died between the two commits: nothing leaves, and nothing would ever have ended."""
    message = campaign(2)
    Message.objects.filter(pk=message.pk).update(status=status)
    MessageStop.objects.create(message=message, kind=kind, at=NOW, by=message.submitted_by)
    sweep_channel(message.channel.code, now=NOW + seconds(59))
    assert fresh(message).status == status
    sweep_channel(message.channel.code, now=NOW + seconds(61))
    assert fresh(message).status == after
    assert states(message) == ({"cancelled": 2} if after == "cancelled" else {"queued": 2})


def test_what_has_expired_is_swept_and_ends():
    message = campaign(3, expires_at=NOW + seconds(60))
    sweep_channel("sms", now=NOW + seconds(59))
    assert states(message) == {"queued": 3}
    sweep_channel("sms", now=NOW + seconds(60))
    assert states(message) == {"expired": 3}
    assert fresh(message).status == "finished"


def test_a_hold_that_an_ended_call_left_behind_is_released():
    """A plan or a claim may have read the flag just before the call's end was committed."""
    message = campaign(promotional=True)
    left = DeliveryFactory(message=message, contact=ContactFactory(), not_before=None, reason="voc_call_open")
    held = DeliveryFactory(
        message=message, contact=ContactFactory(voc_call_open=True), not_before=None, reason="voc_call_open"
    )
    assert sweep_channel("sms", now=NOW) == 1
    left.refresh_from_db()
    held.refresh_from_db()
    assert (left.state, left.reason, left.not_before) == ("queued", "", NOW)
    assert (held.reason, held.not_before) == ("voc_call_open", None)


def test_the_sweep_releases_only_holds_of_running_messages_that_no_call_keeps():
    message = campaign(promotional=True)
    waiting = {"not_before": None, "reason": "voc_call_open", "updated_at": NOW}
    left = DeliveryFactory(message=message, contact=ContactFactory(), **waiting)
    refused = DeliveryFactory(
        message=message,
        contact=ContactFactory(),
        state="suppressed",
        not_before=None,
        reason="no_promotional",
    )
    due = DeliveryFactory(message=message, contact=ContactFactory(), not_before=NOW)
    retried = DeliveryFactory(
        message=message, contact=ContactFactory(), not_before=NOW + seconds(60), reason="retry"
    )
    paused = DeliveryFactory(message__status="paused", message__purpose="promotional", **waiting)
    meanwhile = DeliveryFactory(
        message=message, contact=ContactFactory(no_promotional=True), **waiting
    )  # refused past the action
    assert sweep_channel("sms", now=NOW + seconds(1)) == 2
    for row, reason, at in (
        (left, "", NOW + seconds(1)),
        (meanwhile, "", NOW + seconds(1)),
        (refused, "no_promotional", None),
        (due, "", NOW),
        (retried, "retry", NOW + seconds(60)),
        (paused, "voc_call_open", None),
    ):
        row.refresh_from_db()
        assert (row.reason, row.not_before) == (reason, at)


def test_putting_away_one_message_leaves_every_other_one_waiting():
    message, other = campaign(2), DeliveryFactory()
    assert close_queued(message.pk, Reason.EXPIRED, now=NOW) == 2
    other.refresh_from_db()
    assert other.state == "queued"


@together
@pytest.mark.parametrize("stop", [pause, cancel])
def test_a_stop_waits_for_the_claim_in_flight(stop):
    message = campaign(3)
    user = message.submitted_by
    pids: list[int] = []
    done = threading.Event()

    def stopping() -> None:
        pids.append(backend_pid())
        stop(message=message, by=user, now=NOW)
        done.set()
        connections.close_all()

    thread = threading.Thread(target=stopping)
    with transaction.atomic():
        claimed = take(message, 2)
        thread.start()
        until = time.monotonic() + 10
        while time.monotonic() < until and not (pids and waits_for_a_lock(pids[0])):
            time.sleep(0.01)
        assert not done.is_set()
        # The flag is out already: a claim that begins now finds nothing, while the stop still waits.
        assert in_threads([lambda: take(message)], seconds=10) == [None]
    thread.join(10)
    assert done.is_set()
    assert claimed is not None
    assert len(claimed.recipients) == 2
    assert take(message) is None


@together
@pytest.mark.parametrize("stop", [pause, cancel])
def test_nothing_is_claimed_after_a_stop_has_returned_under_load(stop):
    message = campaign(4000)
    user = message.submitted_by
    stopped = threading.Event()
    late: list[int] = []

    def claiming() -> int:
        misses = total = 0
        while misses < 20:
            was_stopped = stopped.is_set()
            claimed = take(message, 5)
            misses = misses + 1 if claimed is None else 0
            if claimed is not None:
                total += len(claimed.recipients)
                if was_stopped:
                    late.append(claimed.call_id)
        return total

    def stopping() -> int:
        time.sleep(0.3)
        started = time.monotonic()
        stop(message=message, by=user, now=NOW)
        stopped.set()
        return int((time.monotonic() - started) * 1000)

    *totals, milliseconds = in_threads([claiming] * 6 + [stopping])
    assert late == []
    assert 0 < sum(totals) < 4000, "the stop must come in mid-campaign"
    assert milliseconds < 5000
    assert states(message)["sending"] == sum(totals)
    assert sum(GatewayCall.objects.values_list("size", flat=True)) == sum(totals)


@together
def test_a_cancel_while_the_plan_is_being_written_holds():
    people_before = campaign(50)
    for _round in range(5):
        message = MessageFactory(sender=people_before.sender, sender_manager=people_before.sender_manager)
        in_threads(
            [
                partial(plan, message.pk, now=NOW),
                partial(cancel, message=message, by=message.submitted_by, now=NOW),
            ]
        )
        assert fresh(message).status == "cancelled"
        assert take(message) is None
    sweep_channel("sms", now=NOW)
    waiting = Delivery.objects.filter(state="queued").exclude(message=people_before)
    assert not waiting.exists()


@together
def test_a_message_never_ends_while_a_refused_call_puts_its_people_back():
    """The look at the queue and the look at the calls must be one."""
    message = campaign(1)
    for _round in range(15):
        claimed = take(message)
        assert claimed is not None
        in_threads(
            [
                partial(record_not_sent, claimed, now=NOW, error="refused"),
                partial(finish, message.pk, now=NOW),
                partial(finish, message.pk, now=NOW + timedelta(seconds=1)),
            ]
        )
        assert (fresh(message).status, states(message)) == ("running", {"queued": 1})
