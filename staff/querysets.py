"""What is asked about the staff."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from persian.jalali import jalali_year


class EmployeeQuerySet(models.QuerySet[Any]):
    def employed(self, today: date) -> EmployeeQuerySet:
        """Those who work here on `today` (a Tehran date)."""
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gt=today), hired_on__lte=today)

    def directory(self) -> EmployeeQuerySet:
        return self.select_related("department", "direct_manager", "user").order_by("last_name", "id")


class HolidayQuerySet(models.QuerySet[Any]):
    def valid(self) -> HolidayQuerySet:
        """Those that nobody took out."""
        return self.filter(removed_at__isnull=True)

    def of_year(self, year: int) -> HolidayQuerySet:
        """Those of a Jalali year, oldest first, removed ones among them."""
        first, after = jalali_year(year)
        return self.filter(day__gte=first, day__lt=after).order_by("day")
