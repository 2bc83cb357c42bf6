"""Who is named to a caller, and who is not. `NOW` is a Monday noon in Tehran."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from contacts.duty.actions import add_shifts, end_day, end_shift, set_day, set_fallbacks
from contacts.duty.experts import Absence, absence
from contacts.duty.selectors import DayKind, duty_now, on_duty
from contacts.models import DutyShift
from contacts.models.duty import Weekday
from persian.jalali import TEHRAN
from staff.actions.accounts import set_roles
from staff.actions.employees import leave
from staff.models import Employee, Holiday, User
from tests.factories import DAY, NOW, UserFactory
from tests.portal.helpers import PASSWORD, sign_in

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
# `NOW` is within, in the middle.
MORNING, ALL_DAY = [(480, 720)], [(480, 1020)]


@pytest.fixture
def monday(planner, sara):
    """Sara is on duty on Mondays from 8 to 17."""
    [shift] = add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=ALL_DAY, by=planner, now=NOW)
    return shift


def named(now=NOW):
    found = on_duty(now)
    return None if found is None else (found.user, found.extension, found.is_fallback)


def test_an_empty_roster_names_nobody(sara, nazanin):
    assert on_duty(NOW) is None
    assert duty_now(NOW).candidates == ()


def test_the_expert_of_the_hour_is_named_with_name_and_extension(monday, sara):
    found = on_duty(NOW)
    assert found is not None
    assert (found.user, found.name, found.extension, found.is_fallback) == (sara, "سارا رضایی", "118", False)


@pytest.mark.parametrize(
    ("hour", "minute", "is_there"), [(7, 59, False), (8, 0, True), (16, 59, True), (17, 0, False)]
)
def test_hours_are_half_open(monday, hour, minute, is_there):
    at = datetime.combine(TODAY, time(hour, minute), TEHRAN)
    assert (on_duty(at) is not None) == is_there


def test_the_hour_is_tehrans_whatever_clock_the_instant_is_told_by(monday):
    # 05:00 in UTC is 08:30 in Tehran, 04:00 is 07:30.
    assert on_duty(datetime.combine(TODAY, time(5), UTC)) is not None
    assert on_duty(datetime.combine(TODAY, time(4), UTC)) is None


def test_two_experts_share_a_day(planner, sara, nazanin):
    add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=MORNING, by=planner, now=NOW)
    add_shifts(expert=nazanin, weekdays=[Weekday.MONDAY], hours=[(720, 1440)], by=planner, now=NOW)
    assert named(NOW - timedelta(minutes=1)) == (sara, "118", False)
    assert named(NOW) == (nazanin, "119", False)


class TestAbsence:
    def test_who_has_not_signed_in_today_is_not_named(self, monday, sara):
        User.objects.filter(pk=sara.pk).update(last_login=NOW - DAY)
        assert on_duty(NOW) is None
        assert [one.absence for one in duty_now(NOW).candidates] == [Absence.NOT_SIGNED_IN]

    def test_today_is_tehrans_today(self, monday, sara):
        # 21:00 in UTC of the day before is 00:30 of today in Tehran; 20:00 is 23:30 of yesterday.
        yesterday = TODAY - DAY
        User.objects.filter(pk=sara.pk).update(last_login=datetime.combine(yesterday, time(21), UTC))
        assert named() == (sara, "118", False)
        User.objects.filter(pk=sara.pk).update(last_login=datetime.combine(yesterday, time(20), UTC))
        assert on_duty(NOW) is None

    def test_a_session_since_before_midnight_counts_until_it_is_over(self, client, planner, sara):
        add_shifts(expert=sara, weekdays=[Weekday.TUESDAY], hours=[(0, 120)], by=planner, now=NOW)
        before = datetime.combine(TODAY, time(23, 50), TEHRAN)
        with time_machine.travel(before, tick=False):
            sara.set_password(PASSWORD)
            sara.save(update_fields=["password"])
            assert sign_in(client, sara).status_code == 302
        assert named(before + timedelta(minutes=20)) == (sara, "118", False)
        # After half an hour without a press the session is over.
        assert on_duty(before + timedelta(minutes=40)) is None

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"extension": ""}, Absence.NO_EXTENSION),
            ({"left_on": TODAY}, Absence.LEFT),
            ({"hired_on": TODAY + DAY}, Absence.LEFT),
        ],
    )
    def test_the_colleagues_record_decides(self, monday, sara, change, why):
        Employee.objects.filter(user=sara).update(**change)
        assert on_duty(NOW) is None
        assert [one.absence for one in duty_now(NOW).candidates] == [why]

    def test_who_left_is_never_named_though_still_on_the_roster(self, monday, sara):
        leave(employee=sara.employee, left_on=TODAY, by=None, now=NOW)
        assert DutyShift.objects.standing().exists()
        assert on_duty(NOW) is None

    def test_who_lost_the_role_is_never_named_though_still_on_the_roster(self, monday, sara):
        set_roles(user=sara, roles=["sender"], by=None, now=NOW)
        User.objects.filter(pk=sara.pk).update(last_login=NOW)
        assert on_duty(NOW) is None
        assert [one.absence for one in duty_now(NOW).candidates] == [Absence.NO_ROLE]

    def test_a_log_in_without_a_colleague_has_no_extension_to_name(self):
        assert absence(UserFactory(roles=["voc"], last_login=NOW), NOW) == Absence.LEFT


class TestFallbacks:
    @pytest.fixture
    def chain(self, planner, monday, sara, nazanin, expert):
        third = expert("مینا کاظمی", "120")
        set_fallbacks(first=nazanin, second=third, by=planner, now=NOW)
        return sara, nazanin, third

    def absent(self, *users):
        User.objects.filter(pk__in=[user.pk for user in users]).update(last_login=NOW - DAY)

    def test_the_first_who_is_there_is_named(self, chain):
        sara, nazanin, third = chain
        assert named() == (sara, "118", False)
        self.absent(sara)
        assert named() == (nazanin, "119", True)
        self.absent(nazanin)
        assert named() == (third, "120", True)
        self.absent(third)
        assert named() is None
        assert [one.absence for one in duty_now(NOW).candidates] == [Absence.NOT_SIGNED_IN] * 3

    def test_they_stand_in_for_an_expert_who_left(self, chain):
        sara, nazanin, _third = chain
        leave(employee=sara.employee, left_on=TODAY, by=None, now=NOW)
        assert named() == (nazanin, "119", True)

    def test_they_are_not_named_where_nobody_is_planned(self, chain):
        assert on_duty(NOW + timedelta(hours=8)) is None
        assert on_duty(NOW + DAY) is None

    def test_who_is_planned_is_not_their_own_fallback(self, planner, chain):
        sara, nazanin, _third = chain
        set_fallbacks(first=sara, second=nazanin, by=planner, now=NOW)
        self.absent(sara)
        assert named() == (nazanin, "119", True)
        assert len(duty_now(NOW).candidates) == 2


class TestDays:
    def test_a_single_day_replaces_the_pattern_of_its_date_alone(self, planner, monday, sara, nazanin):
        set_day(day=TODAY, expert=nazanin, hours=[(600, 900)], by=planner, now=NOW)
        assert named() == (nazanin, "119", False)
        assert duty_now(NOW).plan.kind is DayKind.SINGLE_DAY
        # At nine Sara's own hours would hold; on this day they do not.
        assert on_duty(datetime.combine(TODAY, time(9), TEHRAN)) is None
        [plan] = [duty_now(NOW + 7 * DAY).plan]
        assert [span.expert for span in plan.spans] == [sara]

    def test_nobody_on_a_day_is_nobody_and_no_fallback(self, planner, monday, nazanin):
        set_fallbacks(first=nazanin, second=None, by=planner, now=NOW)
        [entry] = set_day(day=TODAY, expert=None, by=planner, now=NOW)
        assert on_duty(NOW) is None
        assert duty_now(NOW).plan.kind is DayKind.NOBODY
        end_day(entry=entry, by=planner, now=NOW)
        assert on_duty(NOW) is not None

    def test_on_a_holiday_the_pattern_does_not_hold_and_a_single_day_does(self, planner, monday, sara):
        Holiday.objects.create(day=TODAY, name="عید", source="package", at=NOW)
        assert on_duty(NOW) is None
        assert duty_now(NOW).plan.kind is DayKind.HOLIDAY
        set_day(day=TODAY, expert=sara, hours=ALL_DAY, by=planner, now=NOW)
        assert named() == (sara, "118", False)

    def test_a_holiday_that_was_taken_out_is_a_day_like_any_other(self, monday, sara):
        taken = {"removed_at": NOW, "removed_by": UserFactory()}
        Holiday.objects.create(day=TODAY, name="عید", source="package", at=NOW, **taken)
        assert named() == (sara, "118", False)

    def test_a_shift_that_ended_holds_no_more(self, planner, monday):
        assert end_shift(shift=monday, by=planner, now=NOW)
        assert on_duty(NOW) is None


def test_it_is_asked_in_a_few_questions(monday, planner, nazanin, expert, django_assert_max_num_queries):
    set_fallbacks(first=nazanin, second=expert("مینا کاظمی", "120"), by=planner, now=NOW)
    User.objects.update(last_login=NOW - DAY)
    with django_assert_max_num_queries(10):
        on_duty(NOW)
