"""A late call is told once to the experts, and once, a working day later, to the VOC manager."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from common.encryption import decrypt
from contacts.consent.actions import open_call
from contacts.desk import actions
from contacts.desk.reminders import remind_late_calls
from staff.models import OutgoingMail
from tests.factories import DAY, HOUR, NOW, ContactFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
# NOW is a Monday noon: a working day later is Tuesday noon, two are Wednesday's.
TUESDAY, WEDNESDAY = NOW + DAY, NOW + 2 * DAY


@pytest.fixture(autouse=True)
def _addresses(voc):
    voc.email = "voc@example.com"
    voc.save()


def mails() -> list[tuple[str, str, str]]:
    """Address, subject and text of what is to be sent, oldest first."""
    found = []
    for mail in OutgoingMail.objects.order_by("pk"):
        content = json.loads(decrypt(mail.content, purpose="mail"))
        found.append((mail.to, content["subject"], content["text"]))
    return found


def test_before_a_working_day_nobody_is_reminded(call, voc, other):
    assert remind_late_calls(now=TUESDAY - MINUTE) == 0
    call.refresh_from_db()
    assert call.late_at is None
    assert mails() == []


def test_a_late_call_reminds_every_expert_once(call, voc, other):
    assert remind_late_calls(now=TUESDAY) == 1
    assert remind_late_calls(now=TUESDAY + HOUR) == 0
    call.refresh_from_db()
    assert call.late_at == TUESDAY
    assert sorted(to for to, _subject, _text in mails()) == ["other@example.com", "voc@example.com"]
    _to, subject, text = mails()[0]
    assert "۱ تماس انصراف" in subject
    assert f"/desk/calls/{call.pk}/" in text
    assert call.contact.name not in text
    assert "0912" not in text


def test_whoever_has_the_call_is_reminded_alone(call, voc, other):
    actions.take_call(call=call, by=other, now=NOW)
    remind_late_calls(now=TUESDAY)
    assert [to for to, _subject, _text in mails()] == ["other@example.com"]


def test_several_late_calls_are_one_mail(call, voc, sender):
    open_call(contact=ContactFactory(), by=sender, now=NOW + MINUTE)
    assert remind_late_calls(now=TUESDAY + HOUR) == 2
    [(_to, subject, _text)] = mails()
    assert "۲" in subject


def test_the_limit_is_a_setting_and_days_off_do_not_count(voc, sender, settings):
    # From Thursday noon on there are Friday, and Thursday itself where it is a day off.
    late, _effect = open_call(contact=ContactFactory(), by=sender, now=NOW + 3 * DAY)
    assert remind_late_calls(now=NOW + 4 * DAY + HOUR) == 0
    settings.DESK_LATE_WORKING_DAYS = 2
    second, _effect = open_call(contact=ContactFactory(), by=sender, now=NOW)
    assert remind_late_calls(now=TUESDAY + HOUR) == 0
    assert remind_late_calls(now=WEDNESDAY + HOUR) == 1
    second.refresh_from_db()
    late.refresh_from_db()
    assert (second.late_at, late.late_at) == (WEDNESDAY + HOUR, None)


def test_the_manager_is_told_a_working_day_after_the_experts(call, voc, chief):
    remind_late_calls(now=TUESDAY)
    assert remind_late_calls(now=WEDNESDAY - MINUTE) == 0
    assert remind_late_calls(now=WEDNESDAY) == 1
    assert remind_late_calls(now=WEDNESDAY + HOUR) == 0
    assert [to for to, _subject, _text in mails()] == ["voc@example.com", "chief@example.com"]
    call.refresh_from_db()
    assert call.escalated_at == WEDNESDAY


def test_without_a_manager_the_call_waits_for_one(call, voc):
    remind_late_calls(now=TUESDAY)
    assert remind_late_calls(now=WEDNESDAY) == 0
    call.refresh_from_db()
    assert call.escalated_at is None


def test_a_decided_call_reminds_nobody(call, voc, chief):
    actions.take_call(call=call, by=voc, now=NOW)
    actions.close_unchanged(call=call, reason="فقط پرسشی داشت", by=voc, now=NOW + HOUR)
    assert remind_late_calls(now=WEDNESDAY) == 0
    assert mails() == []
