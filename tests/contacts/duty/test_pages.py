"""The page of the duty roster: who reads it, who changes it, and what it says."""

from __future__ import annotations

import pytest
import time_machine
from django.urls import reverse

from contacts.duty.actions import add_shifts, set_day, set_fallbacks
from contacts.models import DutyDay, DutyFallback, DutyShift
from contacts.models.duty import Weekday
from staff.models import Employee, Holiday, User
from tests.factories import DAY, NOW, UserFactory
from tests.portal.helpers import inline_code

pytestmark = pytest.mark.django_db

PAGE = "desk:duty"
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_planner(client, planner):
    client.force_login(planner)
    return client


def page_of(client) -> str:
    answer = client.get(reverse(PAGE))
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(client, name, *args, **data):
    return client.post(reverse(f"desk:{name}", args=args), data)


class TestReading:
    def test_it_says_who_is_on_duty_and_why(self, client, planner, sara):
        add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=[(480, 1020)], by=planner, now=NOW)
        client.force_login(sara)
        page = page_of(client)
        assert "سارا رضایی" in page
        assert "۱۱۸" in page
        assert "۰۸:۰۰ تا ۱۷:۰۰" in page
        assert "دوشنبه ۲ آذر ۱۴۰۵" in page
        assert inline_code(page) == []

    def test_it_says_why_nobody_is(self, client, planner, sara):
        client.force_login(sara)
        assert "الگوی هفتگی" in page_of(client)
        add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=[(480, 1020)], by=planner, now=NOW)
        Employee.objects.filter(user=sara).update(extension="")
        page = page_of(client)
        assert "داخلی ثبت‌شده‌ای ندارد" in page
        assert "همکار درخواست را می‌گیرد" in page

    def test_who_left_stands_out_on_the_roster(self, as_planner, planner, sara):
        add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=[(480, 1020)], by=planner, now=NOW)
        Employee.objects.filter(user=sara).update(left_on=TODAY)
        page = page_of(as_planner)
        assert page.count("اینجا کار نمی‌کند") >= 2
        assert f'<option value="{sara.pk}"' not in page

    def test_holidays_and_single_days_are_noted(self, client, planner, sara):
        Holiday.objects.create(day=TODAY + DAY, name="عید سعید فطر", source="package", at=NOW)
        set_day(day=TODAY + 2 * DAY, expert=None, by=planner, now=NOW)
        client.force_login(sara)
        page = page_of(client)
        assert "عید سعید فطر" in page
        assert "ثبت‌شده برای همین روز" in page

    def test_an_expert_reads_and_finds_no_press(self, client, planner, sara):
        set_day(day=TODAY, expert=sara, hours=[(0, 60)], by=planner, now=NOW)
        client.force_login(sara)
        page = page_of(client)
        assert 'action="/desk/duty/' not in page
        assert post(client, "set_fallbacks").status_code == 403

    def test_a_manager_of_another_department_finds_no_press(self, client, planner):
        client.force_login(UserFactory(roles=["manager"]))
        assert 'action="/desk/duty/' not in page_of(client)
        # What was sent does not matter: neither 302 nor 422.
        assert post(client, "add_shift").status_code == 403

    def test_in_english_too(self, client, sara):
        client.force_login(sara)
        client.cookies["django_language"] = "en"
        page = page_of(client)
        assert "Duty roster of the VOC experts" in page
        assert "Monday 2026-11-23" in page


class TestChanging:
    def test_a_week_is_put_on_the_roster_with_persian_digits(self, as_planner, sara):
        data = {"shift-expert": sara.pk, "shift-weekdays": [5, 6, 0], "shift-hours": "۸ تا ۱۲، ۱۳ تا ۲۴"}
        assert post(as_planner, "add_shift", **data).status_code == 302
        assert DutyShift.objects.standing().count() == 6
        shift = DutyShift.objects.standing()[0]
        assert post(as_planner, "end_shift", shift.pk).status_code == 302
        assert post(as_planner, "end_shift", shift.pk).status_code == 302
        assert DutyShift.objects.standing().count() == 5

    @pytest.mark.parametrize("hours", ["", "۱۷ تا ۸", "8-25", "x"])
    def test_hours_that_are_none_come_back_with_the_form(self, as_planner, sara, hours):
        data = {"shift-expert": sara.pk, "shift-weekdays": [0], "shift-hours": hours}
        answer = post(as_planner, "add_shift", **data)
        assert answer.status_code == 422
        assert answer.context["shift_form"].errors["hours"]
        assert not DutyShift.objects.exists()

    def test_an_overlap_comes_back_with_the_form_and_the_name(self, as_planner, planner, sara, nazanin):
        add_shifts(expert=sara, weekdays=[Weekday.MONDAY], hours=[(480, 1020)], by=planner, now=NOW)
        data = {"shift-expert": nazanin.pk, "shift-weekdays": [0], "shift-hours": "16:00-20:00"}
        answer = post(as_planner, "add_shift", **data)
        assert answer.status_code == 422
        assert "سارا رضایی" in str(answer.context["shift_form"].errors["hours"])

    def test_somebody_who_left_cannot_be_chosen(self, as_planner, sara):
        Employee.objects.filter(user=sara).update(left_on=TODAY)
        data = {"shift-expert": sara.pk, "shift-weekdays": [0], "shift-hours": "8-16"}
        answer = post(as_planner, "add_shift", **data)
        assert answer.status_code == 422
        assert answer.context["shift_form"].errors["expert"]

    def test_a_day_is_set_and_taken_back(self, as_planner, sara):
        data = {"day-day": "۱۴۰۵/۰۹/۰۳", "day-expert": sara.pk, "day-hours": "۹ تا ۱۲"}
        assert post(as_planner, "set_duty_day", **data).status_code == 302
        entry = DutyDay.objects.get()
        assert (entry.day, entry.starts, entry.ends) == (TODAY + DAY, 540, 720)
        assert "سه‌شنبه ۳ آذر ۱۴۰۵" in page_of(as_planner)
        for _again in range(2):
            assert post(as_planner, "end_duty_day", entry.pk).status_code == 302
        assert not DutyDay.objects.standing().exists()

    def test_nobody_needs_no_hours(self, as_planner):
        assert post(as_planner, "set_duty_day", **{"day-day": "1405/09/02"}).status_code == 302
        assert DutyDay.objects.get().expert is None

    @pytest.mark.parametrize("day", ["۱۴۰۵/۰۹/۰۱", "1405/12/30x", "", "1390/01/01", "9999/01/01"])
    def test_a_day_that_is_past_or_none_comes_back_with_the_form(self, as_planner, day):
        answer = post(as_planner, "set_duty_day", **{"day-day": day})
        assert answer.status_code == 422
        assert answer.context["day_form"].errors["day"]
        assert not DutyDay.objects.exists()

    def test_fallbacks_are_set_and_shown_chosen(self, as_planner, sara, nazanin):
        data = {"fallback-first": nazanin.pk, "fallback-second": sara.pk}
        assert post(as_planner, "set_fallbacks", **data).status_code == 302
        assert list(DutyFallback.objects.order_by("place").values_list("expert_id", flat=True)) == [
            nazanin.pk,
            sara.pk,
        ]
        page = page_of(as_planner)
        assert f'value="{nazanin.pk}" selected' in page
        assert f'value="{sara.pk}" selected' in page
        answer = post(as_planner, "set_fallbacks", **{"fallback-second": sara.pk})
        assert answer.status_code == 422
        assert DutyFallback.objects.count() == 2

    def test_an_entry_that_is_not_there_is_not_found(self, as_planner):
        assert post(as_planner, "end_shift", 999_999).status_code == 404
        assert post(as_planner, "end_duty_day", 999_999).status_code == 404


def test_the_page_asks_the_same_few_questions_for_any_length(
    as_planner, planner, expert, django_assert_max_num_queries
):
    for place in range(6):
        user = expert(f"کارشناس {place}", str(200 + place))
        add_shifts(
            expert=user,
            weekdays=list(Weekday),
            hours=[(place * 60, place * 60 + 60)],
            by=planner,
            now=NOW,
        )
    set_fallbacks(first=User.objects.get(username="expert-200"), second=None, by=planner, now=NOW)
    with django_assert_max_num_queries(30):
        page_of(as_planner)
