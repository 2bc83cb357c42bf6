"""Where a colleague is signed in: browser, address, since when; one of them ended, or all others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import sessions
from accounts.adapter import NO_ADDRESS
from audit.actions import record
from staff.models import User

# What a browser says of itself, the more particular first: all of them claim to be Safari.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session that is not over. `seen_at`: the last press, not a page that polls by itself."""

    pk: int
    browser: str
    address: str
    signed_in_at: datetime
    seen_at: datetime
    is_current: bool


def own_sessions(user: User, *, current: str | None, now: datetime) -> list[OwnSession]:
    """The sessions of `user` at `now`, the current one (by its key) first, then the last used."""
    found = []
    rows = UserSession.objects.purge_and_list(user)
    stored = Session.objects.filter(expire_date__gt=now).in_bulk([row.session_key for row in rows])
    for row in rows:
        data = stored[row.session_key].get_decoded() if row.session_key in stored else {}
        if sessions.why_over(data, epoch=user.session_epoch, now=now.timestamp()):
            continue
        found.append(
            OwnSession(
                pk=row.pk,
                browser=browser_name(row.user_agent),
                address="" if row.ip == NO_ADDRESS else row.ip,
                signed_in_at=datetime.fromtimestamp(data[sessions.SIGNED_IN_AT], UTC),
                seen_at=datetime.fromtimestamp(data[sessions.SEEN_AT], UTC),
                is_current=row.session_key == current,
            )
        )
    return sorted(found, key=lambda one: (one.is_current, one.seen_at), reverse=True)


def is_signed_in(user: User, *, now: datetime) -> bool:
    """Whether one of the sessions of `user` is not over at `now`."""
    keys = UserSession.objects.filter(user=user).values("session_key")
    stored = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    return any(
        sessions.why_over(row.get_decoded(), epoch=user.session_epoch, now=now.timestamp()) is None
        for row in stored
    )


def end_session(user: User, *, pk: int, now: datetime) -> bool:
    """End the session `pk` of `user`'s own; whether there was one."""
    return _end(user, list(UserSession.objects.filter(user=user, pk=pk)), now)


def end_other_sessions(user: User, *, current: str | None, now: datetime) -> bool:
    """End every session of `user` but the current one; whether there was any."""
    return _end(user, list(UserSession.objects.filter(user=user).exclude(session_key=current)), now)


def forget_ended() -> None:
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def browser_name(user_agent: str) -> str:
    """Browser and system as far as the browser names them."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("an unknown browser")


def _end(user: User, rows: list[UserSession], now: datetime) -> bool:
    if not rows:
        return False
    with transaction.atomic():
        for row in rows:
            row.end()
        data = {"addresses": sorted({row.ip for row in rows}), "count": len(rows)}
        record(by=user, action="user.sessions_ended", obj=user, data=data, now=now)
    return True
