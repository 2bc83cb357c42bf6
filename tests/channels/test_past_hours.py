"""Which hours were in force at an instant of the past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.actions import set_windows
from channels.hours import spelled, unspelled
from channels.past_hours import hours_since
from channels.windows import WeeklyWindows
from tests.factories import NOW, ChannelFactory, UserFactory

HOUR = timedelta(hours=1)


def monday(opens: int, closes: int) -> list[tuple[int, int, int]]:
    return [(0, opens * 60, closes * 60)]


def change(channel, intervals, at, purpose="promotional") -> None:
    by = UserFactory(roles=["branding"])
    set_windows(channel=channel, purpose=purpose, intervals=intervals, by=by, now=at)


@pytest.mark.django_db
def test_each_change_counts_from_its_instant_on():
    channel, other = ChannelFactory(), ChannelFactory(code="avanak", kind="voice")
    change(channel, monday(8, 22), NOW)
    change(channel, monday(9, 14), NOW + HOUR)
    change(channel, [], NOW + 2 * HOUR)
    change(channel, monday(0, 24), NOW + 90 * HOUR, purpose="survey")
    change(other, monday(0, 24), NOW + HOUR)
    hours = hours_since(channel, "promotional", NOW + HOUR / 2)
    assert hours.at(NOW + HOUR / 2) == WeeklyWindows.of(monday(8, 22))
    assert hours.at(NOW + HOUR) == hours.at(NOW + 1.5 * HOUR) == WeeklyWindows.of(monday(9, 14))
    assert hours.at(NOW + 2 * HOUR) is hours.at(NOW + 99 * HOUR) is None


@pytest.mark.django_db
def test_before_the_first_hours_were_on_record_the_first_are_taken_and_later_gaps_stay_gaps():
    channel = ChannelFactory()
    change(channel, monday(8, 22), NOW)
    assert hours_since(channel, "promotional", NOW - HOUR).at(NOW - HOUR) == WeeklyWindows.of(monday(8, 22))
    change(channel, [], NOW + HOUR)
    change(channel, monday(8, 22), NOW + 3 * HOUR)
    assert hours_since(channel, "promotional", NOW + 2 * HOUR).at(NOW + 2 * HOUR) is None


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))))
def test_what_the_audit_trail_keeps_is_read_back(intervals):
    assert unspelled(spelled(intervals)) == intervals
