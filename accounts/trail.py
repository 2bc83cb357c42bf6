"""Sign-ins, failures, factors and passwords in the audit, each with the client's address."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.devices import owner_of
from accounts.lockouts import cool_off, noted_key
from audit.actions import record
from common.client_address import client_address
from staff.models import User


def record_act(request: HttpRequest | None, *, action: str, by: User | None, user: User, **data: Any) -> None:
    """Record what happened to `user`'s log-in, and from which address. `by=None`: nobody is signed in."""
    address = client_address(request) if request is not None else None
    with transaction.atomic():
        record(by=by, action=action, obj=user, data={"client": address, **data}, now=timezone.now())


def note_failure(request: HttpRequest | None, name: str | None) -> None:
    """Record a wrong password. What was typed as a name that nobody has may be a password: it is not kept."""
    user = User.objects.filter(username__iexact=name).first() if name else None
    if user is not None:
        record_act(request, action="user.sign_in_failed", by=None, user=user)
        return
    address = client_address(request) if request is not None else None
    # Once a minute from an address: a stranger's guesses must not fill the audit.
    if cache.add(f"unknown-name-{address}", "noted", timeout=60):
        with transaction.atomic():
            record(
                by=None,
                action="user.unknown_name",
                object_type=User._meta.label_lower,
                data={"client": address},
                now=timezone.now(),
            )


def note_lockout(request: HttpRequest | None, counted: str | None, address: str | None) -> None:
    """Record that a name is locked at an address, once a lock: each further try would be another entry."""
    name, known = owner_of(counted or "")
    user = User.objects.filter(username__iexact=name).first() if name else None
    seconds = int(cool_off().total_seconds())
    if user is not None and cache.add(noted_key(user, address, known), "noted", timeout=seconds):
        data = {"known_browser": True} if known else {}
        record_act(request, action="user.locked_out", by=None, user=user, **data)
