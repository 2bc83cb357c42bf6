"""Production refuses secrets that anybody can read or guess, and what is for development only."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from amoot_comms.environment import (
    is_published,
    password_of,
    refuse_weak_secrets,
    weakness,
)
from scripts.throwaway import production

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = (
    "SECRET_KEY",
    "CALLBACK_SECRET",
    "METRICS_TOKEN",
    "POSTGRES_PASSWORD",
    "FACTOR_KEYS",
    "AUDIT_SIGNING_KEY",
)
# NAME=value, "NAME": "value", required("NAME", "value"), settings.NAME = "value"
ASSIGNED = re.compile(rf"\b({'|'.join(NAMES)})[\"']?\s*[:=,]\s*[\"']?([^\s\"',$<{{}}()\]]+)")
SUFFIXES = {".py", ".yml", ".yaml", ".toml", ".md", ".html", ".example", ""}
OUTSIDE = {".git", ".venv", "node_modules", "var", "staticfiles"}


def starts(**variables: str) -> str:
    """What loading production's settings with these variables besides ends with: '' when it succeeds."""
    # Loading the apps, which the gateways' settings are asked by, takes ten times as long.
    apps = any(name.endswith(("_BASE_URL", "WITHOUT_SECRETS")) for name in variables)
    code = "import django; django.setup()" if apps or not variables else "import amoot_comms.settings"
    clean = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres:///portal"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean, "DJANGO_SETTINGS_MODULE": "amoot_comms.settings", **production(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def literals() -> list[tuple[str, str]]:
    found = []
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if OUTSIDE & set(inside) or path.suffix not in SUFFIXES or not path.is_file():
            continue
        found += ASSIGNED.findall(path.read_text(encoding="utf-8", errors="replace"))
    return found


def test_every_secret_that_stands_in_the_repository_is_refused() -> None:
    found = literals()
    assert {name for name, _ in found} >= {"SECRET_KEY", "CALLBACK_SECRET"}
    assert [(name, value) for name, value in found if weakness(value) is None] == []


def test_a_secret_of_ones_own_is_taken() -> None:
    for _ in range(2_000):
        assert weakness(secrets.token_urlsafe(48)) is None
        assert weakness(secrets.token_hex(16)) is None


@pytest.mark.parametrize("value", ["x", "a" * 64, "0123456789abcdef0123456789abcde", "change-me" * 6])
def test_a_short_or_repeated_or_published_secret_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="THE_KEY") as error:
        refuse_weak_secrets({"THE_KEY": value})
    assert value == "x" or value not in str(error.value)


def test_each_key_of_a_list_is_asked_and_one_that_is_not_given_is_not() -> None:
    refuse_weak_secrets({"KEYS": [secrets.token_hex(32), secrets.token_hex(32)], "OTHER": ""})
    with pytest.raises(ImproperlyConfigured, match="KEYS is shorter than 32"):
        refuse_weak_secrets({"KEYS": [secrets.token_hex(32), "short"]})


def test_a_password_in_an_address_is_read_as_it_was_meant() -> None:
    assert password_of("redis://:a%2Fb@redis:6379/0") == "a/b"
    assert password_of("redis://redis:6379/0") == ""
    assert is_published(password_of("postgres://amoot:change-me@postgres:5432/amoot"))


def test_production_starts_with_secrets_of_its_own() -> None:
    assert starts() == ""
    assert starts(METRICS_TOKEN=secrets.token_urlsafe(32)) == ""


_ELSEWHERE = ("AMOOTSMS_TOKEN", "AVANAK_TOKEN", "CALLBACK_SECRET", "FACTOR_KEYS")


def test_a_process_starts_without_the_secrets_of_others_where_they_are_named() -> None:
    assert starts(**dict.fromkeys(_ELSEWHERE, ""), WITHOUT_SECRETS=",".join(_ELSEWHERE)) == ""
    for name in _ELSEWHERE:
        assert f"{name} is not set" in starts(**{name: ""})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", "x" * 20, "SECRET_KEY is shorter than 32 characters"),
        (
            "SECRET_KEY",
            "development-only-key-that-protects-nothing-0123456789",
            "SECRET_KEY is a placeholder",
        ),
        (
            "CALLBACK_SECRET",
            "development-callback-secret-that-protects-nothing",
            "CALLBACK_SECRET is a place",
        ),
        ("METRICS_TOKEN", "a", "METRICS_TOKEN is shorter"),
        ("DATABASE_URL", "postgres://amoot:change-me@127.0.0.1:1/amoot", "The password in DATABASE_URL is a"),
        (
            "DATABASE_OWNER_URL",
            "postgres://amoot_owner:change-me@127.0.0.1:1/amoot",
            "The password in DATABASE_OWNER_URL is a placeholder",
        ),
        ("REDIS_URL", "redis://:change-me@127.0.0.1:1/0", "The password in REDIS_URL is a placeholder"),
        ("AMOOTSMS_TOKEN", "fake-amootsms-token", "AMOOTSMS_TOKEN is a placeholder"),
        ("ALLOWED_HOSTS", "portal.invalid, *", "ALLOWED_HOSTS must name"),
        ("DEBUG", "1", "DEBUG=1 shows"),
        ("DEMO", "1", "DEMO=1 loads"),
        ("OPEN_PROCEDURE_HOURS", "1", "OPEN_PROCEDURE_HOURS=1 lifts the hours of C7.6"),
        ("AVANAK_BASE_URL", "http://voice.invalid/Rest", "AVANAK_BASE_URL must begin with https://"),
        ("AMOOTSMS_BASE_URL", "sms.invalid", "AMOOTSMS_BASE_URL must be an address"),
        ("EMAIL_USE_SSL", "1", "Set EMAIL_USE_TLS (port 587) or EMAIL_USE_SSL (port 465), not both."),
    ],
)
def test_production_does_not_start_with(name: str, value: str, said: str) -> None:
    also = {"EMAIL_USE_TLS": "1"} if name == "EMAIL_USE_SSL" else {}
    assert said in starts(**{name: value}, **also)
