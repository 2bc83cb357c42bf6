"""What every answer carries, and that pages need nothing that the policy forbids."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.portal.helpers import inline_code, person

pytestmark = pytest.mark.django_db

AT_THE_DOOR = ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/nowhere/"]
INSIDE = [
    "/",
    "/home/now/",
    "/channels/",
    "/staff/",
    "/contacts/",
    "/messages/",
    "/audit/",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/webauthn/",
    "/accounts/logout/",
]


@pytest.mark.parametrize("path", AT_THE_DOOR)
def test_pages_at_the_door_have_no_inline_code(client: Client, path: str) -> None:
    assert inline_code(client.get(path).content.decode()) == []


@pytest.mark.parametrize("path", INSIDE)
def test_pages_inside_have_no_inline_code_and_stay_in_no_cache(client: Client, path: str) -> None:
    client.force_login(person("admin", is_staff=True))
    page = client.get(path)
    assert page.status_code < 500
    assert inline_code(page.content.decode()) == []
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize("path", ["/admin/", "/admin/contacts/contact/", "/admin/staff/employee/"])
def test_the_back_office_has_no_inline_script(client: Client, path: str) -> None:
    client.force_login(person("admin", is_staff=True))
    page = client.get(path)
    assert page.status_code == 200
    assert [
        found for found in inline_code(page.content.decode()) if "script" in found or " on" in found
    ] == []


def test_the_policy_allows_own_files_and_this_answers_nonce_only(client: Client) -> None:
    first, second = client.get("/accounts/login/"), client.get("/accounts/login/")
    policies = [answer["Content-Security-Policy"] for answer in (first, second)]
    nonces = [re.search(r"script-src [^;]*'nonce-([^']+)'", policy) for policy in policies]
    assert nonces[0]
    assert nonces[1]
    assert nonces[0][1] != nonces[1][1]
    assert f'nonce="{nonces[0][1]}"' in first.content.decode()
    for directive in (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert directive in policies[0]
    assert "unsafe" not in policies[0]


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    answer = client.get("/accounts/login/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"HTTP_HOST": "evil.example.com"}, 400),
        ("/accounts/login/", {"HTTP_HOST": "evil.example.com"}, 400),
        ("/healthz", {}, 200),
        ("/nowhere/", {}, 404),
        ("/static/portal.css", {}, 200),
    ],
)
@pytest.mark.parametrize("ssl_redirect", [False, True])
def test_an_answer_that_is_given_early_carries_them_too(
    client: Client,
    settings: LazySettings,
    path: str,
    headers: dict[str, Any],
    status: int,
    ssl_redirect: bool,
) -> None:
    settings.SECURE_SSL_REDIRECT = ssl_redirect
    answer = client.get(path, secure=True, **headers)
    assert answer.status_code == status
    for directive in ("default-src 'none'", "frame-ancestors 'none'", "script-src 'self'"):
        assert directive in answer["Content-Security-Policy"]
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_session_cookie_is_out_of_scripts_reach(client: Client) -> None:
    client.force_login(person("sender"))
    client.get("/")
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
