"""How pages write numbers, spans and phone numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template
from django.utils import translation

from amoot_comms.templatetags import portal
from persian.jalali import TEHRAN

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=TEHRAN)


@pytest.fixture
def persian():
    with translation.override("fa"):
        yield


@pytest.fixture
def english():
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("persian")
def test_persian_pages_write_persian() -> None:
    assert portal.grouped(12406) == "۱۲٬۴۰۶"
    assert portal.persian_digits("C7.6") == "C۷.۶"
    assert portal.jalali_instant(NOW) == "۱ آذر ۱۴۰۵، ۲۲:۰۰"
    assert portal.jalali_date(date(2026, 11, 22)) == "۱ آذر ۱۴۰۵"
    assert portal.jalali_short(date(2026, 11, 22)) == "۱۴۰۵/۰۹/۰۱"
    assert portal.phone("+989121234567") == "۰۹۱۲۱۲۳۴۵۶۷"
    assert portal.phone("+4915123456") == "+۴۹۱۵۱۲۳۴۵۶"


@pytest.mark.usefixtures("english")
def test_english_pages_write_english() -> None:
    assert portal.grouped(12406) == "12,406"
    assert portal.jalali_instant(NOW) == "2026-11-22 22:00"
    assert portal.clock(NOW) == "22:00"
    assert portal.phone("+989121234567") == "09121234567"


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=2, minutes=5, seconds=59), "2 hours and 5 minutes"),
        (timedelta(days=1, minutes=3), "1 day"),
        (timedelta(days=3, hours=4, minutes=3), "3 days and 4 hours"),
        (timedelta(minutes=-5), "less than a minute"),
        (None, ""),
    ],
)
def test_a_span_is_written_in_its_two_largest_units(span: timedelta | None, words: str) -> None:
    assert portal.duration(span) == words


@pytest.mark.usefixtures("english")
@time_machine.travel(NOW, tick=False)
def test_an_instant_is_told_from_now() -> None:
    assert portal.since(NOW - timedelta(minutes=5)) == "5 minutes ago"
    assert portal.since(NOW + timedelta(hours=2)) == "in 2 hours"
    assert portal.since(NOW) == "just now"


def test_a_phone_number_stands_from_left_to_right() -> None:
    text = Template('{% include "components/number.html" with value=number %}')
    assert '<bdi class="number" dir="ltr">' in text.render(Context({"number": "+989121234567"}))


def test_nothing_is_written_for_nothing() -> None:
    for write in (
        portal.grouped,
        portal.persian_digits,
        portal.jalali_instant,
        portal.jalali_date,
        portal.phone,
    ):
        assert write(None) == ""
