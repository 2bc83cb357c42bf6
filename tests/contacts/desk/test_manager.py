"""Reading 12: the VOC manager ends a call whose customer was not reached, and not before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import Entry
from contacts.desk import actions
from contacts.desk.queue import calls_to_end
from contacts.models import ConsentEntry, OptOutCall
from contacts.voc_manager import is_voc_manager, voc_manager
from staff.models import User
from tests.factories import DAY, HOUR, NOW, DeliveryFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db

REASON = "سه بار تماس گرفته شد و پاسخ نداد"
# NOW is a Monday: Tuesday and Wednesday are working days, Friday never is.
TUESDAY, FRIDAY = NOW + DAY, NOW + 4 * DAY


def try_at(call: OptOutCall, by: User, *instants: datetime) -> None:
    for at in instants:
        actions.take_call(call=call, by=by, now=at)
        actions.not_reached(
            call=call, note="پاسخ نداد", next_try_at=None, by=by, now=at + timedelta(minutes=1)
        )


def end(call, by, *, safe_side=True, reason=REASON):
    return actions.close_by_manager(call=call, safe_side=safe_side, reason=reason, by=by, now=NOW + 7 * DAY)


@pytest.mark.parametrize(
    "instants",
    [
        (),
        (NOW, TUESDAY),
        (NOW, NOW + HOUR, NOW + 2 * HOUR),
        (NOW, NOW + HOUR, FRIDAY),
        (NOW, FRIDAY, FRIDAY + HOUR),
    ],
)
def test_before_three_attempts_on_two_working_days_nobody_ends_it(call, voc, chief, instants):
    try_at(call, voc, *instants)
    with pytest.raises(ValidationError) as refused:
        end(call, chief)
    assert refused.value.code == "too_early"
    call.refresh_from_db()
    assert call.closed_at is None
    assert call.contact.voc_call_open
    assert calls_to_end() == []


def test_the_safe_side_refuses_promotional_messages_and_ends_the_call(call, voc, chief):
    waiting = DeliveryFactory(contact=call.contact, message=MessageFactory(running=True, promotional=True))
    try_at(call, voc, NOW, NOW + HOUR, TUESDAY)
    assert calls_to_end() == [call.pk]
    effect = end(call, chief)
    call.refresh_from_db()
    call.contact.refresh_from_db()
    assert (call.outcome, call.closed_by) == ("safe_side", chief)
    assert (call.contact.no_promotional, call.contact.voc_call_open) == (True, False)
    assert effect.stopped == 1
    waiting.refresh_from_db()
    assert waiting.state == "suppressed"
    entry = ConsentEntry.objects.get()
    assert (entry.by, entry.call, entry.reason, entry.flag) == (chief, call, REASON, "no_promotional")
    assert call.steps.get(kind="ended").note == REASON
    assert Entry.objects.get(action="contact.call_closed").data["call_outcome"] == "safe_side"
    assert calls_to_end() == []


def test_nothing_changed_leaves_the_flags_and_lets_what_waited_go(call, voc, chief):
    waiting = DeliveryFactory(
        contact=call.contact,
        message=MessageFactory(running=True, promotional=True),
        reason="voc_call_open",
        not_before=None,
    )
    try_at(call, voc, NOW, NOW + HOUR, TUESDAY)
    end(call, chief, safe_side=False)
    call.refresh_from_db()
    call.contact.refresh_from_db()
    assert call.outcome == "unchanged"
    assert (call.contact.no_promotional, call.contact.voc_call_open) == (False, False)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("queued", "")
    assert not ConsentEntry.objects.exists()


def test_a_reason_in_words_is_asked_and_the_end_comes_once(call, voc, chief):
    try_at(call, voc, NOW, NOW + HOUR, TUESDAY)
    with pytest.raises(ValidationError):
        end(call, chief, reason="...")
    end(call, chief)
    with pytest.raises(ValidationError) as refused:
        end(call, chief)
    assert refused.value.code == "call_closed"


def test_only_the_manager_of_the_voc_department_ends_it(call, voc, chief):
    try_at(call, voc, NOW, NOW + HOUR, TUESDAY)
    another = UserFactory(roles=["manager"])
    for by in (voc, another, UserFactory(is_superuser=True)):
        assert not is_voc_manager(by, NOW)
        with pytest.raises(PermissionDenied):
            end(call, by)
    assert voc_manager(NOW) == chief
    chief.is_active = False
    chief.save()
    assert not is_voc_manager(chief, NOW)
    assert voc_manager(NOW) is None
