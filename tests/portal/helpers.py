"""What the portal's tests share: signing in the way a person does, and looking at a page's HTML."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from staff.models import User
from tests.factories import UserFactory

PASSWORD = "a-long-trial-password-1405"


def person(*roles: str, **fields: Any) -> User:
    """A log-in with these roles and `PASSWORD`."""
    user: User = UserFactory(roles=list(roles), **fields)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def sign_in(client: Client, user: User, password: str = PASSWORD, **headers: Any) -> Any:
    """Posts the sign-in form."""
    return client.post("/accounts/login/", {"login": user.username, "password": password}, **headers)


def with_app(user: User) -> str:
    """Gives the user an app with codes; returns its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now."""
    shown: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    return shown


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style":
            self.found.append("<style>")
        if tag == "script" and "src" not in names and names.get("type") != "application/json":
            self.found.append("<script> without a source")
        if "style" in names:
            self.found.append(f"<{tag} style>")
        self.found += [f"<{tag} {name}>" for name in names if re.fullmatch(r"on[a-z]+|hx-on.*", name)]


def inline_code(html: str) -> list[str]:
    """Every inline script, style and handler of a page: what its CSP would block."""
    finder = _Finder()
    finder.feed(html)
    return finder.found
