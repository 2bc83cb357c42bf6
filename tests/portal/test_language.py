"""Persian first, English by choice."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from tests.portal.helpers import person

pytestmark = pytest.mark.django_db


def test_a_page_is_persian_whatever_the_browser_prefers(client: Client) -> None:
    page = client.get("/accounts/login/", headers={"accept-language": "en-GB,en;q=0.9"})
    assert '<html lang="fa" dir="rtl">' in page.content.decode()
    assert page["Content-Language"] == "fa"
    assert "bootstrap.rtl.min.css" in page.content.decode()


def test_a_user_who_chose_english_gets_english_from_left_to_right(client: Client) -> None:
    answer = client.post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    page = client.get("/accounts/login/").content.decode()
    assert '<html lang="en" dir="ltr">' in page
    assert "bootstrap.min.css" in page


def test_a_language_that_does_not_exist_is_persian(client: Client) -> None:
    client.cookies["django_language"] = "xx"
    assert '<html lang="fa" dir="rtl">' in client.get("/accounts/login/").content.decode()


def test_numbers_on_a_persian_page_are_persian(client: Client) -> None:
    client.force_login(person("sender"))
    page = client.get("/").content.decode()
    assert "۱۴۰" in page
    client.cookies["django_language"] = "en"
    assert "۱۴۰" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("text", "persian"),
    [
        ("Enter the same password as before, for verification.", "همان گذرواژه را دوباره وارد کنید."),
        ("This password is entirely numeric.", "گذرواژه نمی‌تواند فقط عدد باشد."),
        ("Forgot your password?", "گذرواژه را فراموش کرده‌اید؟"),
        ("Recent actions", "فعالیت‌های اخیر"),
    ],
)
def test_texts_of_the_packages_are_said_in_the_portals_persian(text: str, persian: str) -> None:
    with translation.override("fa"):
        assert translation.gettext(text) == persian
