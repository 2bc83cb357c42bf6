"""The arithmetic of sending windows, held to a search minute by minute."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.windows import WeeklyWindows
from persian.jalali import TEHRAN

MINUTE = timedelta(minutes=1)
WEEK_MINUTES = 7 * 24 * 60
MONDAY = datetime(2026, 11, 23, tzinfo=TEHRAN)

spans = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[1] < s[2])
# Windows that touch midnight are where it goes wrong, so they come often.
edges = st.tuples(st.integers(0, 6), st.sampled_from([(0, 120), (1320, 1440), (0, 1440), (600, 601)])).map(
    lambda pair: (pair[0], *pair[1])
)
weeks = st.lists(spans | edges, max_size=8)
instants = st.builds(
    lambda minutes, seconds: MONDAY + timedelta(minutes=minutes, seconds=seconds),
    st.integers(0, WEEK_MINUTES - 1),
    st.sampled_from([0, 0.000001, 1, 30, 59.999999]),
)


def brute_minutes(week):
    """Which minutes of the week are open, by definition."""
    is_open = [False] * WEEK_MINUTES
    for weekday, opens, closes in week:
        for minute in range(weekday * 1440 + opens, weekday * 1440 + closes):
            is_open[minute] = True
    return is_open


def minute_of(instant):
    return int((instant.astimezone(TEHRAN) - MONDAY).total_seconds() // 60) % WEEK_MINUTES


@given(weeks, instants)
@settings(max_examples=300, deadline=None)
def test_a_window_is_open_in_exactly_its_minutes(week, instant):
    assert WeeklyWindows.of(week).is_open(instant) == brute_minutes(week)[minute_of(instant)]


@given(weeks, instants)
@settings(max_examples=300, deadline=None)
def test_the_next_opening_is_the_first_open_minute(week, instant):
    is_open = brute_minutes(week)
    start = minute_of(instant)
    ahead = next((step for step in range(WEEK_MINUTES + 1) if is_open[(start + step) % WEEK_MINUTES]), None)

    found = WeeklyWindows.of(week).next_open(instant)

    if ahead is None:
        assert found is None
    elif ahead == 0:
        assert found == instant
    else:
        assert found == instant.replace(second=0, microsecond=0) + ahead * MINUTE


@given(weeks, instants)
@settings(max_examples=300, deadline=None)
def test_the_close_is_the_first_closed_minute(week, instant):
    is_open = brute_minutes(week)
    start = minute_of(instant)
    ahead = next((step for step in range(WEEK_MINUTES) if not is_open[(start + step) % WEEK_MINUTES]), None)

    found = WeeklyWindows.of(week).closes_at(instant)

    if not ahead:
        # closed now, or never
        assert found is None
    else:
        assert found == instant.replace(second=0, microsecond=0) + ahead * MINUTE


@given(weeks, instants)
@settings(max_examples=200, deadline=None)
def test_at_the_next_opening_it_is_open_and_at_the_close_it_is_not(week, instant):
    windows = WeeklyWindows.of(week)
    opening, close = windows.next_open(instant), windows.closes_at(instant)
    assert opening is None or windows.is_open(opening)
    assert close is None or (close > instant and not windows.is_open(close))


@given(weeks, instants)
@settings(max_examples=100, deadline=None)
def test_the_same_instant_in_another_zone_gives_the_same_answers(week, instant):
    windows = WeeklyWindows.of(week)
    elsewhere = instant.astimezone(UTC)
    assert windows.is_open(elsewhere) == windows.is_open(instant)
    assert windows.next_open(elsewhere) == windows.next_open(instant)
    assert windows.closes_at(elsewhere) == windows.closes_at(instant)


EVERY_DAY_8_TO_22 = WeeklyWindows.of((day, 480, 1320) for day in range(7))


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        (time(7, 59, 59, 999999), False),
        (time(8), True),
        (time(21, 59, 59, 999999), True),
        (time(22), False),
    ],
)
def test_a_window_is_half_open(clock, is_open):
    assert EVERY_DAY_8_TO_22.is_open(datetime.combine(MONDAY, clock, TEHRAN)) is is_open


def test_outside_it_says_to_the_second_when_it_opens():
    evening = datetime(2026, 11, 23, 22, 0, tzinfo=TEHRAN)
    assert EVERY_DAY_8_TO_22.next_open(evening) == datetime(2026, 11, 24, 8, 0, tzinfo=TEHRAN)


def test_windows_that_touch_at_midnight_are_one_also_at_the_weeks_end():
    night = WeeklyWindows.of([(6, 1320, 1440), (0, 0, 120)])
    sunday_night = datetime(2026, 11, 22, 23, 0, tzinfo=TEHRAN)
    assert night.closes_at(sunday_night) == datetime(2026, 11, 23, 2, 0, tzinfo=TEHRAN)


def test_a_window_of_the_whole_week_never_closes():
    always = WeeklyWindows.of((day, 0, 1440) for day in range(7))
    assert always.is_always_open
    assert always.closes_at(MONDAY) is None
    assert always.next_open(MONDAY) == MONDAY


def test_no_window_never_opens():
    assert WeeklyWindows.of([]).next_open(MONDAY) is None


def test_the_answer_is_right_across_an_old_change_of_the_clock():
    before = datetime(2021, 9, 21, 23, 30, tzinfo=TEHRAN)
    assert EVERY_DAY_8_TO_22.next_open(before.astimezone(UTC)) == datetime(2021, 9, 22, 8, 0, tzinfo=TEHRAN)


@pytest.mark.parametrize("wrong", [(7, 0, 60), (-1, 0, 60), (0, 60, 60), (0, 90, 60), (0, 0, 1441)])
def test_what_is_no_window_is_named(wrong):
    with pytest.raises(ValueError, match="no window"):
        WeeklyWindows.of([wrong])
