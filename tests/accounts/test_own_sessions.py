"""One's own sessions: listed by browser and address, ended one by one or all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.test import Client

from accounts.own_sessions import browser_name
from amoot_comms.duties import clear_expired
from audit.models import Entry
from staff.actions.accounts import set_roles
from staff.models import OutgoingMail, User
from tests.factories import NOW
from tests.portal.helpers import is_signed_in, person, sign_in

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


@pytest.fixture(autouse=True)
def clock(settings: LazySettings) -> Iterator[time_machine.Traveller]:
    settings.PROXY_COUNT = 1
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def user() -> User:
    return person("sender")


def browser(user: User, agent: str, address: str) -> Client:
    headers: dict[str, Any] = {
        "HTTP_USER_AGENT": agent,
        "REMOTE_ADDR": "172.18.0.1",
        "HTTP_X_FORWARDED_FOR": address,
    }
    client = Client(**headers)
    assert sign_in(client, user).status_code == 302
    return client


def shown(client: Client) -> list[tuple[str, str, bool]]:
    """Browser, address and "this one" of each session, as the page has them."""
    return [(one.browser, one.address, one.is_current) for one in client.get(PAGE).context["sessions"]]


def test_they_are_named_by_browser_and_address_the_present_one_first(user: User, clock: Any) -> None:
    desk = browser(user, FIREFOX, "10.1.2.3")
    clock.shift(timedelta(minutes=5))
    phone = browser(user, PHONE, "5.6.7.8")
    browser(person("sender"), PHONE, "9.9.9.9")
    firefox, chrome = ("Firefox در Linux", "10.1.2.3"), ("Chrome در Android", "5.6.7.8")
    assert shown(desk) == [(*firefox, True), (*chrome, False)]
    assert shown(phone) == [(*chrome, True), (*firefox, False)]
    # Its last press: the page that was opened just now.
    assert [one.seen_at for one in desk.get(PAGE).context["sessions"]] == [NOW + timedelta(minutes=5)] * 2
    assert "10.1.2.3" in desk.get(PAGE).content.decode()


def test_one_is_ended_and_recorded(user: User) -> None:
    desk, phone = browser(user, FIREFOX, "10.1.2.3"), browser(user, PHONE, "5.6.7.8")
    other = next(one for one in desk.get(PAGE).context["sessions"] if not one.is_current)
    assert desk.post(PAGE, {"session": other.pk}).status_code == 302
    assert not is_signed_in(phone)
    assert is_signed_in(desk)
    entry = Entry.objects.get(action="user.sessions_ended")
    assert (entry.actor_id, entry.data) == (user.pk, {"addresses": ["5.6.7.8"], "count": 1})


def test_all_others_are_ended(user: User) -> None:
    desk, phone, third = (browser(user, FIREFOX, f"10.1.2.{n}") for n in range(3))
    desk.post(PAGE, {"session": "others"})
    assert [is_signed_in(one) for one in (desk, phone, third)] == [True, False, False]
    assert len(shown(desk)) == 1


@pytest.mark.parametrize("session", ["", "x", "-1", "9" * 40])
def test_nonsense_ends_nothing(user: User, session: str) -> None:
    desk, phone = browser(user, FIREFOX, "10.1.2.3"), browser(user, PHONE, "5.6.7.8")
    assert desk.post(PAGE, {"session": session}).status_code == 302
    assert is_signed_in(phone)


def test_nobody_ends_another_s_session(user: User) -> None:
    victim = browser(person("voc"), FIREFOX, "10.1.2.3")
    row = UserSession.objects.get()
    browser(user, PHONE, "5.6.7.8").post(PAGE, {"session": row.pk})
    assert is_signed_in(victim)
    assert not Entry.objects.filter(action="user.sessions_ended").exists()


def test_what_is_over_is_not_listed(user: User, clock: Any) -> None:
    browser(user, FIREFOX, "10.1.2.1").post("/accounts/logout/")
    browser(user, FIREFOX, "10.1.2.2")
    clock.shift(timedelta(minutes=31))
    assert shown(desk := browser(user, FIREFOX, "10.1.2.3")) == [("Firefox در Linux", "10.1.2.3", True)]
    set_roles(user=user, roles=["voc"], by=None, now=NOW)
    assert not is_signed_in(desk)
    assert len(shown(browser(user, FIREFOX, "10.1.2.4"))) == 1


def test_rows_of_sessions_that_are_gone_are_cleared(user: User, clock: Any) -> None:
    browser(user, FIREFOX, "10.1.2.3")
    clock.shift(timedelta(hours=11))
    kept = browser(person("voc"), FIREFOX, "10.1.2.3")
    clear_expired()
    assert [row.session_key for row in UserSession.objects.all()] == [kept.session.session_key]


def test_a_client_without_an_address_signs_in(user: User) -> None:
    client = Client(REMOTE_ADDR="")
    assert sign_in(client, user).status_code == 302
    assert shown(client)[0][1] == ""


def test_a_browser_that_names_nothing() -> None:
    assert browser_name("curl/8") == "مرورگری ناشناخته"


def test_resets_asked_for_one_address_stop_at_five_an_hour(user: User) -> None:
    User.objects.filter(pk=user.pk).update(email="negar@example.com")
    for n in range(8):
        asked = {"email": "Negar@example.com" if n % 2 else "negar@EXAMPLE.com"}
        Client(REMOTE_ADDR="172.18.0.1", HTTP_X_FORWARDED_FOR=f"10.0.0.{n}").post(
            "/accounts/password/reset/", asked
        )
    assert OutgoingMail.objects.count() == 5
