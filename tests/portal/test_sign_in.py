"""Who gets in, and how: passwords, limits, the second factor, the back office."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from persian.digits import to_persian
from staff.models import OutgoingMail
from staff.outbox import deliver
from staff.roles import Role
from tests.factories import NOW
from tests.portal.helpers import PASSWORD, code_of, is_signed_in, person, sign_in, with_app

pytestmark = pytest.mark.django_db

HERE = {"REMOTE_ADDR": "10.0.0.1"}
ELSEWHERE = {"REMOTE_ADDR": "10.0.0.2"}


@pytest.fixture
def still() -> Iterator[None]:
    """The clock stands, so that a code does not go out of date under way."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def demanded(settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


def test_the_password_opens_the_home_page(client: Client) -> None:
    answer = sign_in(client, person("sender"))
    assert answer["Location"] == reverse("home")
    assert is_signed_in(client)


def test_a_wrong_password_says_so_and_keeps_the_user_name(client: Client) -> None:
    user = person("sender")
    page = sign_in(client, user, "wrong-password-here")
    assert page.status_code == 200
    assert "field-errors" in page.content.decode()
    assert f'value="{user.username}"' in page.content.decode()


def test_five_wrong_passwords_lock_this_user_at_this_address_only(client: Client) -> None:
    user, colleague = person("sender"), person("sender")
    for _attempt in range(5):
        answer = sign_in(client, user, "wrong-password-here", **HERE)
    assert answer.status_code == 429
    assert sign_in(client, user, **HERE).status_code == 429
    # Nobody else is locked out: neither a colleague here, nor the user at another desk.
    assert sign_in(Client(), colleague, **HERE).status_code == 302
    assert sign_in(Client(), user, **ELSEWHERE).status_code == 302


def test_upper_and_lower_case_do_not_multiply_the_attempts(client: Client) -> None:
    person("sender", username="negar")
    for spelling in ("negar", "Negar", "NEGAR", " negar", "nEgar"):
        answer = client.post("/accounts/login/", {"login": spelling, "password": "wrong-password-here"})
    assert answer.status_code == 429


def test_many_attempts_by_a_stranger_do_not_lock_a_colleague_out(client: Client) -> None:
    user = person("sender")
    for stranger in range(4):
        for _attempt in range(6):
            sign_in(Client(), user, "wrong-password-here", REMOTE_ADDR=f"10.9.9.{stranger}")
    assert sign_in(client, user, **HERE).status_code == 302


@pytest.fixture
def behind_a_proxy(settings: LazySettings) -> None:
    settings.PROXY_COUNT = 1


def from_address(address: str) -> dict[str, Any]:
    """A request that came through our proxy, which appended the address it was called from."""
    return {"REMOTE_ADDR": "172.18.0.1", "HTTP_X_FORWARDED_FOR": f"8.8.8.8, {address}"}


@pytest.mark.usefixtures("behind_a_proxy")
def test_behind_a_proxy_a_stranger_s_wrong_passwords_leave_the_right_one_usable(client: Client) -> None:
    user = person("sender")
    for _attempt in range(6):
        answer = sign_in(Client(), user, "wrong-password-here", **from_address("6.6.6.6"))
    assert answer.status_code == 429
    assert sign_in(client, user, **from_address("10.1.2.3")).status_code == 302
    assert is_signed_in(client)


@pytest.mark.usefixtures("behind_a_proxy")
def test_a_stranger_s_junk_log_ins_do_not_use_up_the_limit_of_an_office(
    client: Client, settings: LazySettings
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": None, "sign_in": "7/m/ip"}
    user = person("sender")
    answers = {
        client.post(
            "/accounts/login/", {"login": f"nobody{n}", "password": "x"}, **from_address("6.6.6.6")
        ).status_code
        for n in range(8)
    }
    assert 429 in answers
    assert sign_in(Client(), user, **from_address("10.1.2.3")).status_code == 302


@pytest.mark.usefixtures("behind_a_proxy", "still")
def test_a_morning_of_forty_colleagues_behind_one_address(client: Client) -> None:
    office = from_address("10.0.0.1")
    answers = [sign_in(Client(), person("sender"), **office).status_code for _colleague in range(40)]
    assert answers == [302] * 40


@pytest.mark.usefixtures("behind_a_proxy", "still")
def test_resets_from_many_addresses_do_not_use_up_one_limit(client: Client) -> None:
    answers = {
        client.post(
            "/accounts/password/reset/", {"email": f"user{n}@example.com"}, **from_address(f"10.0.0.{n}")
        ).status_code
        for n in range(65)
    }
    assert answers == {302}


@pytest.mark.usefixtures("behind_a_proxy")
def test_the_log_names_the_client_not_the_proxy(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="amoot_comms.request")
    client.get("/accounts/login/", **from_address("10.1.2.3"))
    assert [record.msg["client"] for record in caplog.records if isinstance(record.msg, dict)] == ["10.1.2.3"]


@pytest.mark.parametrize("address", ["/accounts/signup/", "/accounts/email/"])
def test_nobody_signs_up_or_changes_the_address_that_a_reset_goes_to(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404
    client.force_login(person("sender"))
    assert client.post(address, {"email": "x@example.com", "action_add": ""}).status_code == 404


@pytest.mark.usefixtures("still")
def test_the_second_factor_is_asked_for_after_the_password(client: Client) -> None:
    user = person("manager")
    secret = with_app(user)
    answer = sign_in(client, user)
    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_signed_in(client)


@pytest.mark.usefixtures("still")
def test_a_code_may_be_typed_in_persian_digits(client: Client) -> None:
    user = person("manager")
    secret = with_app(user)
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": to_persian(code_of(secret))})
    assert is_signed_in(client)


@pytest.mark.usefixtures("still")
def test_a_code_works_once(client: Client) -> None:
    user = person("manager")
    code = code_of(with_app(user))
    for visitor, opened in ((client, True), (Client(), False)):
        sign_in(visitor, user)
        visitor.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(visitor) is opened


@pytest.mark.usefixtures("still")
def test_codes_cannot_be_guessed_without_end(client: Client) -> None:
    user = person("manager")
    secret = with_app(user)
    sign_in(client, user)
    for guess in range(6):
        client.post(reverse("mfa_authenticate"), {"code": f"{guess:06}"})
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_signed_in(client)


@pytest.mark.usefixtures("still")
def test_whoever_holds_a_second_factor_is_asked_for_it_again_not_for_the_password(client: Client) -> None:
    user = person("manager")
    secret = with_app(user)
    client.force_login(user)
    removal = reverse("mfa_deactivate_totp")
    assert client.get(removal)["Location"].startswith(reverse("mfa_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(removal).status_code == 302
    client.post(reverse("mfa_reauthenticate"), {"code": code_of(secret)})
    assert client.get(removal).status_code == 200


def test_a_password_reset_does_not_pass_the_second_factor_by(client: Client) -> None:
    user = person("manager", email="manager@example.com")
    with_app(user)
    client.post("/accounts/password/reset/", {"email": user.email})
    deliver(now=timezone.now())
    link = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1], follow=True)
    new = "another-long-password-1406"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert not is_signed_in(client)
    assert sign_in(client, user, new)["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)


def test_a_reset_for_an_unknown_address_says_the_same_and_sends_nothing(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert answer["Location"] == reverse("account_reset_password_done")
    assert not OutgoingMail.objects.exists()


@pytest.mark.usefixtures("demanded")
@pytest.mark.parametrize("role", Role)
def test_every_role_must_enrol_a_second_factor_first(client: Client, role: Role) -> None:
    client.force_login(person(role))
    for path in ("/", "/channels/", "/admin/"):
        assert client.get(path)["Location"] == reverse("mfa_index"), path
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get("/accounts/logout/").status_code == 200


@pytest.mark.usefixtures("demanded")
def test_who_only_reads_the_register_may_do_without(client: Client) -> None:
    client.force_login(person())
    assert is_signed_in(client)


@pytest.mark.usefixtures("demanded")
def test_who_has_enrolled_goes_on(client: Client) -> None:
    user = person("manager")
    with_app(user)
    client.force_login(user)
    assert is_signed_in(client)


@pytest.mark.usefixtures("demanded")
def test_a_bare_superuser_needs_a_second_factor_too(client: Client) -> None:
    client.force_login(person(is_superuser=True, is_staff=True))
    assert client.get("/admin/")["Location"] == reverse("mfa_index")


def test_where_it_is_not_demanded_a_banner_offers_it(client: Client, settings: LazySettings) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    client.force_login(person("manager"))
    assert "banner-notice" in client.get("/").content.decode()
    client.force_login(person())
    assert "banner-notice" not in client.get("/").content.decode()


def test_the_back_office_has_no_door_of_its_own(client: Client) -> None:
    user = person("admin", is_staff=True)
    with_app(user)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_the_back_office_is_closed_to_those_without_work_there(client: Client) -> None:
    client.force_login(person("sender"))
    assert client.get("/admin/", follow=True).status_code == 403


def test_the_rules_of_a_password_are_said_in_persian_digits(client: Client) -> None:
    client.force_login(person("sender"))
    page = client.get("/accounts/password/change/").content.decode()
    rules = page.partition('id="content"')[2]  # behind the menu, in which the log-in has digits of its own
    assert "دست‌کم ۱۲ کاراکتر" in rules
    assert "12" not in re.sub(r"<[^>]*>", "", rules)


def test_a_disabled_log_in_is_told_whom_to_ask(client: Client) -> None:
    page = client.get("/accounts/inactive/").content.decode()
    assert "منابع انسانی" in page
    assert "/accounts/login/" in page
