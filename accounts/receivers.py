"""What follows from a sign-in, told by Django, allauth and axes through signals: here the clock is read."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from axes.signals import user_locked_out
from django.contrib.auth import signals as auth
from django.http import HttpRequest
from django.utils import timezone

from accounts import sessions, trail
from accounts.names import login_name
from staff.models import User


def connect() -> None:
    for signal, receiver in (
        (auth.user_logged_in, session_begins),
        (account.user_logged_in, partial(recorded, action="user.signed_in")),
        (auth.user_logged_out, partial(recorded, action="user.signed_out")),
        (auth.user_login_failed, sign_in_failed),
        (user_locked_out, locked_out),
        (account.password_changed, partial(recorded, action="user.password_changed")),
        (account.password_reset, partial(recorded, action="user.password_reset")),
        (mfa.authenticator_added, partial(factor_recorded, action="factor.added")),
        (mfa.authenticator_removed, partial(factor_recorded, action="factor.removed")),
        (mfa.authenticator_reset, partial(recorded, action="factor.codes_renewed")),
        (mfa.authentication_failed, code_failed),
    ):
        signal.connect(receiver, weak=False)


def session_begins(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    sessions.start(request, user, now=timezone.now())


def recorded(sender: Any, request: HttpRequest, user: User | None, *, action: str, **_: Any) -> None:
    """What the user did. Nobody signs out whose session had ended before."""
    if user is not None:
        trail.record_act(request, action=action, by=user, user=user)


def factor_recorded(
    sender: Any, request: HttpRequest, user: User, authenticator: Any, *, action: str, **_: Any
) -> None:
    trail.record_act(request, action=action, by=user, user=user, factor=str(authenticator.type))


def sign_in_failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """A locked name is no further failure: its lock-out stands in the audit already."""
    if request is not None and not getattr(request, "axes_locked_out", False):
        trail.note_failure(request, login_name(request, credentials))


def locked_out(sender: Any, request: HttpRequest, username: str, ip_address: str | None, **_: Any) -> None:
    trail.note_lockout(request, username, ip_address)


def code_failed(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    trail.record_act(request, action="factor.code_failed", by=None, user=user)
