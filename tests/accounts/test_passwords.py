"""What a password must be: length, and nothing that anybody would try first."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.passwords import DEMO_PASSWORD
from staff.models import User
from tests.portal.helpers import is_signed_in, person, sign_in

NEGAR = User(
    username="n.yousefi", first_name="نگار", last_name="Yousefi", email="negar.yousefi@amootsoft.com"
)


@pytest.mark.parametrize(
    "password",
    [
        "short-one",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
        "passwordpassword",
        "P@ssw0rd1234",
        "amoot1234567",
        "sendersender",
        "admin1234567",
        "123456789012",
        "۱۲۳۴۵۶۷۸۹۰۱۲",
        "qwertyuiop[]",
        "poiuytrewq12",
        "AmootSoft-2026",
        "avanak-owj-1405",
        "negar-yousefi",
        "Yousefi123456",
        "dragon123456!",
        "abababababab",
        "1234-5678-90",
    ],
)
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, NEGAR)


@pytest.mark.parametrize(
    "password",
    [
        "a long enough one",
        "correct-horse-battery",
        "گربه‌ای روی پشت‌بام",
        "x7#Kp2vQm9Lw",
        "a-long-trial-password-1405",
    ],
)
def test_a_long_password_of_one_s_own_is_taken(password: str) -> None:
    validate_password(password, NEGAR)


def test_the_demo_s_password_opens_demo_data_only(settings: LazySettings) -> None:
    settings.DEMO = True
    validate_password(DEMO_PASSWORD, NEGAR)
    settings.DEMO = False
    with pytest.raises(ValidationError):
        validate_password(DEMO_PASSWORD, NEGAR)


@pytest.mark.django_db
@pytest.mark.parametrize("demo", [True, False])
def test_a_log_in_left_from_the_demo_does_not_open_without_demo_data(
    client: Client, settings: LazySettings, demo: bool
) -> None:
    settings.DEMO = demo
    settings.SECOND_FACTOR_REQUIRED = False
    user = person("sender")
    user.set_password(DEMO_PASSWORD)
    user.save()
    page = sign_in(client, user, DEMO_PASSWORD)
    assert is_signed_in(client) is demo
    assert demo or "مستندات سامانه" in page.content.decode()
