from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persian.jalali import (
    format_date,
    format_datetime,
    format_time,
    numeric_date,
    parse_date,
    tehran_date,
)

EVENING = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def test_an_instant_is_shown_on_tehrans_clock_in_jalali():
    assert format_datetime(EVENING, "fa") == "۱ آذر ۱۴۰۵، ۲۲:۰۰"


def test_english_shows_the_gregorian_date():
    assert format_datetime(EVENING, "en") == "2026-11-22 22:00"
    assert format_date(date(2026, 11, 22), "en-gb") == "2026-11-22"


def test_the_day_of_an_instant_is_tehrans_day():
    late = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    assert tehran_date(late) == date(2026, 11, 23)
    assert format_date(late, "fa") == "۲ آذر ۱۴۰۵"
    assert numeric_date(late, "fa") == "۱۴۰۵/۰۹/۰۲"
    assert format_time(late, "fa") == "۰۰:۰۰"


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="naive"):
        format_datetime(datetime(2026, 11, 22, 18, 30), "fa")  # noqa: DTZ001


def test_a_time_of_the_day_is_shown_in_the_languages_digits():
    assert format_time(time(8), "fa") == "۰۸:۰۰"
    assert format_time(time(23, 5), "en") == "23:05"


@pytest.mark.parametrize(
    "text", ["۱۴۰۵/۰۹/۰۱", "1405/9/1", "١٤٠٥-٠٩-٠١", " 1405.09.01 ", "2026-11-22", "۲۰۲۶/۱۱/۲۲"]
)
def test_a_date_is_read_in_any_digits_and_either_calendar(text):
    assert parse_date(text) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    ["", "امروز", "1405/13/01", "1405/12/30", "05/09/01", "1405/09", "1405/09-01", "2026-02-30", "1405/0/1"],
)
def test_what_is_not_a_date_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 (the message differs by calendar)
        parse_date(text)


def test_the_last_day_of_a_leap_year_exists():
    assert parse_date("1403/12/30") == date(2025, 3, 20)


@given(st.dates(date(1930, 1, 1), date(2110, 1, 1)))
def test_a_date_survives_the_way_to_the_page_and_back(day):
    assert parse_date(numeric_date(day, "fa")) == day
    assert parse_date(numeric_date(day, "en")) == day
