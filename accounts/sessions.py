"""How long a session lasts: what it remembers about itself, and when it is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
EPOCH = "epoch"
# Why the last session ended, for the sign-in page: "idle", "absolute" or "rights".
ENDED = "session_ended"


def start(request: HttpRequest, user: Any, *, now: datetime) -> None:
    """Note in the session when, and under which epoch of the user's rights, it began."""
    request.session[SIGNED_IN_AT] = now.timestamp()
    request.session[SEEN_AT] = now.timestamp()
    request.session[EPOCH] = user.session_epoch
    request.session.pop(ENDED, None)


def why_over(session: SessionBase | dict[str, Any], *, epoch: int | None, now: float) -> str | None:
    """Why a session with this content is over at `now` (seconds since the epoch), or None; `epoch`: of its
    user's rights.

    "rights": roles or state of the user changed since sign-in. "absolute", "idle": the limits
    `SESSION_ABSOLUTE_SECONDS` and `SESSION_IDLE_SECONDS`. A session that remembers nothing is over.
    """
    if session.get(EPOCH) != epoch:
        return "rights"
    if now - session.get(SIGNED_IN_AT, 0) >= settings.SESSION_ABSOLUTE_SECONDS:
        return "absolute"
    if now - session.get(SEEN_AT, 0) >= settings.SESSION_IDLE_SECONDS:
        return "idle"
    return None
