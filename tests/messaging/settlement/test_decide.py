"""People decide about deliveries of unknown outcome: who may, what it does, and what it never does."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection

from audit.models import Entry
from contacts.consent.actions import set_consent
from messaging.actions.decide import Choice, Shown, ask_again, decide_outcome
from messaging.actions.stop import cancel
from messaging.actions.sweep import finish, sweep_channel
from messaging.dispatch.claim import Claim, claim
from messaging.dispatch.record import record_answer, record_unknown
from messaging.models import DecidedDelivery, Delivery, DoubtDecision, GatewayCall, Message
from staff.models import User
from tests.factories import NOW, UserFactory, open_every_day
from tests.guards import as_owner
from tests.messaging.helpers import answer, campaign, in_threads, people, seconds, states
from tests.messaging.invariants.gateway_logs import Log
from tests.messaging.pages import boss_of, colleague, user_of

pytestmark = pytest.mark.django_db

LATER = NOW + seconds(100)
ALL = 100


def senior() -> User:
    user: User = UserFactory(roles=["senior"])
    return user


def unsettled(count: int = 3, **fields: Any) -> tuple[Message, Claim]:
    message = campaign(count, **fields)
    claimed = claim(message, limit=100, closes_at=None, worker="test", now=NOW)
    assert claimed is not None
    record_unknown(claimed.call_id, now=NOW, error="timeout")
    return message, claimed


def shown(n: int = 3, **fields: Any) -> Shown:
    return Shown(**{"people": n, "until": NOW, **fields})


def test_sent_again_is_queued_as_a_retry_and_goes_out_once_more():
    message, _claimed = unsettled()
    by = senior()
    assert (
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(), by=by, reason=" مشتری خواست ", now=LATER
        )
        == 3
    )
    assert states(message) == {"queued": 3}
    assert {(d.reason, d.call_id, d.not_before) for d in Delivery.objects.all()} == {("retry", None, LATER)}
    assert GatewayCall.objects.get().outcome == "settled"
    decision = DoubtDecision.objects.get()
    assert (decision.by, decision.choice, decision.reason) == (by, "resend", "مشتری خواست")
    assert (decision.people, decision.seen, decision.at) == (3, 3, LATER)
    assert DecidedDelivery.objects.filter(decision=decision).count() == 3
    data = Entry.objects.get(action="message.doubt_decided").data
    assert data == {"choice": "resend", "reason": "مشتری خواست", "recipients": 3}
    again = claim(message, limit=10, closes_at=None, worker="test", now=LATER)
    assert again is not None
    record_answer(again, answer(again), now=LATER)
    assert states(message) == {"accepted": 3}
    assert finish(message.pk, now=LATER)


@pytest.mark.parametrize(("choice", "state"), [(Choice.ABANDON, "abandoned"), (Choice.SENT, "accepted")])
def test_given_up_or_known_to_be_sent_ends_the_message(choice: Choice, state: str):
    message, claimed = unsettled()
    assert (
        decide_outcome(message=message, choice=choice, shown=shown(), by=senior(), reason="دیدم", now=LATER)
        == 3
    )
    assert states(message) == {state: 3}
    assert set(Delivery.objects.values_list("call_id", flat=True)) == {claimed.call_id}
    assert finish(message.pk, now=LATER)


def test_one_person_alone_is_decided_about():
    message, claimed = unsettled()
    chosen = claimed.recipients[1][0]
    decide_outcome(
        message=message,
        choice=Choice.ABANDON,
        shown=shown(1, delivery=chosen),
        by=senior(),
        reason="دیدم",
        now=LATER,
    )
    assert states(message) == {"abandoned": 1, "unknown": 2}
    assert Delivery.objects.get(state="abandoned").pk == chosen
    assert GatewayCall.objects.get().outcome == "unknown"
    assert not finish(message.pk, now=LATER)


def test_what_was_settled_meanwhile_is_left_alone():
    message, claimed = unsettled(3)
    Delivery.objects.filter(pk=claimed.recipients[0][0]).update(state="accepted", provider_id="7")
    assert (
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(3), by=senior(), reason="دیدم", now=LATER
        )
        == 2
    )
    assert states(message) == {"accepted": 1, "queued": 2}
    assert DoubtDecision.objects.values_list("seen", "people").get() == (3, 2)


def test_pressed_twice_it_is_decided_once():
    message, _claimed = unsettled()
    by = senior()
    assert (
        decide_outcome(message=message, choice=Choice.ABANDON, shown=shown(), by=by, reason="دیدم", now=LATER)
        == 3
    )
    assert (
        decide_outcome(message=message, choice=Choice.RESEND, shown=shown(), by=by, reason="دیدم", now=LATER)
        == 0
    )
    assert states(message) == {"abandoned": 3}
    assert DoubtDecision.objects.count() == Entry.objects.filter(action="message.doubt_decided").count() == 1


def test_what_became_unknown_after_the_page_waits_for_a_press_of_its_own():
    message = campaign(4)
    for at in (NOW, LATER):
        claimed = claim(message, limit=2, closes_at=None, worker="test", now=NOW)
        assert claimed is not None
        record_unknown(claimed.call_id, now=at, error="timeout")
    assert (
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(2), by=senior(), reason="دیدم", now=LATER
        )
        == 2
    )
    assert states(message) == {"queued": 2, "unknown": 2}


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_nothing_is_decided_without_a_reason(reason: str):
    message, _claimed = unsettled()
    with pytest.raises(ValidationError):
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(), by=senior(), reason=reason, now=LATER
        )
    assert states(message) == {"unknown": 3}


def test_only_who_may_see_the_message_and_may_decide_does():
    sender = colleague("sender")
    message, _claimed = unsettled(sender=sender)
    for by in (user_of(sender), user_of(colleague("manager")), UserFactory(roles=["voc"])):
        with pytest.raises(PermissionDenied):
            decide_outcome(
                message=message, choice=Choice.RESEND, shown=shown(), by=by, reason="دیدم", now=LATER
            )
        with pytest.raises(PermissionDenied):
            ask_again(message=message, by=by, now=LATER)
    assert states(message) == {"unknown": 3}
    boss = user_of(boss_of(sender, "manager"))
    assert (
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(), by=boss, reason="دیدم", now=LATER
        )
        == 3
    )


def test_a_cancelled_message_is_not_sent_again_and_may_be_given_up():
    message, _claimed = unsettled()
    by = senior()
    cancel(message=message, by=by, now=LATER)
    with pytest.raises(ValidationError):
        decide_outcome(message=message, choice=Choice.RESEND, shown=shown(), by=by, reason="دیدم", now=LATER)
    assert (
        decide_outcome(message=message, choice=Choice.ABANDON, shown=shown(), by=by, reason="دیدم", now=LATER)
        == 3
    )
    sweep_channel("sms", now=LATER)
    message.refresh_from_db()
    assert message.finished_at == LATER


def test_whoever_refused_meanwhile_does_not_get_it_again():
    message, claimed = unsettled(2)
    row = Delivery.objects.select_related("contact").get(pk=claimed.recipients[0][0])
    assert row.contact is not None
    set_consent(
        contact=row.contact, flag="no_messages", value=True, by=UserFactory(roles=["voc"]), reason="خواست",
        now=LATER,
    )  # fmt: skip
    decide_outcome(
        message=message, choice=Choice.RESEND, shown=shown(2), by=senior(), reason="دیدم", now=LATER
    )
    again = claim(message, limit=10, closes_at=None, worker="test", now=LATER)
    assert again is not None
    assert [pk for pk, _a in again.recipients] == [claimed.recipients[1][0]]
    assert states(message) == {"suppressed": 1, "sending": 1}


def test_an_answer_that_comes_after_giving_up_is_kept_on_the_call_and_changes_nobody():
    message, claimed = unsettled()
    decide_outcome(
        message=message, choice=Choice.ABANDON, shown=shown(), by=senior(), reason="دیدم", now=LATER
    )
    record_answer(claimed, answer(claimed), now=LATER)
    assert states(message) == {"abandoned": 3}
    call = GatewayCall.objects.get()
    assert (call.outcome, call.answer, call.campaign_id) == ("answered", "{}", "c1")


def test_asking_again_begins_anew():
    message, claimed = unsettled()
    GatewayCall.objects.update(settle_rounds=24, settle_given_up_at=NOW, settle_due_at=None)
    assert ask_again(message=message, by=senior(), now=LATER) == 1
    call = GatewayCall.objects.get(pk=claimed.call_id)
    assert (call.settle_rounds, call.settle_given_up_at, call.settle_due_at) == (0, None, LATER)
    assert Entry.objects.filter(action="message.doubt_asked").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_late_acceptance_and_a_decision_at_once_leave_one_outcome_each():
    for _turn in range(5):
        message, claimed = unsettled(20) if not Message.objects.exists() else unsettled(0)
        by = senior()
        press = partial(decide_outcome, message=message, shown=shown(20), by=by, reason="دیدم", now=LATER)
        in_threads(
            [
                partial(press, choice=Choice.RESEND),
                partial(record_answer, claimed, answer(claimed), now=LATER),
                partial(press, choice=Choice.ABANDON),
            ]
        )
        assert list(states(message).values()) == [20]
        decided = sum(DoubtDecision.objects.filter(message=message).values_list("people", flat=True))
        assert decided == (0 if "accepted" in states(message) else 20)


@pytest.mark.parametrize("model", [DoubtDecision, DecidedDelivery])
def test_what_was_decided_cannot_be_rewritten(model: type[DoubtDecision]):
    message, _claimed = unsettled(1)
    decide_outcome(
        message=message, choice=Choice.RESEND, shown=shown(1), by=senior(), reason="دیدم", now=LATER
    )
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):  # noqa: S608
        with pytest.raises(DatabaseError, match="Cannot"), as_owner():
            connection.cursor().execute(sql)
    assert model.objects.count() == 1


class TestTheChecker:
    """A person's resend is not the machine's "twice"."""

    def resent(self) -> tuple[Log, Message]:
        log = Log()
        message, _claimed = unsettled(2)
        for row in Delivery.objects.filter(message=message).order_by("id"):
            log.accept(row.address)
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(2), by=senior(), reason="دیدم", now=LATER
        )
        return log, message

    def send(self, log: Log, message: Message) -> None:
        again = claim(message, limit=10, closes_at=None, worker="test", now=LATER)
        assert again is not None
        record_answer(again, answer(again), now=LATER)
        log.accept_all(message, at=LATER)

    def test_as_many_extra_takes_are_allowed_as_were_decided(self):
        log, message = self.resent()
        self.send(log, message)
        verdict = log.judge()
        assert verdict.is_kept
        assert verdict.resent_by_person == 2

    def test_one_more_is_the_machines_own(self):
        log, message = self.resent()
        self.send(log, message)
        log.accept(Delivery.objects.filter(message=message)[0].address)
        verdict = log.judge()
        assert (verdict.counts["twice"], verdict.resent_by_person) == (1, 2)

    def test_a_decision_about_one_explains_nobody_elses(self):
        log = Log()
        message, claimed = unsettled(2)
        for _pk, address in claimed.recipients:
            log.accept(address)
        one = shown(1, delivery=claimed.recipients[0][0])
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=one, by=senior(), reason="دیدم", now=LATER
        )
        decide_outcome(
            message=message, choice=Choice.SENT, shown=shown(1), by=senior(), reason="دیدم", now=LATER
        )
        self.send(log, message)
        log.accept(claimed.recipients[1][1])
        verdict = log.judge()
        assert (verdict.counts["twice"], verdict.resent_by_person) == (1, 1)

    def test_what_was_taken_and_waits_again_is_accounted_for(self):
        log, _message = self.resent()
        verdict = log.judge()
        assert verdict.is_kept
        assert (verdict.resent_by_person, verdict.waiting) == (0, 2)

    def test_what_was_taken_outside_the_hours_stays_a_breach(self):
        log = Log()
        people(1)
        message, claimed = unsettled(0, promotional=True)
        open_every_day(message.channel)
        log.accept(claimed.recipients[0][1], at=NOW + seconds(11 * 3600))
        decide_outcome(
            message=message, choice=Choice.RESEND, shown=shown(1), by=senior(), reason="دیدم", now=LATER
        )
        assert log.judge().counts["outside_window"] == 1

    def test_a_persons_word_that_it_was_sent_is_told_by_itself(self):
        log = Log()
        message, claimed = unsettled(2)
        log.accept(claimed.recipients[0][1])
        decide_outcome(
            message=message, choice=Choice.SENT, shown=shown(2), by=senior(), reason="در پنل دیدم", now=LATER
        )
        verdict = log.judge()
        assert verdict.is_kept
        assert verdict.not_as_said == 1
