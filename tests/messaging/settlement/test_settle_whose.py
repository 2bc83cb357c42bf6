"""Whose a provider's record is, where two messages carry one text to one number (ADR 14)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.models import Contact
from messaging.actions.decide import Choice, Shown, decide_outcome
from messaging.actions.stop import cancel
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery, GatewayCall
from tests.factories import ContactFactory, UserFactory
from tests.guards import unguarded
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import in_threads, states
from tests.messaging.settlement.lost_answers import crash_before_sending, lose_the_answer, planned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings) -> None:
    settings.SETTLE_QUIET_SECONDS = 0


def test_a_record_that_belongs_to_another_message_is_not_taken_for_ours(sms: Dispatch):
    """The other holds its id, and there is no second record: ours was never taken."""
    first = planned(2, text="همان متن")
    sms.run()
    assert states(first) == {"accepted": 2}
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 2, 0)
    assert states(second) == {"queued": 2}


@pytest.mark.parametrize("state", ["accepted", "abandoned"])
def test_a_record_that_another_may_own_without_its_id_proves_nothing(sms: Dispatch, state: str):
    """A person said of the other that it was sent, or gave it up: the one record may be its."""
    first = planned(2, text="همان متن")
    lose_the_answer(sms)
    Delivery.objects.filter(message=first).update(state=state)
    GatewayCall.objects.update(outcome="settled")
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 0, 2)
    assert GatewayCall.objects.get(message=second).settle_said == "shared"


@pytest.mark.parametrize("cancelled", ["first", "second", ""])
def test_of_two_messages_with_one_text_unknown_a_person_says_whose_the_one_record_is(
    sms: Dispatch, cancelled: str
):
    """Were it given to the one that is cancelled meanwhile, the other would be sent to its people twice."""
    first = planned(2, text="همان متن")
    lose_the_answer(sms)
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    if cancelled:
        cancel(
            message=first if cancelled == "first" else second,
            by=UserFactory(roles=["senior"]),
            now=database_clock(),
        )
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 0, 4)
    assert set(GatewayCall.objects.values_list("settle_said", flat=True)) == {"shared"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("همان متن", "همان متن\nلغو۱۱"),  # the user wrote the line that a provider may append
        ("همان متن", "همان متن ساعت ۱۱"),
        ("همان متن", "همان متن امروز"),  # with a line appended, a cancellation line for the first
        ("کتاب می‌رسد", "كتاب مي‌رسد"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_texts_that_a_record_cannot_tell_apart_are_rivals(sms: Dispatch, one: str, other: str, turned: bool):
    """Were the one record given to the message that was never taken, the other would be sent twice."""
    first = planned(2, text=other if turned else one)
    crash_before_sending(first)
    second = planned(0, text=one if turned else other)
    lose_the_answer(sms)
    sms.settle()
    sms.settle()
    assert states(first) == states(second) == {"unknown": 2}


def test_a_copy_that_a_person_did_not_wait_for_may_be_the_one_record(sms: Dispatch):
    """The provider had it all along, and has the second copy; another's of the same text is not there."""
    first = planned(2, text="همان متن")
    lose_the_answer(sms)
    shown = Shown(people=2, until=database_clock())
    decide_outcome(
        message=first,
        choice=Choice.RESEND,
        shown=shown,
        by=UserFactory(roles=["senior"]),
        reason="بی‌خبر",
        now=database_clock(),
    )
    sms.run()
    assert states(first) == {"accepted": 2}
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 0, 2)


def test_two_messages_with_one_text_that_were_both_taken_are_both_found(sms: Dispatch):
    first = planned(2, text="همان متن")
    lose_the_answer(sms)
    second = planned(0, text="همان متن")
    lose_the_answer(sms)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (4, 0, 0)
    assert states(first) == states(second) == {"accepted": 2}
    assert len(set(Delivery.objects.values_list("provider_id", flat=True))) == 4


def test_two_messages_with_one_text_of_which_none_was_taken_are_both_sent_again(sms: Dispatch):
    first, second = planned(2, text="همان متن"), planned(0, text="همان متن")
    crash_before_sending(first)
    crash_before_sending(second)
    assert sms.settle().absent == 4
    assert states(first) == states(second) == {"queued": 2}


@pytest.mark.parametrize(("minutes", "settled"), [(9, (0, 0, 2)), (11, (2, 0, 0))])
def test_an_unknown_outcome_of_long_before_a_call_is_no_rival_of_it(
    sms: Dispatch, minutes: int, settled: tuple[int, int, int]
):
    """What became unknown more than ten minutes before, has no record in the period of this call."""
    before = planned(2, text="همان متن")
    crash_before_sending(before)
    long_ago = database_clock() - timedelta(minutes=minutes)
    with unguarded():
        GatewayCall.objects.update(intended_at=long_ago, settle_due_at=None, settle_given_up_at=long_ago)
    Delivery.objects.update(updated_at=long_ago)
    ours = planned(0, text="همان متن")
    lose_the_answer(sms)
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == settled
    assert states(before) == {"unknown": 2}
    assert states(ours) == ({"accepted": 2} if done.found else {"unknown": 2})


def test_rivals_are_those_of_the_whole_period_that_was_asked_about(sms: Dispatch):
    """Calls of ten minutes are one question: what another lost just before the first of them may be found in
    it, though it lies long before the last."""
    before = planned(2, text="همان متن")
    lose_the_answer(sms)
    now = database_clock()
    Delivery.objects.update(updated_at=now - timedelta(minutes=13))
    sms.server.gateway.ledgers["sms"].campaigns[0].at -= 13 * 60
    with unguarded():
        GatewayCall.objects.update(
            intended_at=now - timedelta(minutes=13), settle_due_at=None, settle_given_up_at=now
        )
    ours = planned(0, text="همان متن")
    first, last = crash_before_sending(ours, limit=1), crash_before_sending(ours, limit=1)
    with unguarded():
        GatewayCall.objects.filter(pk=first).update(intended_at=now - timedelta(minutes=9))
    assert GatewayCall.objects.get(pk=last).intended_at >= now
    done = sms.settle()
    assert (done.found, done.absent, done.unknown) == (0, 0, 2)
    assert states(before) == {"unknown": 2}


def test_a_longer_text_to_the_same_number_is_another_message(sms: Dispatch):
    longer = planned(2, text="همان متن و بیشتر")
    sms.run()
    assert states(longer) == {"accepted": 2}
    ours = planned(0, text="همان متن")
    crash_before_sending(ours)
    assert sms.settle().absent == 2


def test_customers_who_share_a_number_share_its_records_too(sms: Dispatch):
    """The other message reached the number as another customer's; its id is known all the same."""
    first = planned(1, text="همان متن")
    sms.run()
    row = Delivery.objects.get(message=first)
    other = ContactFactory()
    Contact.objects.filter(pk=other.pk).update(phone=row.address)
    with unguarded():
        Delivery.objects.filter(pk=row.pk).update(contact_id=other.pk)
    second = planned(0, text="همان متن")
    crash_before_sending(second)
    assert sms.settle().found == 0


@pytest.mark.django_db(transaction=True)
def test_two_settlements_at_once_never_share_one_record_of_the_provider(sms: Dispatch):
    first, second = planned(4, text="همان متن"), planned(0, text="همان متن")
    lose_the_answer(sms)
    lose_the_answer(sms)
    assert states(first) == states(second) == {"unknown": 4}
    in_threads([sms.settle] * 3)
    taken = Delivery.objects.exclude(provider_id="").values_list("provider_id", flat=True)
    assert len(taken) == len(set(taken)) == 8
