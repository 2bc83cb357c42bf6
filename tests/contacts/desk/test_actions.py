"""A call's way over the desk, and every press that is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import Entry
from contacts.consent.actions import close_call, open_call, set_consent
from contacts.desk import actions
from contacts.models import CallStep, ConsentEntry, Contact, OptOutCall
from contacts.selectors import out_of_step_with_ledger
from staff.models import User
from staff.roles import Role
from tests.factories import DAY, HOUR, NOW, ContactFactory, UserFactory, set_flag

pytestmark = pytest.mark.django_db

REASON = "مشتری تلفنی خواست"
MINUTE = timedelta(minutes=1)


def kinds(call: OptOutCall) -> list[str]:
    return list(call.steps.order_by("pk").values_list("kind", flat=True))


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        act()
    return str(refused.value.code)


def decide(call: OptOutCall, by: User, **given: Any) -> Any:
    options = {"flag": "no_promotional", "value": True, "reason": REASON, "also": [], "now": NOW + HOUR}
    return actions.decide(call=call, by=by, **{**options, **given})


def test_a_call_is_taken_once_and_the_second_learns_who_has_it_and_since_when(call, voc, other):
    voc.first_name = "سارا"
    voc.save()
    actions.take_call(call=call, by=voc, now=NOW + MINUTE)
    call.refresh_from_db()
    assert (call.taken_by, call.taken_at, call.pressed_at) == (voc, NOW + MINUTE, NOW + MINUTE)
    with pytest.raises(ValidationError) as refused:
        actions.take_call(call=call, by=other, now=NOW + 2 * MINUTE)
    assert refused.value.code == "call_taken"
    [sentence] = refused.value.messages
    assert "سارا" in sentence
    assert "۱۲:۰۱" in sentence
    assert kinds(call) == ["opened", "taken"]
    assert Entry.objects.filter(action="desk.taken", actor="voc").count() == 1


def test_taking_what_one_has_is_a_press(call, voc):
    actions.take_call(call=call, by=voc, now=NOW)
    actions.take_call(call=call, by=voc, now=NOW + HOUR)
    call.refresh_from_db()
    assert (call.taken_at, call.pressed_at) == (NOW, NOW + HOUR)
    assert kinds(call) == ["opened", "taken"]


def test_a_call_is_taken_over_with_a_reason_in_words(call, voc, other):
    actions.take_call(call=call, by=voc, now=NOW)
    take = {"call": call, "holder_id": voc.pk, "by": other, "now": NOW + HOUR}
    assert code_of(lambda: actions.take_over_call(reason="؟!", **take)) == "reason_without_words"
    actions.take_over_call(reason="همکارم به مرخصی رفت", **take)
    call.refresh_from_db()
    assert (call.taken_by, call.taken_at) == (other, NOW + HOUR)
    step = call.steps.get(kind="taken_over")
    assert (step.by, step.note) == (other, "همکارم به مرخصی رفت")
    assert Entry.objects.get(action="desk.taken_over").data["taken_from"] == voc.pk


def test_a_call_is_not_taken_over_from_somebody_else_than_was_seen_there(call, voc, other):
    third = UserFactory(roles=["voc"])
    actions.take_call(call=call, by=voc, now=NOW)
    actions.take_over_call(call=call, holder_id=voc.pk, reason=REASON, by=other, now=NOW)
    late = {"call": call, "holder_id": voc.pk, "reason": REASON, "now": NOW}
    assert code_of(lambda: actions.take_over_call(by=third, **late)) == "call_taken"
    actions.hand_back(call=call, by=other, now=NOW)
    assert code_of(lambda: actions.take_over_call(by=third, **late)) == "call_waits"
    # One's own call is taken over from nobody.
    actions.take_call(call=call, by=third, now=NOW)
    own = {**late, "holder_id": third.pk}
    assert code_of(lambda: actions.take_over_call(by=third, **own)) == "call_taken"


def test_a_call_handed_back_waits_again(call, voc, other):
    actions.take_call(call=call, by=voc, now=NOW)
    assert code_of(lambda: actions.hand_back(call=call, by=other, now=NOW)) == "call_taken"
    actions.hand_back(call=call, by=voc, now=NOW + MINUTE)
    call.refresh_from_db()
    assert (call.taken_by, call.taken_at, call.pressed_at) == (None, None, None)
    assert code_of(lambda: actions.hand_back(call=call, by=voc, now=NOW + HOUR)) == "call_waits"
    actions.take_call(call=call, by=other, now=NOW + HOUR)
    assert kinds(call) == ["opened", "taken", "handed_back", "taken"]


def test_a_customer_not_reached_is_tried_again_later(call, voc, other):
    actions.take_call(call=call, by=voc, now=NOW)
    tried = {"call": call, "note": "پاسخ نداد", "now": NOW + MINUTE}
    assert code_of(lambda: actions.not_reached(next_try_at=NOW + HOUR, by=other, **tried)) == "call_taken"
    for wrong in (NOW, NOW + MINUTE, NOW + 31 * DAY):
        assert code_of(partial(actions.not_reached, next_try_at=wrong, by=voc, **tried)) == "next_try"
    blank = {**tried, "note": " \u200c "}
    assert code_of(lambda: actions.not_reached(next_try_at=None, by=voc, **blank)) == "reason_missing"
    actions.not_reached(next_try_at=NOW + HOUR, by=voc, **tried)
    call.refresh_from_db()
    assert (call.attempts, call.next_try_at, call.taken_by) == (1, NOW + HOUR, None)
    assert call.contact.voc_call_open
    # A double press counts once.
    assert code_of(lambda: actions.not_reached(next_try_at=NOW + HOUR, by=voc, **tried)) == "call_waits"
    # The customer calls by himself: nobody waits for the hour.
    actions.take_call(call=call, by=other, now=NOW + 2 * MINUTE)
    call.refresh_from_db()
    assert call.next_try_at is None


def test_the_holder_s_decision_ends_the_call(call, voc):
    actions.take_call(call=call, by=voc, now=NOW)
    [decided] = decide(call, voc)
    call.refresh_from_db()
    assert decided.effect.changed
    assert (call.outcome, call.closed_by, call.closed_at) == ("decided", voc, NOW + HOUR)
    assert ConsentEntry.objects.get().call == call
    assert kinds(call) == ["opened", "taken", "ended"]
    assert not Contact.objects.get(pk=call.contact_id).voc_call_open


def test_only_who_has_the_call_decides_on_it(call, voc, other):
    assert code_of(lambda: decide(call, voc)) == "call_waits"
    actions.take_call(call=call, by=voc, now=NOW)
    assert code_of(lambda: decide(call, other)) == "call_taken"
    assert not ConsentEntry.objects.exists()


def test_what_another_expert_has_is_not_decided_past_the_desk_either(call, voc, other):
    """The customer's own page calls `set_consent` and `close_call` without the desk."""
    actions.take_call(call=call, by=voc, now=NOW)
    given = {"contact": call.contact, "now": NOW}
    assert (
        code_of(lambda: set_consent(flag="no_messages", value=True, reason=REASON, by=other, **given))
        == "call_taken"
    )
    assert code_of(lambda: close_call(by=other, **given)) == "call_taken"
    assert set_consent(flag="no_messages", value=True, reason=REASON, by=voc, **given).changed


def test_a_closed_call_moves_no_more(call, voc, other):
    actions.take_call(call=call, by=voc, now=NOW)
    decide(call, voc)
    late = {"call": call, "now": NOW + DAY}
    acts = [
        lambda: actions.take_call(by=other, **late),
        lambda: actions.take_call(by=voc, **late),
        lambda: actions.take_over_call(by=other, holder_id=voc.pk, reason=REASON, **late),
        lambda: actions.hand_back(by=voc, **late),
        lambda: actions.not_reached(by=voc, note=REASON, next_try_at=None, **late),
        lambda: actions.close_unchanged(by=voc, reason=REASON, **late),
        lambda: decide(call, voc),
    ]
    assert [code_of(act) for act in acts] == ["call_closed"] * len(acts)
    assert not actions.press(by=voc, **late)
    assert actions.give_back_at_sign_out(user=voc, now=NOW + DAY) == 0


def test_a_customer_who_wants_no_change_ends_the_call_with_what_was_said(call, voc, other):
    actions.take_call(call=call, by=voc, now=NOW)
    assert (
        code_of(lambda: actions.close_unchanged(call=call, reason=REASON, by=other, now=NOW)) == "call_taken"
    )
    assert (
        code_of(lambda: actions.close_unchanged(call=call, reason="..", by=voc, now=NOW))
        == "reason_without_words"
    )
    actions.close_unchanged(call=call, reason="فقط پرسشی داشت", by=voc, now=NOW + MINUTE)
    call.refresh_from_db()
    assert (call.outcome, call.closed_by) == ("unchanged", voc)
    assert call.steps.get(kind="ended").note == "فقط پرسشی داشت"
    assert not ConsentEntry.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.VOC])
def test_nobody_but_a_voc_expert_works_on_calls(role, call, voc):
    by = UserFactory(roles=[role])
    acts = [
        lambda: actions.take_call(call=call, by=by, now=NOW),
        lambda: actions.take_over_call(call=call, holder_id=voc.pk, reason=REASON, by=by, now=NOW),
        lambda: actions.hand_back(call=call, by=by, now=NOW),
        lambda: actions.not_reached(call=call, note=REASON, next_try_at=None, by=by, now=NOW),
        lambda: actions.close_unchanged(call=call, reason=REASON, by=by, now=NOW),
        lambda: decide(call, by),
        lambda: actions.close_by_manager(call=call, safe_side=True, reason=REASON, by=by, now=NOW),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert kinds(call) == ["opened"]


def test_without_a_press_the_call_goes_back_to_the_queue(call, voc, settings):
    settings.DESK_IDLE_MINUTES = 10
    actions.take_call(call=call, by=voc, now=NOW)
    assert actions.press(call=call, by=voc, now=NOW + 5 * MINUTE)
    assert actions.give_back_idle(now=NOW + 14 * MINUTE) == 0
    assert actions.give_back_idle(now=NOW + 15 * MINUTE) == 1
    assert actions.give_back_idle(now=NOW + 15 * MINUTE) == 0
    call.refresh_from_db()
    assert call.taken_by is None
    step = call.steps.get(kind="timed_out")
    assert (step.by, step.at) == (None, NOW + 15 * MINUTE)
    assert not actions.press(call=call, by=voc, now=NOW + 16 * MINUTE)


def test_a_clock_behind_the_one_that_took_the_call_does_no_harm(call, voc):
    actions.take_call(call=call, by=voc, now=NOW + MINUTE)
    assert actions.press(call=call, by=voc, now=NOW)
    call.refresh_from_db()
    assert call.pressed_at == NOW + MINUTE


def test_who_signs_out_gives_the_calls_back(call, voc, client):
    client.force_login(voc)
    actions.take_call(call=call, by=voc, now=NOW)
    client.post("/accounts/logout/")
    call.refresh_from_db()
    assert call.taken_by is None
    assert kinds(call) == ["opened", "taken", "signed_out"]


def test_a_decision_is_recorded_for_each_record_of_the_customer_number(voc, sender):
    contact = ContactFactory(customer_no="C-۷۷۷")
    same, stranger = ContactFactory(customer_no="c–777"), ContactFactory(customer_no="C-778")
    call, _effect = open_call(contact=contact, by=sender, now=NOW)
    actions.take_call(call=call, by=voc, now=NOW)
    assert code_of(lambda: decide(call, voc, also=[same.pk, stranger.pk])) == "others"
    assert not ConsentEntry.objects.exists()
    decided = decide(call, voc, also=[same.pk], flag="no_messages")
    assert [one.contact for one in decided] == [contact, same]
    for one in (contact, same):
        one.refresh_from_db()
        assert one.no_messages
        assert one.ledger.get().reason == REASON
    assert not out_of_step_with_ledger().exists()


def test_all_records_or_none_get_the_decision(voc, other, sender):
    contact, same = ContactFactory.create_batch(2, customer_no="C-1")
    call, _effect = open_call(contact=contact, by=sender, now=NOW)
    others_call, _effect = open_call(contact=same, by=sender, now=NOW)
    actions.take_call(call=call, by=voc, now=NOW)
    actions.take_call(call=others_call, by=other, now=NOW)
    assert code_of(lambda: decide(call, voc, also=[same.pk])) == "call_taken"
    assert not ConsentEntry.objects.exists()
    call.refresh_from_db()
    assert call.closed_at is None


def test_a_decision_that_changes_nothing_still_ends_the_call(call, voc):
    set_flag(call.contact, "no_promotional")
    actions.take_call(call=call, by=voc, now=NOW)
    [decided] = decide(call, voc)
    assert (decided.effect.changed, decided.effect.noted) == (False, True)
    call.refresh_from_db()
    assert call.outcome == "decided"


def test_the_steps_of_a_call_only_grow(call):
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError), transaction.atomic():
        CallStep.objects.update(note="دیگر")
    with pytest.raises(DatabaseError), transaction.atomic():
        call.steps.all().delete()
