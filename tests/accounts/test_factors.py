"""The second factor: what a reset leaves alone, what the database shows, and how often a code works."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.apps import apps
from django.conf import LazySettings
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from common.encryption import Unreadable, decrypt, encrypt
from tests.factories import NOW
from tests.portal.helpers import PASSWORD, code_of, is_signed_in, person, sign_in, with_app

pytestmark = pytest.mark.django_db
migration = import_module("staff.migrations.0003_encrypt_second_factors")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def _quick_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def stored(user: Any) -> str:
    return str(list(Authenticator.objects.filter(user=user).values_list("data", flat=True)))


def test_a_stranger_s_reset_does_not_keep_its_owner_from_enrolling(
    client: Client, settings: LazySettings
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    user = person("voc", email="fresh@example.com")
    Client().post("/accounts/password/reset/", {"email": user.email})
    sign_in(client, user)
    for page in ("mfa_activate_totp", "mfa_add_webauthn"):
        answer = client.get(reverse(page), follow=True)
        if answer.redirect_chain:
            client.post(answer.redirect_chain[-1][0], {"password": PASSWORD})
        assert client.get(reverse(page)).status_code == 200
    secret = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    assert is_signed_in(client)


def test_no_secret_and_no_seed_stands_in_the_database_in_clear() -> None:
    user = person("manager")
    secret = with_app(user)
    codes = RecoveryCodes.activate(user)
    assert secret not in stored(user)
    seed = Authenticator.objects.get(user=user, type="recovery_codes").data["seed"]
    assert len(decrypt(seed, purpose="second factor")) == 80
    assert codes.validate_code(codes.generate_codes()[0])


@pytest.mark.parametrize("kind", ["secret", "seed"])
def test_clear_text_is_never_accepted(client: Client, clock: object, kind: str) -> None:
    user = person("manager")
    secret = with_app(user)
    if kind == "secret":
        Authenticator.objects.filter(user=user).update(data={"secret": secret})
        code = code_of(secret)
    else:
        RecoveryCodes.activate(user)
        Authenticator.objects.filter(user=user, type="recovery_codes").update(
            data={"seed": "ab" * 40, "used_mask": 0}
        )
        code = "00000000"
    sign_in(client, user)
    answer = client.post(reverse("mfa_authenticate"), {"code": code})
    assert "از یک مدیر سامانه بخواهید" in answer.content.decode()
    assert not is_signed_in(client)


def test_the_newest_key_encrypts_and_the_older_still_decrypt(settings: LazySettings) -> None:
    settings.FACTOR_KEYS = ["an-older-key"]
    old = encrypt("JBSWY3DP", purpose="second factor")
    settings.FACTOR_KEYS = ["a-newer-key", "an-older-key"]
    assert decrypt(old, purpose="second factor") == "JBSWY3DP"
    new = encrypt("JBSWY3DP", purpose="second factor")
    settings.FACTOR_KEYS = ["a-newer-key"]
    assert decrypt(new, purpose="second factor") == "JBSWY3DP"
    for token, purpose in ((old, "second factor"), (new, "mail"), ("JBSWY3DP", "second factor")):
        with pytest.raises(Unreadable):
            decrypt(token, purpose=purpose)  # type: ignore[arg-type]


def test_the_keys_are_renewed_by_a_command(client: Client, settings: LazySettings, clock: object) -> None:
    user = person("manager")
    settings.FACTOR_KEYS = ["an-older-key"]
    secret = with_app(user)
    settings.FACTOR_KEYS = ["a-newer-key", "an-older-key"]
    call_command("renew_factor_keys", stdout=io.StringIO())
    settings.FACTOR_KEYS = ["a-newer-key"]
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_signed_in(client)
    settings.FACTOR_KEYS = ["another-key"]
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("renew_factor_keys", stdout=io.StringIO())


def test_the_migration_encrypts_what_exists_and_changes_nothing_twice() -> None:
    user, other = person("manager"), person("voc")
    rows: list[tuple[Any, str, dict[str, Any]]] = [
        (user, "totp", {"secret": "JBSWY3DPEHPK3PXP"}),
        (user, "recovery_codes", {"seed": "ab" * 40, "used_mask": 3}),
        (user, "webauthn", {"name": "key", "credential": {"a": 1}}),
        (other, "recovery_codes", {"migrated_codes": ["12345678", "87654321"]}),
    ]
    for owner, kind, data in rows:
        Authenticator.objects.create(user=owner, type=kind, data=data)
    with connection.schema_editor() as editor:
        migration.seal(apps, editor)
        first = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
        migration.seal(apps, editor)
    assert list(Authenticator.objects.order_by("pk").values_list("data", flat=True)) == first
    assert decrypt(first[0]["secret"], purpose="second factor") == "JBSWY3DPEHPK3PXP"
    assert decrypt(first[1]["seed"], purpose="second factor") == "ab" * 40
    assert first[1]["used_mask"] == 3
    assert first[2] == rows[2][2]
    assert [decrypt(code, purpose="second factor") for code in first[3]["migrated_codes"]] == [
        "12345678",
        "87654321",
    ]
    with connection.schema_editor() as editor:
        migration.open_again(apps, editor)
    after = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
    assert after == [data for _owner, _kind, data in rows]


@pytest.mark.parametrize(
    ("seconds", "opens"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_of_one_step_before_or_after_is_right(
    client: Client, clock: time_machine.Traveller, seconds: int, opens: bool
) -> None:
    user = person("manager")
    secret = with_app(user)
    sign_in(client, user)
    clock.shift(timedelta(seconds=seconds))
    code = code_of(secret)
    clock.shift(timedelta(seconds=-seconds))
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(client) is opens


@pytest.mark.parametrize("later", [0, 29, 31, 59])
def test_a_code_works_once_also_while_the_tolerance_would_still_take_it(
    client: Client, clock: time_machine.Traveller, later: int
) -> None:
    user = person("manager")
    code = code_of(with_app(user))
    sign_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(client)
    clock.shift(timedelta(seconds=later))
    other = Client()
    sign_in(other, user)
    other.post(reverse("mfa_authenticate"), {"code": code})
    assert not is_signed_in(other)


def test_no_package_s_tables_are_in_the_back_office(client: Client) -> None:
    client.force_login(person("admin", is_superuser=True, is_staff=True))
    for address in ("mfa/authenticator", "account/emailaddress", "auth/group"):
        assert client.get(f"/admin/{address}/").status_code == 404
    labels = {model._meta.app_label for model in admin.site._registry}
    assert not labels & {"mfa", "account", "auth", "sessions", "axes"}
