"""A known browser has its own count of wrong passwords; an administrator unlocks. All through a proxy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.devices import known_device
from accounts.lockouts import locked_out, unlock
from audit.models import Entry
from tests.portal.helpers import PASSWORD, person, sign_in

pytestmark = pytest.mark.django_db

# The owner and a stranger behind one address: the office's, as our proxy saw it.
OFFICE: dict[str, Any] = {"REMOTE_ADDR": "172.18.0.1", "HTTP_X_FORWARDED_FOR": "10.1.2.3"}
WRONG = "wrong-password-here"
COOKIE = "device"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: LazySettings) -> None:
    settings.PROXY_COUNT = 1
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def known(user: Any) -> Client:
    """A browser in which `user` signed in and out."""
    client = Client()
    assert sign_in(client, user, **OFFICE).status_code == 302
    client.post("/accounts/logout/", **OFFICE)
    return client


def guess(client: Client, user: Any, times: int = 5) -> int:
    answers: list[int] = [sign_in(client, user, WRONG, **OFFICE).status_code for _guess in range(times)]
    return answers[-1]


def test_a_stranger_at_the_same_address_does_not_lock_the_owner_out_of_a_known_browser() -> None:
    user = person("sender")
    browser = known(user)
    assert guess(Client(), user) == 429
    assert sign_in(Client(), user, **OFFICE).status_code == 429
    assert sign_in(browser, user, **OFFICE).status_code == 302
    # The owner's sign-in does not give the stranger new tries.
    assert sign_in(Client(), user, **OFFICE).status_code == 429


def test_junk_log_ins_from_the_same_address_leave_a_known_browser_usable(settings: LazySettings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": None, "sign_in": "3/m/ip"}
    user = person("sender")
    browser = known(user)
    junk = {"login": "nobody", "password": WRONG}
    answers = [Client().post("/accounts/login/", junk, **OFFICE).status_code for _post in range(4)]
    assert answers[-1] == 429
    assert sign_in(browser, user, **OFFICE).status_code == 302


def test_a_known_browser_is_locked_after_five_wrong_passwords_of_its_own_wherever_it_is() -> None:
    user = person("sender")
    browser = known(user)
    assert guess(browser, user) == 429
    assert sign_in(browser, user, **OFFICE | {"HTTP_X_FORWARDED_FOR": "10.9.9.9"}).status_code == 429
    # Without the cookie it is a stranger's browser with tries of its own.
    assert sign_in(Client(), user, **OFFICE).status_code == 302


def test_a_colleague_s_cookie_is_worth_nothing_for_another_name() -> None:
    owner, colleague = person("sender"), person("sender")
    browser = known(colleague)
    assert guess(browser, owner) == 429
    assert guess(Client(), owner, 1) == 429


@pytest.mark.parametrize("change", ["signature", "age", "shape"])
def test_a_cookie_that_we_did_not_sign_or_that_is_old_is_a_stranger_s(change: str) -> None:
    user = person("sender")
    browser = known(user)
    later = timedelta()
    if change == "signature":
        browser.cookies[COOKIE] = signing.dumps([user.username, "mine"], salt="x")
    elif change == "shape":
        browser.cookies[COOKIE] = "\x1f" + browser.cookies[COOKIE].value
    else:
        later = timedelta(days=181)
    with time_machine.travel(timezone.now() + later, tick=False):
        assert guess(browser, user) == 429
        assert guess(Client(), user, 1) == 429


def test_a_typed_mark_does_not_reach_a_known_browser_s_count(rf: Any) -> None:
    user = person("sender")
    browser = known(user)
    request = rf.post("/")
    request.COOKIES[COOKIE] = browser.cookies[COOKIE].value
    device = known_device(request, user.username)
    assert device
    for separator in ("\x1f", " "):
        for _guess in range(6):
            typed = {"login": f"{user.username}{separator}{device}"[:150], "password": WRONG}
            Client().post("/accounts/login/", typed, **OFFICE)
    assert sign_in(browser, user, **OFFICE).status_code == 302


def test_the_cookie_is_no_key_and_script_does_not_see_it() -> None:
    user = person("sender")
    browser = known(user)
    assert browser.get("/").status_code == 302
    cookie = browser.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 180 * 24 * 3600


class TestUnlocking:
    """The page of an administrator."""

    def test_it_names_who_is_locked_where_and_until_when(self) -> None:
        user, other = person("sender"), person("voc")
        browser = known(user)
        guess(Client(), user)
        guess(browser, user)
        guess(Client(), other, 4)
        Client().post("/accounts/login/", {"login": "my-own-secret", "password": WRONG}, **OFFICE)
        found = {(one.user, one.address, one.failures) for one in locked_out(now=timezone.now())}
        assert found == {(user, "10.1.2.3", 5), (user, None, 5)}
        assert locked_out(now=timezone.now() + timedelta(minutes=16)) == []
        office = Client()
        office.force_login(person("admin"))
        page = office.get("/staff/locked/").content.decode()
        assert user.username in page
        assert "10.1.2.3" in page
        assert "my-own-secret" not in page

    def test_unlocking_lets_in_and_is_recorded(self) -> None:
        user, admin = person("sender"), person("admin")
        browser = known(user)
        guess(Client(), user)
        guess(browser, user)
        office = Client()
        office.force_login(admin)
        assert office.post(f"/staff/log-ins/{user.pk}/unlock/").status_code == 302
        assert not AccessAttempt.objects.exists()
        entry = Entry.objects.get(action="user.unlocked")
        assert (entry.actor_id, entry.object_id, entry.data) == (
            admin.pk,
            str(user.pk),
            {"addresses": ["10.1.2.3"]},
        )
        assert sign_in(Client(), user, PASSWORD, **OFFICE).status_code == 302
        assert sign_in(browser, user, PASSWORD, **OFFICE).status_code == 302
        # The next lock-out is an entry of its own.
        guess(Client(), user)
        assert Entry.objects.filter(action="user.locked_out").count() == 3

    def test_nothing_to_unlock_is_no_act_and_others_may_not(self) -> None:
        user = person("sender")
        assert not unlock(user=user, by=person("admin"), now=timezone.now())
        assert not Entry.objects.filter(action="user.unlocked").exists()
        with pytest.raises(PermissionDenied):
            unlock(user=user, by=person("hr"), now=timezone.now())
