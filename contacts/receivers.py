"""What follows at the desk from a sign-out: here the clock is read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import signals
from django.utils import timezone

from contacts.desk.actions import give_back_at_sign_out
from staff.models import User


def connect() -> None:
    signals.user_logged_out.connect(signed_out, dispatch_uid="contacts.desk.signed_out")


def signed_out(sender: Any, user: User | None = None, **_: Any) -> None:
    """Who signs out gives back the calls that are open at the desk. None: the session had ended before."""
    if user is not None:
        give_back_at_sign_out(user=user, now=timezone.now())
