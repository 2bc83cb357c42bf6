"""A session ends when nothing happens, at the end of the day, and with the user's rights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client

from persian.jalali import TEHRAN
from tests.portal.helpers import is_signed_in, person, sign_in

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 23, 9, tzinfo=TEHRAN)
MINUTE = timedelta(minutes=1)
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/messages/7/"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_half_an_hour_without_a_press_ends_the_session(client: Client, clock: time_machine.Traveller) -> None:
    sign_in(client, person("sender"))
    clock.shift(29 * MINUTE)
    assert is_signed_in(client)
    clock.shift(29 * MINUTE)
    assert is_signed_in(client)
    clock.shift(30 * MINUTE)
    assert not is_signed_in(client)


def test_a_page_that_polls_by_itself_is_not_somebody_at_work(
    client: Client, clock: time_machine.Traveller
) -> None:
    sign_in(client, person("sender"))
    for _round in range(5):
        clock.shift(5 * MINUTE)
        assert client.get("/home/now/", headers=HTMX).status_code == 200
    clock.shift(5 * MINUTE)
    answer = client.get("/home/now/", headers=HTMX)
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fmessages%2F7%2F"
    page = client.get("/accounts/login/").content.decode()
    assert 'class="alert alert-info"' in page


def test_a_form_in_which_somebody_writes_stays_when_the_session_is_over(
    client: Client, clock: time_machine.Traveller
) -> None:
    """The whole page turned to sign-in with the next letter, and the text was lost."""
    sign_in(client, person("sender"))
    clock.shift(31 * MINUTE)
    answer = client.post("/messages/compose/length/", {"text": "سلام"}, headers=HTMX)
    assert answer.status_code == 200
    assert "HX-Redirect" not in answer
    assert answer["HX-Reswap"] == "none"
    assert json.loads(answer["HX-Trigger"])["sessionEnded"]["url"].startswith("/accounts/login/?next=")


def test_the_sign_in_page_says_that_a_session_may_have_ended(client: Client) -> None:
    assert 'role="status"' in client.get("/accounts/login/?next=/messages/").content.decode()
    assert 'class="alert alert-info"' not in client.get("/accounts/login/").content.decode()


def test_ten_hours_end_the_session_however_busy(
    client: Client, clock: time_machine.Traveller, settings: LazySettings
) -> None:
    sign_in(client, person("sender"))
    for _round in range(10 * 3 - 1):
        clock.shift(20 * MINUTE)
        assert is_signed_in(client)
    clock.shift(20 * MINUTE)
    assert not is_signed_in(client)


def test_a_disabled_user_is_out_at_once(client: Client) -> None:
    user = person("sender")
    sign_in(client, user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert not is_signed_in(client)


def test_a_change_of_rights_ends_the_sessions_that_began_before(client: Client) -> None:
    user = person("sender")
    sign_in(client, user)
    assert is_signed_in(client)
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])
    assert not is_signed_in(client)
    sign_in(client, user)
    assert is_signed_in(client)


def test_a_changed_password_ends_the_other_sessions(client: Client) -> None:
    user, elsewhere = person("sender"), Client()
    sign_in(client, user)
    sign_in(elsewhere, user)
    new = "another-long-password-1406"
    old = "a-long-trial-password-1405"
    client.post("/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new})
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)


def test_signing_out_takes_a_press(client: Client) -> None:
    sign_in(client, person("sender"))
    client.get("/accounts/logout/")
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)
