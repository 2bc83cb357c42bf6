"""The public holidays: taken over, changed, confirmed, and on their page."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from amoot_comms import home
from audit.models import Entry
from persian.jalali import TEHRAN, format_date, jalali_year, year_of
from staff.actions.holidays import add_holiday, confirm_year, load_holidays, remove_holiday
from staff.holiday_year import holiday_year, years_to_confirm
from staff.models import Holiday, HolidayYear
from staff.official_holidays import official_holidays
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db

YEAR = 1405
NOWRUZ = date(2026, 3, 21)
SIZDAH = date(2026, 4, 2)
# Sanctioned by nobody but the cabinet, the night before.
SNOW = date(2027, 1, 16)


@pytest.fixture
def hr():
    return UserFactory(username="hr", roles=["hr"])


def valid(year: int) -> set[date]:
    return set(Holiday.objects.valid().of_year(year).values_list("day", flat=True))


class TestOfficial:
    def test_a_jalali_year_has_its_own_days(self):
        days = [row.day for row in official_holidays(YEAR)]
        assert days == sorted(set(days))
        assert days[0] == NOWRUZ
        assert {year_of(day) for day in days} == {YEAR}

    def test_a_year_that_is_past_is_certain_and_a_year_ahead_only_in_its_solar_days(self):
        assert all(row.is_certain for row in official_holidays(1403))
        ahead = {row.day: row for row in official_holidays(1407)}
        assert ahead[jalali_year(1407)[0]].is_certain
        assert [row.name for row in ahead.values() if not row.is_certain]

    def test_no_name_carries_the_packages_label(self):
        names = [
            name
            for year in (1405, 1406, 1407)
            for row in official_holidays(year)
            for name in (row.name, row.name_en)
        ]
        assert not [name for name in names if "تخمین" in name or "estimated" in name]
        assert "عید نوروز" in names


class TestLoading:
    def test_what_is_certain_of_this_year_and_the_next_becomes_rows(self):
        assert load_holidays(now=NOW) == Holiday.objects.count()
        for year in (YEAR, YEAR + 1):
            assert valid(year) == {row.day for row in official_holidays(year) if row.is_certain}
        row = Holiday.objects.get(day=NOWRUZ)
        assert (row.source, row.by) == ("package", None)
        assert Entry.objects.filter(action="holidays.loaded").count() == 2

    def test_loading_again_changes_nothing(self):
        load_holidays(now=NOW)
        before = (Holiday.objects.count(), Entry.objects.count())
        assert load_holidays(now=NOW) == 0
        assert (Holiday.objects.count(), Entry.objects.count()) == before

    def test_a_day_that_a_person_took_out_does_not_come_back(self, hr):
        load_holidays(now=NOW)
        remove_holiday(holiday=Holiday.objects.get(day=SIZDAH), by=hr, now=NOW)
        assert load_holidays(now=NOW) == 0
        assert SIZDAH not in valid(YEAR)

    def test_a_year_that_a_person_confirmed_is_left_alone(self, hr):
        add_holiday(day=SNOW, name="برف سنگین", by=hr, now=NOW)
        confirm_year(year=YEAR, by=hr, now=NOW)
        load_holidays(now=NOW)
        assert valid(YEAR) == {SNOW}
        assert valid(YEAR + 1)


class TestChanging:
    def test_a_person_adds_a_day_and_is_on_record(self, hr):
        row = add_holiday(day=SNOW, name="  برف   سنگین ", name_en="Snow", by=hr, now=NOW)
        assert (row.name, row.source, row.by) == ("برف سنگین", "person", hr)
        [entry] = Entry.objects.filter(action="holiday.added")
        assert (entry.actor_id, entry.data["day"]) == (hr.pk, "2027-01-16")

    def test_a_day_twice_is_refused_and_says_what_it_is(self, hr):
        load_holidays(now=NOW)
        with pytest.raises(ValidationError) as refused:
            add_holiday(day=SIZDAH, name="روز طبیعت", by=hr, now=NOW)
        assert "روز طبیعت" in refused.value.message_dict["day"][0]

    def test_a_day_that_was_taken_out_can_be_added_again(self, hr):
        load_holidays(now=NOW)
        row = Holiday.objects.get(day=SIZDAH)
        assert remove_holiday(holiday=row, by=hr, now=NOW)
        assert not remove_holiday(holiday=row, by=hr, now=NOW)
        add_holiday(day=SIZDAH, name="سیزده‌به‌در", by=hr, now=NOW)
        again = Holiday.objects.get(day=SIZDAH)
        assert (again.name, again.source, again.removed_at) == ("سیزده‌به‌در", "person", None)

    @pytest.mark.parametrize(
        ("day", "name", "field"),
        [
            (SNOW, " \u200c ", "name"),
            (SNOW, "ا" * 201, "name"),
            (date(2020, 3, 20), "نوروز", "day"),
            (date(2035, 3, 21), "نوروز", "day"),
        ],
    )
    def test_bad_input_names_its_field_and_writes_nothing(self, hr, day, name, field):
        with pytest.raises(ValidationError) as refused:
            add_holiday(day=day, name=name, by=hr, now=NOW)
        assert list(refused.value.message_dict) == [field]
        assert not Holiday.objects.exists()

    def test_only_those_with_the_right_change_and_confirm(self):
        load_holidays(now=NOW)
        row, stranger = Holiday.objects.get(day=SIZDAH), UserFactory(roles=["manager"])
        for press in (
            lambda: add_holiday(day=SNOW, name="برف", by=stranger, now=NOW),
            lambda: remove_holiday(holiday=row, by=stranger, now=NOW),
            lambda: confirm_year(year=YEAR, by=stranger, now=NOW),
        ):
            with pytest.raises(PermissionDenied):
                press()
        assert SIZDAH in valid(YEAR)


class TestConfirming:
    def test_a_year_is_confirmed_once(self, hr):
        load_holidays(now=NOW)
        assert confirm_year(year=YEAR, by=hr, now=NOW)
        assert not confirm_year(year=YEAR, by=UserFactory(roles=["admin"]), now=NOW)
        assert HolidayYear.objects.get(year=YEAR).confirmed_by == hr

    @pytest.mark.parametrize("year", [0, 1390, 1420, 99_999])
    def test_a_year_far_away_is_refused(self, hr, year):
        with pytest.raises(ValidationError, match="۱۴۰۴"):
            confirm_year(year=year, by=hr, now=NOW)
        assert not HolidayYear.objects.exists()

    def test_a_year_without_a_day_is_refused(self, hr):
        with pytest.raises(ValidationError, match="۱۴۰۵"):
            confirm_year(year=YEAR, by=hr, now=NOW)

    def test_this_year_is_asked_for_at_once_and_the_next_from_bahman_on(self, hr):
        eve, bahman = date(2027, 1, 20), date(2027, 1, 21)
        assert format_date(bahman, "fa") == "۱ بهمن ۱۴۰۵"
        assert years_to_confirm(eve) == [YEAR]
        assert years_to_confirm(bahman) == [YEAR, YEAR + 1]
        load_holidays(now=NOW)
        confirm_year(year=YEAR, by=hr, now=NOW)
        assert years_to_confirm(eve) == []
        assert years_to_confirm(bahman) == [YEAR + 1]

    def test_home_says_so_to_those_who_can_confirm(self, hr):
        bahman = datetime(2027, 1, 21, 9, tzinfo=TEHRAN)
        told = [str(one.label) for one in home.waiting(hr, bahman)]
        assert [label for label in told if "۱۴۰۶" in label]
        assert not [
            one for one in home.waiting(UserFactory(roles=["sender"]), bahman) if "۱۴۰۶" in str(one.label)
        ]


class TestPage:
    @pytest.fixture
    def as_hr(self, client, hr):
        client.force_login(hr)
        return client

    def test_every_colleague_reads_the_days_and_finds_no_press(self, client):
        load_holidays(now=NOW)
        client.force_login(UserFactory(roles=["sender"]))
        page = client.get(reverse("staff:holidays"), {"year": "۱۴۰۵"}).content.decode()
        assert "جمعه ۱۵ خرداد ۱۴۰۵" in page
        assert "قیام ۱۵ خرداد" in page
        assert 'method="post" action="/staff/holidays' not in page

    def test_a_day_is_added_taken_out_and_added_again(self, as_hr, hr):
        data = {"day": "۱۴۰۵/۱۰/۲۶", "name": "برف سنگین"}
        page = as_hr.post(reverse("staff:add_holiday"), data, follow=True)
        assert "۲۶ دی ۱۴۰۵" in page.content.decode()
        row = Holiday.objects.get(day=SNOW)
        page = as_hr.post(reverse("staff:remove_holiday", args=[row.pk]), follow=True).content.decode()
        assert f"{hr.display_name} در" in page
        as_hr.post(reverse("staff:add_holiday"), {"day": "2027-01-16", "name": row.name})
        assert SNOW in valid(YEAR)

    @pytest.mark.parametrize(
        "data",
        [{"day": "۱۴۰۵/۱۳/۰۱", "name": "برف"}, {"day": "دیروز", "name": "برف"}, {"day": "", "name": ""}],
    )
    def test_what_is_no_day_comes_back_with_the_form(self, as_hr, data):
        answer = as_hr.post(reverse("staff:add_holiday"), data)
        assert answer.status_code == 422
        assert "field-errors" in answer.content.decode() or "invalid-feedback" in answer.content.decode()
        assert not Holiday.objects.exists()

    def test_a_year_is_confirmed_by_a_press_that_says_how_many_days(self, as_hr, hr):
        load_holidays(now=NOW)
        page = as_hr.get(reverse("staff:holidays"), {"year": YEAR}).content.decode()
        assert f"{len(valid(YEAR))}".translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) in page
        page = as_hr.post(reverse("staff:confirm_holidays", args=[YEAR]), follow=True).content.decode()
        assert hr.display_name in page
        assert HolidayYear.objects.filter(year=YEAR).exists()

    @pytest.mark.parametrize("query", ["x", "-1", "1406' --", "99999", "١٤٠٦"])
    def test_any_year_in_the_address_is_no_error(self, as_hr, query):
        assert as_hr.get(reverse("staff:holidays"), {"year": query}).status_code == 200

    def test_computed_days_are_offered_and_marked(self):
        load_holidays(now=NOW)
        shown = holiday_year(YEAR + 1, with_suggestions=True, today=NOW.date())
        assert shown.suggestions
        assert not any(row.is_certain for row in shown.suggestions)
        assert not {row.day for row in shown.suggestions} & valid(YEAR + 1)


def test_the_working_days_follow_the_page(hr):
    from staff.working_days import is_working_day

    snow = SNOW
    assert is_working_day(snow)
    add_holiday(day=snow, name="برف سنگین", by=hr, now=NOW)
    assert not is_working_day(snow)
    assert is_working_day(snow + timedelta(days=1))
