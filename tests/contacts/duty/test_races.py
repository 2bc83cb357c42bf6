"""Two presses at once on the roster, on real connections."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from contacts.duty.actions import add_shifts, set_day, set_fallbacks
from contacts.models import DutyDay, DutyFallback, DutyShift
from contacts.models.duty import Weekday
from tests.contacts.test_races import at_once
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def tried(press):
    def job():
        try:
            press()
        except ValidationError:
            return False
        return True

    return job


def test_of_overlapping_hours_that_come_at_once_one_gets_them(planner, sara, nazanin):
    def shift(user, hours):
        return tried(
            lambda: add_shifts(expert=user, weekdays=[Weekday.MONDAY], hours=hours, by=planner, now=NOW)
        )

    jobs = [shift(sara, [(480, 720)]), shift(nazanin, [(600, 1020)])] * 3
    assert sum(at_once(*jobs)) == DutyShift.objects.count() == 1


def test_nobody_and_somebody_that_come_at_once_are_one(planner, sara):
    day = NOW.date()
    jobs = [
        tried(lambda: set_day(day=day, expert=None, by=planner, now=NOW)),
        tried(lambda: set_day(day=day, expert=sara, hours=[(480, 720)], by=planner, now=NOW)),
    ] * 3
    assert sum(at_once(*jobs)) == DutyDay.objects.count() == 1


def test_fallbacks_that_are_set_at_once_are_one_pair(planner, sara, nazanin):
    jobs = [
        tried(lambda: set_fallbacks(first=sara, second=nazanin, by=planner, now=NOW)),
        tried(lambda: set_fallbacks(first=nazanin, second=sara, by=planner, now=NOW)),
    ] * 3
    assert all(at_once(*jobs))
    assert DutyFallback.objects.count() == 2
