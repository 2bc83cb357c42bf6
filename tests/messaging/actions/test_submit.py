"""A submitted message is checked, frozen with whoever answers for it, and submitted once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from audit.models import Entry
from contacts.models import Contact
from messaging import turns
from messaging.actions.submit import Draft, submit
from messaging.audience.members import everybody, from_bytes, with_tag
from messaging.models import AudienceMember, Message
from tests.factories import HOUR, NOW, ChannelFactory, ContactFactory, EmployeeFactory, UserFactory
from tests.messaging.helpers import from_lines, in_threads

pytestmark = pytest.mark.django_db


def draft(**changes: Any) -> Draft:
    fields: dict[str, Any] = {
        "channel": ChannelFactory(),
        "purpose": "notification",
        "text": "سلام",
        "audience": everybody(),
    }
    return Draft(**{**fields, **changes})


def faults(by: Any, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        submit(draft=draft(**changes), by=by, now=NOW)
    assert not Message.objects.exists()
    assert not AudienceMember.objects.exists()
    return caught.value.message_dict


@pytest.fixture
def sender(db: None) -> Any:
    ContactFactory()
    return EmployeeFactory()


def test_whoever_answers_for_it_is_written_on_the_message(sender):
    message = submit(draft=draft(text="  سلام  "), by=sender.user, now=NOW)
    message.refresh_from_db()
    assert (message.sender, message.sender_manager) == (sender, sender.direct_manager)
    assert (message.department, message.submitted_by) == (sender.department, sender.user)
    assert (message.text, message.status, message.submitted_at) == ("سلام", "submitted", NOW)
    entry = Entry.objects.get(action="message.submitted")
    assert entry.data["sender_manager"] == sender.direct_manager.pk
    assert entry.actor == sender.user.username


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "  \n"}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "س" * 5000}, "text"),
        ({"purpose": "spam"}, "purpose"),
        ({"scheduled_at": NOW - timedelta(seconds=1)}, "scheduled_at"),
        ({"scheduled_at": NOW + timedelta(days=367)}, "scheduled_at"),
        ({"scheduled_at": datetime.max.replace(tzinfo=UTC)}, "scheduled_at"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW + timedelta(days=367)}, "expires_at"),
        ({"scheduled_at": NOW + HOUR, "expires_at": NOW + HOUR}, "expires_at"),
        ({"audience": with_tag("nobody")}, "audience"),
    ],
)
def test_a_fault_is_named_at_its_field_and_nothing_is_written(sender, changes: dict[str, Any], field: str):
    found = faults(sender.user, **changes)
    assert list(found) == [field]
    assert all(found.values())


def test_the_minute_that_is_running_is_now(sender):
    now = NOW.replace(minute=57, second=20)
    message = submit(draft=draft(scheduled_at=now.replace(second=0)), by=sender.user, now=now)
    assert message.scheduled_at == now.replace(second=0)


def test_a_message_that_expires_in_the_minute_that_is_running_is_refused(sender):
    now = NOW.replace(minute=57, second=20)
    with pytest.raises(ValidationError) as caught:
        submit(
            draft=draft(scheduled_at=now.replace(second=0), expires_at=now.replace(second=10)),
            by=sender.user,
            now=now,
        )
    assert list(caught.value.message_dict) == ["expires_at"]


def test_every_fault_is_named_at_once(sender):
    found = faults(sender.user, text="", scheduled_at=NOW - HOUR, audience=with_tag("nobody"))
    assert set(found) == {"text", "scheduled_at", "audience"}


def test_a_voice_message_takes_a_thousand_characters(sender):
    voice = ChannelFactory(code="avanak", kind="voice")
    assert submit(draft=draft(channel=voice, text="س" * 1000), by=sender.user, now=NOW).pk
    with pytest.raises(ValidationError):
        submit(draft=draft(channel=voice, text="س" * 1001), by=sender.user, now=NOW)


def test_there_must_be_customers():
    assert set(faults(EmployeeFactory().user)) == {"audience"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n", "file_empty"),
        ("سلام".encode("cp1256"), "empty"),
        (b"0912345678\xff\n", "not_utf8"),
        (b"MZ\x00\x01", "program"),
        (b"x\n" * 200_002, "too_long"),
    ],
)
def test_a_file_that_is_no_list_of_numbers_is_refused_with_its_name(content: bytes, code: str):
    with pytest.raises(ValidationError) as caught:
        from_bytes(content, "list.csv")
    assert caught.value.code == code
    assert "list.csv" in caught.value.messages[0]


def test_only_a_colleague_who_works_here_under_somebody_may_send():
    ContactFactory()
    cases = {
        "auditor": (UserFactory(roles=["auditor"]), PermissionDenied),
        "stranger": (UserFactory(roles=["sender"]), ValidationError),
        "leaver": (EmployeeFactory(left_on=NOW.date()).user, ValidationError),
        "not yet": (EmployeeFactory(hired_on=NOW.date() + timedelta(days=1)).user, ValidationError),
        "nobody above": (EmployeeFactory(direct_manager=None).user, ValidationError),
    }
    for name, (user, error) in cases.items():
        with pytest.raises(error):
            submit(draft=draft(), by=user, now=NOW)
        assert not Message.objects.exists(), name
    assert submit(draft=draft(), by=EmployeeFactory(left_on=NOW.date() + timedelta(days=1)).user, now=NOW).pk


def test_strangers_of_a_file_become_customers(sender):
    submit(
        draft=draft(audience=from_lines(["09351112222", "09351112222", "x"], "f")), by=sender.user, now=NOW
    )
    assert Contact.objects.filter(address="+989351112222").count() == 1
    assert AudienceMember.objects.count() == 3


def test_another_persons_key_gives_nothing_of_the_message(sender):
    key = uuid.uuid4()
    submit(draft=draft(), by=sender.user, now=NOW, key=key)
    with pytest.raises(ValidationError, match=r"anew|دوباره"):
        submit(draft=draft(), by=EmployeeFactory().user, now=NOW, key=key)


@pytest.mark.django_db(transaction=True)
def test_pressing_send_fifty_times_at_once_is_one_message():
    ContactFactory()
    user = EmployeeFactory().user
    key = uuid.uuid4()
    wanted = draft(audience=from_lines(["09121112222", "09351112222"], "f"))
    messages = in_threads([lambda: submit(draft=wanted, by=user, now=NOW, key=key)] * 50)
    assert len({message.pk for message in messages}) == 1
    assert Message.objects.count() == 1
    assert AudienceMember.objects.count() == 2
    assert Entry.objects.filter(action="message.submitted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_message_that_cannot_be_planned_after_its_commit_stands_and_a_worker_plans_it():
    ContactFactory()
    user, wanted = EmployeeFactory().user, draft()
    other = connection.copy()
    other.set_autocommit(False)
    try:
        # As the owner: the application may lock no table.
        other.cursor().execute("SET LOCAL ROLE NONE; LOCK TABLE messaging_delivery IN SHARE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        message = submit(draft=wanted, by=user, now=NOW)
        message.refresh_from_db()
        assert (message.status, message.deliveries.count()) == ("submitted", 0)
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    turns.plan("sms")
    message.refresh_from_db()
    assert (message.status, message.deliveries.count()) == ("running", 1)


def test_a_sender_whose_log_in_ended_with_the_employment_is_told_of_the_leave():
    leaver = EmployeeFactory(left_on=NOW.date())
    leaver.user.is_active = False
    leaver.user.save()
    with pytest.raises(ValidationError, match=leaver.full_name):
        submit(draft=draft(), by=leaver.user, now=NOW)
