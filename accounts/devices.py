"""Device cookies: a browser in which a colleague has signed in before keeps its own count of wrong passwords.

OWASP calls them so. A signed cookie, set after a sign-in, names the user and the browser. Failures of
strangers at the same address (one proxy, one office) count apart from this browser's, so that they cannot
lock the colleague out of it. The cookie opens nothing: password and second factor are asked as ever.
"""

from __future__ import annotations

import secrets
from typing import Final

from axes.models import AccessBase
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.names import login_name
from staff.models import User

_SALT: Final = "accounts.devices"
# Between a user name and a browser's id in the name that failures are counted under; in no user name.
_MARK: Final = "\x1f"


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Set the cookie for `user`; a browser that has one keeps its id, and so its count."""
    name = user.username.casefold()
    device = known_device(request, name) or secrets.token_hex(16)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([name, device], salt=_SALT),
        max_age=settings.DEVICE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_device(request: HttpRequest, name: str | None) -> str | None:
    """The id of this browser, if `name` (as `login_name` spells it) has signed in with it before."""
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME)
    if not cookie or not name:
        return None
    try:
        owner, device = signing.loads(cookie, salt=_SALT, max_age=settings.DEVICE_COOKIE_AGE)
    except signing.BadSignature:
        return None
    return str(device) if owner == name else None


def counted_name(request: HttpRequest, credentials: dict[str, str] | None) -> str | None:
    """The name that django-axes counts failures under: the user's, or the user's in this known browser."""
    name = login_name(request, credentials)
    device = known_device(request, name)
    if name and _MARK in name:
        # Typed by hand, as if it were a known browser's.
        name = name.replace(_MARK, " ")
    return f"{name}{_MARK}{device}" if device else name


def lockout_parameters(
    request: HttpRequest | AccessBase, credentials: dict[str, str] | None = None
) -> list[str | list[str]]:
    """What makes django-axes lock: a known browser wherever it is; anybody else by name *and* address.

    So a stranger elsewhere cannot lock a colleague out, and a copied cookie gives one count only.
    """
    name = request.username if isinstance(request, AccessBase) else counted_name(request, credentials)
    return ["username"] if name and _MARK in name else [["username", "ip_address"]]


def owner_of(counted: str) -> tuple[str, bool]:
    """The user name behind a counted name, and whether it is a known browser's."""
    name, mark, _device = counted.partition(_MARK)
    return name, bool(mark)


def counted_names_of(user: User) -> tuple[str, str]:
    """How the counted names of `user` read: the one of strangers, and how those of known browsers begin."""
    name = user.username.casefold()
    return name, name + _MARK
