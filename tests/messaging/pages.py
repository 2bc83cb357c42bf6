"""What the tests of the message pages share: people who are signed in, and a form that is filled in."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from channels.models import Channel
from messaging.actions.plan import plan
from messaging.models import Delivery, Message
from staff.models import Employee, User
from tests.factories import ChannelFactory, EmployeeFactory, MessageFactory, UserFactory

PREVIEW = "messaging/preview.html"
FORM = "messaging/compose.html"


def signed_in(user: User, language: str = "fa") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def colleague(*roles: str, **fields: Any) -> Employee:
    """Somebody of the staff with these roles, and a direct manager."""
    employee: Employee = EmployeeFactory(user=UserFactory(roles=list(roles)), **fields)
    return employee


def boss_of(employee: Employee, *roles: str) -> Employee:
    """The direct manager of a colleague, with a log-in."""
    manager = employee.direct_manager
    assert manager is not None
    manager.user = UserFactory(roles=list(roles))
    manager.save()
    return manager


def sms() -> Channel:
    channel: Channel = ChannelFactory()
    return channel


def typed(**fields: Any) -> dict[str, Any]:
    """A notification to everybody by SMS, as the form posts it."""
    return {
        "channel": "sms",
        "purpose": "notification",
        "text": "سلام، جلسه ساعت ۱۰ است.",
        "audience": "all",
        "key": str(uuid.uuid4()),
        **fields,
    }


def templates_of(response: Any) -> set[str]:
    return {template.name for template in response.templates}


def look_ahead(client: Client, **fields: Any) -> Any:
    """Post the form and expect the preview."""
    response = client.post("/messages/compose/", typed(**fields))
    assert PREVIEW in templates_of(response), getattr(response.context.get("form"), "errors", response)
    return response


def send(client: Client, preview: Any) -> Message:
    """Press send on a preview; returns the message."""
    response = client.post("/messages/compose/confirm/", {"sealed": preview.context["sealed"]})
    assert response.status_code == 302, response.content.decode()
    message: Message = Message.objects.get(pk=int(response["Location"].rstrip("/").rsplit("/", 1)[1]))
    return message


def user_of(employee: Employee) -> User:
    assert employee.user is not None
    return employee.user


def planned(sender: Employee, **fields: Any) -> Message:
    message: Message = MessageFactory(sender=sender, **fields)
    plan(message.pk, now=timezone.now())
    message.refresh_from_db()
    return message


def put(message: Message, state: str, reason: str = "") -> None:
    """Move one waiting delivery of the message on, by the states' own way."""
    row = Delivery.objects.filter(message=message, state="queued").first()
    assert row is not None
    for step in ("sending", state) if state in ("accepted", "unknown") else (state,):
        Delivery.objects.filter(pk=row.pk).update(state=step, reason=reason)
