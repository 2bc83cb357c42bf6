"""Reads the variables of the environment, of `.env`, and of files that `NAME_FILE` names.

What production refuses to start with stands here, too: secrets that anybody can read or guess, and
switches that are for development.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

# The embedded services and the fake gateway, where there are any: the image of production is without them.
DEVTOOLS: Final = ("devtools",) if importlib.util.find_spec("devtools") else ()
SECRET_LENGTH: Final = 32
_HOW: Final = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' prints."
# Marks of the values that stand in this repository: defaults of development, placeholders, examples, tests.
# A test holds that each such value is refused.
_PUBLISHED: Final = re.compile(
    r"development|change[-_]?me|example|placeholder|protects-nothing|insecure|fake-amootsms|fake-avanak",
    re.IGNORECASE,
)


class _Mapping(FileAwareMapping):
    def __getitem__(self, key: str) -> str:
        """A file of one line ends with a newline, which is no part of a secret."""
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n")


class Environment(environ.FileAwareEnv):
    """django-environ's, where the newline at the end of a secret's file is left out."""

    ENVIRON = _Mapping()


def kept_secret(name: str) -> str:
    """A secret of development, made once and kept below `var/`; empty without devtools."""
    if not DEVTOOLS:
        return ""
    from devtools.embedded.places import secret

    return secret(name)


def weakness(value: str) -> str | None:
    """What is wrong with a secret of our own choosing, or None. The sentence does not show the secret."""
    if is_published(value):
        return "is a placeholder or stands in the portal's source code, where anybody can read it"
    if len(value) < SECRET_LENGTH:
        return f"is shorter than {SECRET_LENGTH} characters"
    if len(set(value)) < 6 or max(map(value.count, value)) * 2 >= len(value):
        return "repeats a few characters"
    return None


def is_published(value: str) -> bool:
    """Whether a value is one of those that stand in the repository."""
    return _PUBLISHED.search(value) is not None


def refuse_weak_secrets(secrets: Mapping[str, str | Sequence[str]]) -> None:
    """Raises ImproperlyConfigured for the first secret that is no secret; an empty one is not given.

    A value may be a list of keys (the newest first): each is asked.
    """
    for name, given in secrets.items():
        for value in (given,) if isinstance(given, str) else given:
            wrong = weakness(value) if value else None
            if wrong:
                raise ImproperlyConfigured(f"{name} {wrong}. Production needs one of its own, such as {_HOW}")


def refuse_published_tokens(tokens: Mapping[str, str]) -> None:
    """Raises ImproperlyConfigured for a token or password by others that is one of the repository's.

    Its length is not ours to choose.
    """
    for name, value in tokens.items():
        if is_published(value):
            raise ImproperlyConfigured(f"{name} is a placeholder: production needs the one that was issued.")


def refuse_unfit_for_an_address(secret: str) -> None:
    """Raises ImproperlyConfigured for a secret that cannot stand in the address that providers post to."""
    if secret and (len(secret) < SECRET_LENGTH or not secret.replace("-", "").replace("_", "").isalnum()):
        raise ImproperlyConfigured(
            "CALLBACK_SECRET must be 32 or more letters, digits, - and _: it is part of an address."
        )


def password_of(url: str) -> str:
    return unquote(urlsplit(url).password or "")


def refuse_development_switches(*, hosts: Iterable[str], debug: bool, demo: bool, open_hours: bool) -> None:
    """Raises ImproperlyConfigured for what a production portal must never run with."""
    if debug:
        raise ImproperlyConfigured("DEBUG=1 shows source code and settings to visitors: not in production.")
    if demo:
        raise ImproperlyConfigured("DEMO=1 loads log-ins with published passwords: not in production.")
    if open_hours:
        raise ImproperlyConfigured("OPEN_PROCEDURE_HOURS=1 lifts the hours of C7.6: not in production.")
    if "*" in {host.strip() for host in hosts}:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the portal's own host names, not *.")
