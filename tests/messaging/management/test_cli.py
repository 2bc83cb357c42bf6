"""The operators' commands answer bad input with one sentence, and write nothing."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging.management.cli import instant
from messaging.models import Message
from tests.factories import ChannelFactory, ContactFactory, EmployeeFactory


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "99999-01",
        "2026-13-01T00:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00+14:00",
        "0001-01-01T00:00",
        "0600-01-01T00:00",
    ],
)
def test_what_is_no_time_that_can_be_kept_and_shown_is_refused(text):
    with pytest.raises(CommandError, match="is no time"):
        instant(text)


def test_a_time_without_an_offset_is_tehrans():
    assert instant("2026-11-23T08:30") == instant("2026-11-23T08:30+03:30")


@pytest.mark.django_db
@pytest.mark.parametrize("option", ["--at", "--expires"])
@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "9999-12-31T20:00", "2199-01-01T00:00Z"])
def test_a_message_for_a_far_future_is_not_submitted(option, text):
    ContactFactory()
    ChannelFactory(code="sms")
    sender = EmployeeFactory().user.username
    with pytest.raises(CommandError):
        call_command(
            *("submit_message", "--channel", "sms", "--purpose", "notification", "--text", "سلام"),
            *("--sender", sender, "--audience", "all", option, text),
            stdout=StringIO(),
        )
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_a_message_for_next_month_is_submitted():
    ContactFactory()
    ChannelFactory(code="sms")
    sender = EmployeeFactory().user.username
    at = (timezone.now() + timedelta(days=30)).isoformat()
    call_command(
        *("submit_message", "--channel", "sms", "--purpose", "notification", "--text", "سلام"),
        *("--sender", sender, "--audience", "all", "--at", at),
        stdout=StringIO(),
    )
    assert Message.objects.get().scheduled_at is not None
