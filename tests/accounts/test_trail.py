"""Sign-ins, failures, lock-outs, factors and passwords stand in the audit, with the client's address."""

from __future__ import annotations

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.actions import reset_second_factor
from audit.models import Entry
from audit.words import ACTIONS
from staff.models import OutgoingMail, User
from tests.factories import NOW
from tests.portal.helpers import PASSWORD, code_of, is_signed_in, person, sign_in, with_app

pytestmark = pytest.mark.django_db

FROM: dict[str, Any] = {"REMOTE_ADDR": "172.18.0.1", "HTTP_X_FORWARDED_FOR": "10.1.2.3"}
NEW = "another-long-password-1406"


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: LazySettings) -> None:
    settings.PROXY_COUNT = 1
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def trail() -> list[tuple[str, str, str]]:
    """Actor, action and object's id of each entry; every one must have its word and the client's address."""
    entries = list(Entry.objects.order_by("id"))
    assert all(entry.action in ACTIONS for entry in entries)
    assert all(entry.data["client"] == "10.1.2.3" for entry in entries)
    return [(entry.actor, entry.action, entry.object_id) for entry in entries]


def test_a_sign_in_and_a_sign_out(client: Client) -> None:
    user = person("sender")
    sign_in(client, user, **FROM)
    client.post("/accounts/logout/", **FROM)
    pk = str(user.pk)
    assert trail() == [(user.username, "user.signed_in", pk), (user.username, "user.signed_out", pk)]


def test_wrong_passwords_and_one_lock_out(client: Client) -> None:
    user = person("sender", username="negar")
    for name in ("negar", "NEGAR", "negar", "negar", "negar", "negar", "negar"):
        client.post("/accounts/login/", {"login": name, "password": "wrong-password-here"}, **FROM)
    pk = str(user.pk)
    failed, locked = ("system", "user.sign_in_failed", pk), ("system", "user.locked_out", pk)
    assert trail() == [failed] * 4 + [locked]


def test_guesses_under_names_that_nobody_has_fill_nothing_and_show_nothing(client: Client) -> None:
    for n in range(4):
        client.post("/accounts/login/", {"login": f"my-own-secret-{n}", "password": "x"}, **FROM)
    assert trail() == [("system", "user.unknown_name", "")]
    assert "my-own-secret" not in str(Entry.objects.values())


def test_factors_and_passwords(client: Client, django_capture_on_commit_callbacks: Any) -> None:
    user = person("manager")
    sign_in(client, user, **FROM)
    client.get(reverse("mfa_activate_totp"), **FROM)
    secret = client.session["mfa.totp.secret"]
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}, **FROM)
    change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", change, **FROM)
    assert [action for _actor, action, _pk in trail()] == [
        "user.signed_in",
        "factor.added",
        "factor.added",
        "user.password_changed",
    ]


def test_a_reset_and_wrong_codes(client: Client) -> None:
    user = person("manager", email="m@example.com")
    with_app(user)
    client.post("/accounts/password/reset/", {"email": "M@example.com"}, **FROM)
    sign_in(client, user, **FROM)
    client.post(reverse("mfa_authenticate"), {"code": "000000"}, **FROM)
    assert [(actor, action) for actor, action, _pk in trail()] == [
        ("system", "user.password_reset_asked"),
        ("system", "factor.code_failed"),
    ]
    assert OutgoingMail.objects.get().to == "m@example.com"


def test_a_superuser_s_making_is_recorded_told_and_said_on_home(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    person("auditor", email="auditor@example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", NEW)
    names = {"username": "root", "email": "root@example.com"}
    call_command("createsuperuser", "--no-input", stdout=io.StringIO(), **names)
    entry = Entry.objects.get()
    assert (entry.action, entry.object_id) == (
        "user.superuser_made",
        str(User.objects.get(username="root").pk),
    )
    told = OutgoingMail.objects.values_list("to", flat=True)
    assert sorted(told) == ["auditor@example.com", "root@example.com"]
    client.force_login(person("admin"))
    assert "کاربر ارشد سامانه با اختیار تغییر همهٔ حساب‌ها" in client.get("/").content.decode()


class TestReset:
    """An administrator removes a colleague's second factor."""

    @pytest.fixture
    def people(self) -> dict[str, Any]:
        people = {role: person(role, email=f"{role}@example.com") for role in ("admin", "senior", "auditor")}
        with_app(people["senior"])
        return people

    def test_it_is_recorded_mailed_and_ends_the_sessions(self, people: dict[str, Any]) -> None:
        holder, admin = people["senior"], people["admin"]
        at_work = Client()
        at_work.force_login(holder)
        office = Client()
        office.force_login(admin)
        page = reverse("reset_factor", args=[holder.pk])
        assert office.get(page).status_code == 200
        assert office.post(page, {"reason": "گم"}).status_code == 422
        assert office.post(page, {"reason": "گوشی گم شده است، حضوری"}).status_code == 302
        assert not Authenticator.objects.filter(user=holder).exists()
        assert not is_signed_in(at_work)
        entry = Entry.objects.get(action="factor.reset")
        assert (entry.actor_id, entry.object_id) == (admin.pk, str(holder.pk))
        assert entry.data == {"reason": "گوشی گم شده است، حضوری", "factors": ["totp"]}
        told = OutgoingMail.objects.values_list("to", flat=True)
        assert sorted(told) == ["auditor@example.com", "senior@example.com"]
        assert office.post(page, {"reason": "یک بار دیگر"}).status_code == 422

    def test_nobody_resets_their_own_and_only_a_superuser_a_superuser_s(self, people: dict[str, Any]) -> None:
        with_app(people["admin"])
        root = person(is_superuser=True)
        with_app(root)
        for holder in (people["admin"], root):
            with pytest.raises(PermissionDenied):
                reset_second_factor(user=holder, reason="گوشی گم شد", by=people["admin"], now=NOW)
        with pytest.raises(PermissionDenied):
            reset_second_factor(user=root, reason="گوشی گم شد", by=people["senior"], now=NOW)
        with pytest.raises(ValidationError):
            reset_second_factor(user=people["auditor"], reason="گوشی گم شد", by=people["admin"], now=NOW)
        assert Authenticator.objects.count() == 3
