"""Two experts on one call, on real connections."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from contacts.consent.actions import open_call
from contacts.desk import actions
from contacts.models import ConsentEntry, OptOutCall
from contacts.selectors import out_of_step_with_ledger
from tests.contacts.test_races import at_once
from tests.factories import NOW, ContactFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "مشتری تلفنی خواست"


def attempt(act, **given):
    """What became of it: True, or the code of the refusal."""

    def run():
        try:
            act(**given)
        except ValidationError as refused:
            return refused.code
        return True

    return run


def test_of_many_who_take_a_call_at_once_one_has_it(voc):
    call, _effect = open_call(contact=ContactFactory(), by=voc, now=NOW)
    experts = [UserFactory(roles=["voc"]) for _ in range(6)]
    answers = at_once(*[attempt(actions.take_call, call=call, by=by, now=NOW) for by in experts])
    assert sorted(map(str, answers)) == ["True", *["call_taken"] * 5]
    call.refresh_from_db()
    assert answers[experts.index(call.taken_by)] is True
    assert call.steps.filter(kind="taken").count() == 1


def test_of_two_who_take_over_at_once_one_has_it(voc):
    call, _effect = open_call(contact=ContactFactory(), by=voc, now=NOW)
    actions.take_call(call=call, by=voc, now=NOW)
    given = {"call": call, "holder_id": voc.pk, "reason": REASON, "now": NOW}
    answers = at_once(
        *[attempt(actions.take_over_call, by=UserFactory(roles=["voc"]), **given) for _ in range(4)]
    )
    assert sorted(map(str, answers)) == ["True", *["call_taken"] * 3]


def test_a_decision_and_the_press_that_takes_the_call_away_do_not_both_win(voc):
    other = UserFactory(roles=["voc"])
    for _round in range(5):
        call, _effect = open_call(contact=ContactFactory(), by=voc, now=NOW)
        actions.take_call(call=call, by=voc, now=NOW)
        decided, taken = at_once(
            attempt(
                actions.decide,
                call=call,
                flag="no_messages",
                value=True,
                reason=REASON,
                also=[],
                by=voc,
                now=NOW,
            ),
            attempt(
                actions.take_over_call,
                call=OptOutCall.objects.get(pk=call.pk),
                holder_id=voc.pk,
                reason=REASON,
                by=other,
                now=NOW,
            ),
        )
        assert (decided, taken) in {(True, "call_closed"), ("call_taken", True)}
        assert ConsentEntry.objects.filter(call=call).count() == (1 if decided is True else 0)


def test_decisions_for_the_same_records_in_opposite_orders_do_not_block_each_other(voc):
    one, two = ContactFactory.create_batch(2, customer_no="C-9")
    calls = [open_call(contact=contact, by=voc, now=NOW)[0] for contact in (one, two)]
    for call in calls:
        actions.take_call(call=call, by=voc, now=NOW)
    given = {"flag": "no_promotional", "value": True, "reason": REASON, "by": voc, "now": NOW}
    answers = at_once(
        attempt(actions.decide, call=calls[0], also=[two.pk], **given),
        attempt(actions.decide, call=calls[1], also=[one.pk], **given),
    )
    # Each decision ends both calls: the second comes too late for its own.
    assert sorted(map(str, answers)) == ["True", "call_closed"]
    assert ConsentEntry.objects.count() == 2
    assert not out_of_step_with_ledger().exists()
