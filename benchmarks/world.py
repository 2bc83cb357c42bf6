"""A company, a channel that is always open, and many customers: what the benchmarks send to."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection

from channels.models import Channel, SendingWindow
from messaging.models import Message
from staff.models import Department, Employee, User


def customers(count: int) -> None:
    """`count` customers with mobiles: one in 20 without advertisements, one in 50 without anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (name, company, customer_no, email, mobile, tags, search_text,"
            " no_promotional, no_messages, voc_call_open, created_at, updated_at)"
            " SELECT 'c', '', '', '', '+989' || lpad(g::text, 9, '0'), '{}', '', g %% 20 = 0, g %% 50 = 0,"
            " g %% 1000 = 0, now(), now() FROM generate_series(100000001, 100000000 + %s) g",
            [count],
        )
        cursor.execute("VACUUM ANALYZE contacts_contact")


def open_channel() -> Channel:
    channel, _new = Channel.objects.get_or_create(
        code="sms", defaults={"kind": "sms", "name": "sms", "clause": "C7.6", "usage_rule": "-"}
    )
    if not channel.windows.exists():
        SendingWindow.objects.bulk_create(
            SendingWindow(channel=channel, purpose="promotional", weekday=day, opens=0, closes=1440)
            for day in range(7)
        )
    return channel


def message(now: datetime) -> Message:
    """A promotional message to everybody, submitted and not planned."""
    department, _new = Department.objects.get_or_create(code="bench", defaults={"name": "bench"})
    user, _new = User.objects.get_or_create(username="bench")
    manager, _new = Employee.objects.get_or_create(
        last_name="manager", defaults={"department": department, "hired_on": "2020-01-01"}
    )
    sender, _new = Employee.objects.get_or_create(
        last_name="sender",
        defaults={
            "department": department,
            "hired_on": "2020-01-01",
            "direct_manager": manager,
            "user": user,
        },
    )
    return Message.objects.create(
        channel=open_channel(),
        purpose="promotional",
        text="سلام",
        audience={"kind": "all"},
        sender=sender,
        sender_manager=manager,
        department=department,
        submitted_by=user,
        submitted_at=now,
        submission_key=uuid.uuid4(),
        priority=40,
    )


def empty_deliveries() -> None:
    """Truncate, since no delivery is ever deleted by a statement."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE messaging_delivery, messaging_gatewaycall")
