"""What follows from a sign-in, told by Django and allauth through signals: here the clock is read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions


def signed_in(sender: Any, request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    """A `user_logged_in` receiver."""
    sessions.start(request, user, now=timezone.now())
