"""The procedure's hours as the limit of every window (C7.6, reading 11)."""

from __future__ import annotations

import pytest
from hypothesis import given

from channels.checks import check_hours_are_limited
from channels.limits import hours_of, limit_of
from channels.procedure_hours import DAILY, procedure_hours
from channels.windows import WeeklyWindows
from tests.channels.test_windows import brute_minutes, weeks
from tests.factories import ChannelFactory, open_every_day


def test_the_procedure_names_these_hours_and_binds_promotion_alone():
    assert DAILY == {"sms": (8 * 60, 22 * 60), "voice": (7 * 60, 23 * 60)}
    for kind, span in DAILY.items():
        limit = procedure_hours(kind, "promotional")
        assert limit is not None
        assert limit.intervals() == [(day, *span) for day in range(7)]
        assert procedure_hours(kind, "notification") is procedure_hours(kind, "survey") is None
    nothing = procedure_hours("chat", "promotional")
    assert nothing is not None
    assert not nothing.week


@given(weeks, weeks)
def test_windows_within_a_limit_are_open_where_both_are(week, limit):
    both = WeeklyWindows.of(week).within(WeeklyWindows.of(limit))
    minutes = [a and b for a, b in zip(brute_minutes(week), brute_minutes(limit), strict=True)]
    assert brute_minutes(both.intervals()) == minutes
    assert WeeklyWindows.of(both.intervals()) == both


@pytest.mark.django_db
def test_what_is_on_record_binds_within_the_limit_and_nothing_on_record_stays_nothing():
    channel = ChannelFactory()
    assert hours_of(channel, "promotional") is None
    open_every_day(channel, 0, 1440)
    channel.refresh_from_db()
    assert hours_of(channel, "promotional") == limit_of(channel, "promotional")


def test_the_setting_for_benchmarks_is_an_error_outside_development(settings):
    settings.DEVELOPMENT = False
    assert check_hours_are_limited() == []
    settings.OPEN_PROCEDURE_HOURS = True
    assert [error.id for error in check_hours_are_limited()] == ["channels.E001"]


def test_no_test_of_the_fast_suite_lifts_the_limit(settings):
    assert settings.OPEN_PROCEDURE_HOURS is False
