"""The roster's writers: what they take, what they refuse, and what stays on record."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Entry
from contacts.duty.actions import add_shifts, end_day, end_shift, set_day, set_fallbacks
from contacts.duty.hours import typed_hours
from contacts.models import DutyDay, DutyFallback, DutyShift
from contacts.models.duty import Weekday
from contacts.voc_manager import is_voc_manager
from staff.actions.employees import leave
from staff.models import Employee
from tests.factories import DAY, NOW, DepartmentFactory, ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
MONDAY = [Weekday.MONDAY]
DAYTIME = [(480, 1020)]


def errors_of(refused: pytest.ExceptionInfo) -> dict[str, str]:
    return {field: " ".join(texts) for field, texts in refused.value.message_dict.items()}


class TestShifts:
    def test_one_press_covers_several_days_and_hours(self, planner, sara):
        rows = add_shifts(
            expert=sara,
            weekdays=[Weekday.SATURDAY, Weekday.SUNDAY],
            hours=[(480, 720), (780, 1020)],
            by=planner,
            now=NOW,
        )
        assert len(rows) == DutyShift.objects.standing().count() == 4
        [entry] = Entry.objects.filter(action="duty.shifts_added")
        assert entry.actor_id == planner.pk
        assert entry.data["expert"] == sara.pk

    @pytest.mark.parametrize(
        ("hours", "overlaps"),
        [
            ([(420, 480)], False),
            ([(1020, 1440)], False),
            ([(420, 481)], True),
            ([(1019, 1440)], True),
            ([(540, 600)], True),
            ([(0, 1440)], True),
        ],
    )
    def test_hours_that_overlap_name_who_is_in_the_way(self, planner, sara, nazanin, hours, overlaps):
        add_shifts(expert=sara, weekdays=MONDAY, hours=DAYTIME, by=planner, now=NOW)
        days = [Weekday.MONDAY, Weekday.TUESDAY]
        if not overlaps:
            add_shifts(expert=nazanin, weekdays=days, hours=hours, by=planner, now=NOW)
            return
        with pytest.raises(ValidationError) as refused:
            add_shifts(expert=nazanin, weekdays=days, hours=hours, by=planner, now=NOW)
        told = errors_of(refused)["hours"]
        assert "سارا رضایی" in told
        assert "دوشنبه" in told
        assert "۰۸:۰۰" in told
        # All or nothing: the free Tuesday was not taken, either.
        assert DutyShift.objects.count() == 1

    def test_after_its_end_the_hours_are_free_and_the_row_stays(self, planner, sara, nazanin):
        [shift] = add_shifts(expert=sara, weekdays=MONDAY, hours=DAYTIME, by=planner, now=NOW)
        assert end_shift(shift=shift, by=planner, now=NOW)
        assert not end_shift(shift=shift, by=planner, now=NOW)
        add_shifts(expert=nazanin, weekdays=MONDAY, hours=DAYTIME, by=planner, now=NOW)
        shift.refresh_from_db()
        assert (shift.ended_at, shift.ended_by) == (NOW, planner)
        assert Entry.objects.filter(action="duty.shift_ended").count() == 1

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"hours": []}, "hours"),
            ({"hours": [(1020, 480)]}, "hours"),
            ({"hours": [(480, 480)]}, "hours"),
            ({"hours": [(480, 1441)]}, "hours"),
            ({"hours": [(-1, 480)]}, "hours"),
            ({"hours": [(480, 720), (700, 800)]}, "hours"),
            ({"weekdays": []}, "weekdays"),
            ({"weekdays": [7]}, "weekdays"),
        ],
    )
    def test_bad_input_names_its_field_and_writes_nothing(self, planner, sara, given, field):
        wanted = {"expert": sara, "weekdays": MONDAY, "hours": DAYTIME, **given}
        with pytest.raises(ValidationError) as refused:
            add_shifts(**wanted, by=planner, now=NOW)
        assert list(errors_of(refused)) == [field]
        assert not DutyShift.objects.exists()
        assert not Entry.objects.filter(action__startswith="duty").exists()

    def test_who_left_or_is_no_expert_is_refused_by_name(self, planner, sara):
        leave(employee=sara.employee, left_on=TODAY, by=None, now=NOW)
        sara.refresh_from_db()
        no_expert = ManagerFactory(user=UserFactory(roles=["sender"]), last_name="یوسفی").user
        for user, name in ((sara, "سارا رضایی"), (no_expert, "یوسفی")):
            with pytest.raises(ValidationError) as refused:
                add_shifts(expert=user, weekdays=MONDAY, hours=DAYTIME, by=planner, now=NOW)
            assert name in errors_of(refused)["expert"]
        assert not DutyShift.objects.exists()


class TestDays:
    def test_a_day_is_split_between_two(self, planner, sara, nazanin):
        set_day(day=TODAY, expert=sara, hours=[(480, 720)], by=planner, now=NOW)
        set_day(day=TODAY, expert=nazanin, hours=[(720, 1020)], by=planner, now=NOW)
        assert DutyDay.objects.standing().count() == 2

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"day": TODAY - DAY}, "day"),
            ({"day": date(2126, 11, 23)}, "day"),
            ({"hours": []}, "hours"),
            ({"expert": None}, "hours"),
        ],
    )
    def test_bad_input_names_its_field_and_writes_nothing(self, planner, sara, given, field):
        wanted = {"day": TODAY, "expert": sara, "hours": DAYTIME, **given}
        with pytest.raises(ValidationError) as refused:
            set_day(**wanted, by=planner, now=NOW)
        assert list(errors_of(refused)) == [field]
        assert not DutyDay.objects.exists()

    def test_nobody_and_somebody_exclude_each_other(self, planner, sara):
        [entry] = set_day(day=TODAY, expert=None, by=planner, now=NOW)
        with pytest.raises(ValidationError, match="کسی"):
            set_day(day=TODAY, expert=sara, hours=DAYTIME, by=planner, now=NOW)
        assert end_day(entry=entry, by=planner, now=NOW)
        assert not end_day(entry=entry, by=planner, now=NOW)
        set_day(day=TODAY, expert=sara, hours=DAYTIME, by=planner, now=NOW)
        with pytest.raises(ValidationError, match="سارا"):
            set_day(day=TODAY, expert=None, by=planner, now=NOW)

    def test_a_day_that_is_past_stays_as_it_was(self, planner, sara):
        [entry] = set_day(day=TODAY, expert=sara, hours=DAYTIME, by=planner, now=NOW)
        with pytest.raises(ValidationError, match="۱۴۰۵"):
            end_day(entry=entry, by=planner, now=NOW + DAY)
        assert DutyDay.objects.standing().exists()


class TestFallbacks:
    def test_they_are_kept_in_their_order_and_taken_away(self, planner, sara, nazanin):
        assert set_fallbacks(first=nazanin, second=sara, by=planner, now=NOW)
        assert not set_fallbacks(first=nazanin, second=sara, by=planner, now=NOW)
        assert set_fallbacks(first=sara, second=nazanin, by=planner, now=NOW)
        rows = DutyFallback.objects.order_by("place").values_list("place", "expert_id")
        assert list(rows) == [(1, sara.pk), (2, nazanin.pk)]
        assert set_fallbacks(first=None, second=None, by=planner, now=NOW)
        assert not DutyFallback.objects.exists()
        assert Entry.objects.filter(action="duty.fallbacks_set").count() == 3

    def test_the_same_twice_and_a_second_without_a_first_are_refused(self, planner, sara):
        for first, second, field in ((sara, sara, "second"), (None, sara, "first")):
            with pytest.raises(ValidationError) as refused:
                set_fallbacks(first=first, second=second, by=planner, now=NOW)
            assert list(errors_of(refused)) == [field]

    def test_who_left_is_refused(self, planner, sara, nazanin):
        leave(employee=nazanin.employee, left_on=TODAY, by=None, now=NOW)
        nazanin.refresh_from_db()
        with pytest.raises(ValidationError) as refused:
            set_fallbacks(first=sara, second=nazanin, by=planner, now=NOW)
        assert list(errors_of(refused)) == ["second"]
        assert not DutyFallback.objects.exists()


class TestWhoPlans:
    def presses(self, by, sara):
        [shift] = add_shifts(expert=sara, weekdays=MONDAY, hours=DAYTIME, by=None, now=NOW)
        [entry] = set_day(day=TODAY, expert=sara, hours=DAYTIME, by=None, now=NOW)
        return [
            lambda: add_shifts(expert=sara, weekdays=[Weekday.FRIDAY], hours=DAYTIME, by=by, now=NOW),
            lambda: end_shift(shift=shift, by=by, now=NOW),
            lambda: set_day(day=TODAY + DAY, expert=None, by=by, now=NOW),
            lambda: end_day(entry=entry, by=by, now=NOW),
            lambda: set_fallbacks(first=sara, second=None, by=by, now=NOW),
        ]

    def refused(self, by, sara):
        before = (DutyShift.objects.count() + 1, DutyDay.objects.count() + 1)
        for press in self.presses(by, sara):
            with pytest.raises(PermissionDenied):
                press()
        assert (DutyShift.objects.standing().count(), DutyDay.objects.standing().count()) == before
        assert not DutyFallback.objects.exists()

    def test_a_manager_of_another_department_does_not(self, planner, sara):
        other = UserFactory(roles=["manager"])
        DepartmentFactory(code="owj", manager=ManagerFactory(user=other))
        self.refused(other, sara)

    def test_a_voc_expert_does_not(self, planner, sara):
        self.refused(sara, sara)

    def test_the_voc_manager_without_the_role_does_not(self, planner, sara):
        planner.groups.clear()
        self.refused(type(planner).objects.get(pk=planner.pk), sara)

    def test_a_voc_manager_who_left_does_not(self, planner, sara):
        Employee.objects.filter(user=planner).update(left_on=TODAY)
        assert not is_voc_manager(planner, NOW)
        assert is_voc_manager(planner, NOW - DAY)
        self.refused(planner, sara)


class TestDatabase:
    """The last guard, for whatever comes past the actions."""

    @pytest.mark.parametrize(
        "rows",
        [
            [{"starts": 480, "ends": 720}, {"starts": 700, "ends": 800}],
            [{"starts": 480, "ends": 480}],
            [{"starts": 480, "ends": 1500}],
        ],
    )
    def test_hours_of_a_weekday_neither_overlap_nor_end_before_they_begin(self, sara, rows):
        *before, last = (DutyShift(weekday=0, expert=sara, **row) for row in rows)
        for shift in before:
            shift.save()
        with pytest.raises(IntegrityError), transaction.atomic():
            last.save()

    def test_a_day_without_an_expert_is_a_whole_one(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            DutyDay.objects.create(day=TODAY, starts=480, ends=720)

    def test_a_day_has_one_at_a_time(self, sara):
        DutyDay.objects.create(day=TODAY)
        with pytest.raises(IntegrityError), transaction.atomic():
            DutyDay.objects.create(day=TODAY, starts=480, ends=720, expert=sara)

    def test_there_is_no_third_fallback(self, sara):
        with pytest.raises(IntegrityError), transaction.atomic():
            DutyFallback.objects.create(place=3, expert=sara)


class TestTypedHours:
    @pytest.mark.parametrize(
        ("typed", "hours"),
        [
            ("08:00-16:00", [(480, 960)]),
            ("۸ تا ۱۶", [(480, 960)]),
            ("٠٨:٣٠–١٢", [(510, 720)]),
            ("08:00-12:00، 13:00-24:00", [(480, 720), (780, 1440)]),
            ("0-24", [(0, 1440)]),
            ("", []),
        ],
    )
    def test_it_is_read_as_people_write_it(self, typed, hours):
        assert typed_hours(typed) == hours

    @pytest.mark.parametrize(
        "typed", ["16:00-08:00", "22-6", "08:00", "08:60-12:00", "24:00-08:00", "25-26", "8-8", "صبح تا شب"]
    )
    def test_what_is_no_interval_of_one_day_is_refused(self, typed):
        with pytest.raises(ValidationError):
            typed_hours(typed)

    @given(st.text(max_size=20))
    def test_any_text_is_hours_of_one_day_or_an_error(self, typed):
        try:
            hours = typed_hours(typed)
        except ValidationError:
            return
        assert all(0 <= starts < ends <= 1440 for starts, ends in hours)


def test_the_trail_speaks_of_the_roster_in_words(planner, sara):
    from audit.presenting import rows_of

    add_shifts(expert=sara, weekdays=MONDAY, hours=DAYTIME, by=planner, now=NOW)
    set_fallbacks(first=sara, second=None, by=planner, now=NOW + timedelta(minutes=1))
    rows = rows_of(list(Entry.objects.filter(action__startswith="duty").order_by("pk")))
    words = [dict(row.details) for row in rows]
    assert sara.display_name in " ".join(words[0].values())
    assert "دوشنبه" in " ".join(words[0].values())
    assert all(not row.action.startswith("duty") for row in rows)
