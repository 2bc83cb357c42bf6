"""Which days are working days, and so many working days later."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from persian.jalali import TEHRAN
from staff.models import Holiday
from staff.working_days import add_working_days, is_working_day
from tests.factories import NOW, UserFactory

SATURDAY = date(2026, 11, 21)
WEDNESDAY, THURSDAY, FRIDAY = (SATURDAY + timedelta(days=ahead) for ahead in (4, 5, 6))
NEXT_SATURDAY = SATURDAY + timedelta(days=7)


def at(day: date, hour: int = 15, minute: int = 30) -> datetime:
    return datetime.combine(day, time(hour, minute), TEHRAN)


def holiday(day: date, **fields: object) -> None:
    Holiday.objects.create(day=day, name="تعطیل", source="package", at=NOW, **fields)


@pytest.mark.django_db
class TestDays:
    def test_a_week_is_worked_from_saturday_to_wednesday(self):
        week = [SATURDAY + timedelta(days=ahead) for ahead in range(7)]
        assert [is_working_day(day) for day in week] == [True] * 5 + [False] * 2

    def test_thursday_is_a_setting_and_friday_is_not(self, settings):
        settings.THURSDAY_IS_WORKING_DAY = True
        assert is_working_day(THURSDAY)
        assert not is_working_day(FRIDAY)
        assert add_working_days(at(WEDNESDAY), 1) == at(THURSDAY)

    def test_a_holiday_is_none_and_one_that_was_taken_out_is_one(self):
        holiday(SATURDAY)
        holiday(WEDNESDAY, removed_at=NOW, removed_by=UserFactory())
        assert not is_working_day(SATURDAY)
        assert is_working_day(WEDNESDAY)

    def test_later_keeps_the_time_of_day_and_passes_by_the_days_off(self):
        holiday(NEXT_SATURDAY)
        assert add_working_days(at(SATURDAY), 1) == at(SATURDAY + timedelta(days=1))
        assert add_working_days(at(WEDNESDAY), 1) == at(NEXT_SATURDAY + timedelta(days=1))

    def test_from_a_day_off_the_count_begins_with_the_next_working_day(self):
        assert add_working_days(at(THURSDAY), 0) == at(NEXT_SATURDAY, 0, 0)
        assert add_working_days(at(FRIDAY), 1) == at(NEXT_SATURDAY + timedelta(days=1), 0, 0)

    def test_the_days_are_those_of_tehran(self):
        # 21:00 on Friday in UTC is Saturday in Tehran.
        late = datetime.combine(FRIDAY, time(21), UTC)
        assert add_working_days(late, 1) == at(NEXT_SATURDAY + timedelta(days=1), 0, 30)

    def test_a_long_way_passes_every_holiday(self):
        for ahead in range(0, 400, 7):
            holiday(SATURDAY + timedelta(days=ahead))
        # Four working days a week are left.
        assert add_working_days(at(SATURDAY + timedelta(days=1)), 4 * 50) == at(
            SATURDAY + timedelta(days=1 + 7 * 50)
        )

    @pytest.mark.parametrize(
        ("start", "days"),
        [(at(SATURDAY), -1), (datetime(2026, 11, 21, 12, 0), 1)],  # noqa: DTZ001
    )
    def test_backward_and_without_a_clock_it_cannot_be_counted(self, start, days):
        with pytest.raises(ValueError, match=r"naive|forward"):
            add_working_days(start, days)


class TestCounting(TestCase):
    @given(
        off=st.sets(st.integers(0, 20), max_size=8),
        minutes=st.integers(0, 14 * 24 * 60),
        later=st.integers(0, 3 * 24 * 60),
        days=st.integers(0, 4),
    )
    def test_it_counts_exactly_so_many_and_never_turns_the_order_round(self, off, minutes, later, days):
        for ahead in off:
            holiday(SATURDAY + timedelta(days=ahead))
        start = at(SATURDAY, 0, 0) + timedelta(minutes=minutes)
        end = add_working_days(start, days)
        assert is_working_day(end.date())
        passed = [
            day
            for ahead in range((end.date() - start.date()).days)
            if is_working_day(day := start.date() + timedelta(days=ahead))
        ]
        assert len(passed) == days
        assert add_working_days(start + timedelta(minutes=later), days) >= end
