"""A voice campaign begins and ends on one Tehran day, as CreateCampaign's -76 and -77 demand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateways.avanak.hours import SHORTEST_EVENING, campaign_end
from gateways.base import NotSent, Trouble
from persian.jalali import TEHRAN

DAY = datetime(2026, 11, 30, tzinfo=TEHRAN)
MIDNIGHT = DAY + timedelta(days=1)


def at(clock: str, day: datetime = DAY) -> datetime:
    hour, minute, second = map(int, clock.split(":"))
    return day.replace(hour=hour, minute=minute, second=second)


@pytest.mark.parametrize(
    ("start", "permitted_until", "end"),
    [
        ("02:56:08", None, at("23:59:59")),
        ("02:56:08", at("02:56:08", MIDNIGHT), at("23:59:59")),  # an expiry on the next day, the same hour
        ("10:00:00", at("23:00:00"), at("23:00:00")),  # the window's close
        ("22:00:00", at("02:00:00", MIDNIGHT), at("23:59:59")),  # a window past midnight is cut
        ("22:30:00", MIDNIGHT, at("23:59:59")),
        ("22:59:30", at("23:00:00"), at("23:00:00")),
        ("23:57:00", MIDNIGHT, at("23:59:59")),  # nothing of the permission is left after midnight
        ("23:57:00", at("00:02:00", MIDNIGHT), at("23:59:59")),
        ("00:00:00", None, at("23:59:59")),
    ],
)
def test_the_end_is_on_the_day_of_the_start(start, permitted_until, end):
    assert campaign_end(at(start), permitted_until) == end


@pytest.mark.parametrize(
    ("start", "permitted_until"),
    [
        ("23:55:01", None),
        ("23:58:15", at("02:00:00", MIDNIGHT)),
        ("23:59:59", None),
        ("23:59:10", at("00:02:00", MIDNIGHT)),
    ],
)
def test_shortly_before_midnight_it_waits_for_the_new_day(start, permitted_until):
    with pytest.raises(NotSent) as refusal:
        campaign_end(at(start), permitted_until)
    assert (refusal.value.code, refusal.value.trouble) == ("day_ending", Trouble.HOURS)
    assert refusal.value.until == MIDNIGHT


@pytest.mark.parametrize("permitted_until", [at("10:00:00"), at("10:00:45"), at("09:00:00"), MIDNIGHT])
def test_a_permission_of_less_than_a_minute_is_over(permitted_until):
    start = at("23:59:30") if permitted_until == MIDNIGHT else at("10:00:30")
    with pytest.raises(NotSent) as refusal:
        campaign_end(start, permitted_until)
    assert (refusal.value.code, refusal.value.trouble) == ("window_over", Trouble.LATE)
    assert refusal.value.until == permitted_until


def outcome(starts_at: datetime, permitted_until: datetime | None) -> Any:
    try:
        return campaign_end(starts_at, permitted_until)
    except NotSent as refusal:
        return refusal


@given(
    second=st.integers(0, 86_399) | st.integers(86_000, 86_399),
    wait=st.none() | st.integers(1, 3 * 86_400) | st.integers(1, 1000),
)
def test_whatever_is_sent_satisfies_the_provider_and_the_permission(second, wait):
    starts_at = DAY + timedelta(seconds=second)
    permitted_until = None if wait is None else starts_at + timedelta(seconds=wait)
    end = outcome(starts_at, permitted_until)
    assume(isinstance(end, datetime))
    assert end.date() == starts_at.date()
    assert end.time().replace(second=0, microsecond=0) > starts_at.time().replace(second=0, microsecond=0)
    assert permitted_until is None or end <= permitted_until


@given(before_midnight=st.integers(1, 299), wait=st.none() | st.integers(1, 86_400))
def test_whatever_waits_for_midnight_may_go_then(before_midnight, wait):
    starts_at = MIDNIGHT - timedelta(seconds=before_midnight)
    permitted_until = None if wait is None else starts_at + timedelta(seconds=wait)
    refusal = outcome(starts_at, permitted_until)
    assume(isinstance(refusal, NotSent) and refusal.trouble is Trouble.HOURS)
    assert refusal.until == MIDNIGHT
    assert MIDNIGHT - starts_at < SHORTEST_EVENING
    assert permitted_until is None or permitted_until > MIDNIGHT
