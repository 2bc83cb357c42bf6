"""Which hours were in force at an instant of the past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import record
from channels.actions import set_windows
from channels.hours import spelled, unspelled
from channels.past_hours import hours_since
from channels.windows import WeeklyWindows
from tests.factories import DAY, NOW, ChannelFactory, UserFactory

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def monday(opens: int, closes: int) -> list[tuple[int, int, int]]:
    return [(0, opens * 60, closes * 60)]


def change(channel, intervals, at, purpose="promotional") -> None:
    by = UserFactory(roles=["senior"])
    set_windows(channel=channel, purpose=purpose, intervals=intervals, reason="فصل تازه", by=by, now=at)


@pytest.mark.django_db
def test_each_change_counts_from_its_instant_on():
    channel, other = ChannelFactory(), ChannelFactory(code="avanak", kind="voice")
    change(channel, monday(8, 22), NOW)
    change(channel, monday(9, 14), NOW + HOUR)
    change(channel, [], NOW + 2 * HOUR)
    change(channel, monday(0, 24), NOW + 90 * HOUR, purpose="survey")
    change(other, monday(7, 23), NOW + HOUR)
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


@pytest.mark.django_db
def test_hours_that_were_opened_wider_for_four_minutes_allowed_nothing_more():
    """Rows and entries from before the limit: whoever judges that night does so by the procedure too."""
    channel = ChannelFactory()
    change(channel, monday(8, 22), NOW - HOUR)
    for at, before, after in ((NOW, (8, 22), (0, 24)), (NOW + 4 * MINUTE, (0, 24), (8, 22))):
        spans = {"before": spelled(monday(*before)), "after": spelled(monday(*after))}
        data = {"purpose": "promotional", **spans}
        record(by=None, action="channel.windows_set", obj=channel, data=data, now=at)
    hours = hours_since(channel, "promotional", NOW - DAY)
    assert hours.at(NOW + 2 * MINUTE) == WeeklyWindows.of(monday(8, 22))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))))
def test_what_the_audit_trail_keeps_is_read_back(intervals):
    assert unspelled(spelled(intervals)) == intervals
