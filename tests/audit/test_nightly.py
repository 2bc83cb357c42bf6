"""The nightly verification of the trail, and who learns of a bad one."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import Verification
from audit.nightly import verify_if_due
from audit.sealing import seal_entries
from messaging.operations.metrics import metrics_text
from tests.audit.trail import intruder, now, tell
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
WORDS = "سوابق ممیزی درست نیست"


@pytest.fixture
def auditor(client):
    user = UserFactory(roles=["auditor"], email="auditor@example.org")
    client.force_login(user)
    return user


def break_it():
    (entry,) = tell()
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'somebody' WHERE id = %s", [entry.pk])


def verified(at):
    row = verify_if_due(now=at)
    assert row is not None
    return row


def test_a_trail_is_verified_once_a_night(mailoutbox, auditor):
    tell()
    seal_entries(now=now())
    night = now()
    assert verified(night).holds
    assert verify_if_due(now=night + timedelta(seconds=1)) is None
    assert verified(night + DAY).holds
    assert Verification.objects.count() == 2
    assert mailoutbox == []


def test_a_bad_verdict_is_mailed_to_those_who_may_read_the_trail_once(mailoutbox, auditor):
    UserFactory(roles=["sender"], email="sender@example.org")
    break_it()
    row = verified(now())
    assert row.fault == "changed"
    verify_if_due(now=now())
    (mail,) = mailoutbox
    assert mail.to == ["auditor@example.org"]
    assert row.detail in mail.body


def test_a_mail_that_could_not_go_is_sent_by_the_next_round(mailoutbox, auditor, settings):
    break_it()
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    verify_if_due(now=now())
    assert Verification.objects.get().told_at is None
    settings.EMAIL_BACKEND = working
    verify_if_due(now=now())
    assert len(mailoutbox) == 1


def test_home_and_metrics_tell_of_it(client, auditor):
    assert WORDS not in client.get(reverse("home")).content.decode()
    assert b"amoot_audit_holds" not in metrics_text(now())
    break_it()
    verify_if_due(now=now())
    assert WORDS in client.get(reverse("home")).content.decode()
    assert b"amoot_audit_holds 0.0" in metrics_text(now())


def test_home_says_nothing_of_it_to_others(client):
    client.force_login(UserFactory(roles=["sender"]))
    break_it()
    verify_if_due(now=now())
    assert WORDS not in client.get(reverse("home")).content.decode()
