"""The staff directory, a colleague's page, and the public holidays."""

from __future__ import annotations

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.paging import page_of
from common.wording import day_text, place_text
from persian.digits import to_ascii
from persian.jalali import tehran_date, year_of
from staff.actions import holidays
from staff.directory import alphabetical, directory
from staff.forms import DirectoryForm, HolidayForm
from staff.holiday_year import holiday_year
from staff.models import Employee, Holiday
from staff.permissions import may, requires, signed_in
from staff.roles import role_labels

# Colleagues on one page.
PAGE_SIZE = 48


@requires("staff.view_employee")
@require_GET
def directory_page(request: HttpRequest) -> HttpResponse:
    form = DirectoryForm(request.GET or None)
    asked, today = form.chosen(), tehran_date(timezone.now())
    people = directory(
        typed=asked.get("q", ""),
        department=asked.get("department"),
        with_leavers=asked.get("leavers", False),
        today=today,
    )
    page = page_of(people, request.GET, size=PAGE_SIZE)
    context = {
        "form": form,
        "page": page,
        "people": [(person, person.works_here(today)) for person in page.rows],
        "total": len(people),
        "is_filtered": bool(asked),
    }
    return render(request, "staff/directory.html", context)


@requires("staff.view_employee")
@require_GET
def employee_page(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(Employee.objects.directory(), pk=pk)
    today = tehran_date(timezone.now())
    context = {
        "person": person,
        "works_here": person.works_here(today),
        "roles": role_labels(person.user.groups.values_list("name", flat=True)) if person.user else [],
        "team": alphabetical(person.team.employed(today).select_related("department")),
        "departments": list(person.manages.order_by("name", "id")),
    }
    return render(request, "staff/employee.html", context)


@requires("staff.view_holiday")
@require_GET
def holidays_page(request: HttpRequest) -> HttpResponse:
    """The public holidays of a Jalali year (`?year=1406`), of this one without."""
    asked = to_ascii(request.GET.get("year", ""))
    return _holidays(request, int(asked) if re.fullmatch("[0-9]{4}", asked) else None)


@requires("staff.confirm_holidays")
@require_POST
def holiday_add(request: HttpRequest) -> HttpResponse:
    form = HolidayForm(request.POST)
    if form.is_valid():
        try:
            row = holidays.add_holiday(**form.cleaned_data, by=signed_in(request), now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(day)s is a holiday now.") % {"day": day_text(row.day)})
            return _to_year(year_of(row.day))
    day = form.cleaned_data.get("day")
    return _holidays(request, year_of(day) if day else None, form)


@requires("staff.confirm_holidays")
@require_POST
def holiday_remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Holiday, pk=pk)
    if holidays.remove_holiday(holiday=row, by=signed_in(request), now=timezone.now()):
        messages.success(request, _("%(day)s is no longer a holiday.") % {"day": day_text(row.day)})
    else:
        messages.info(request, _("%(day)s was no holiday any more.") % {"day": day_text(row.day)})
    return _to_year(year_of(row.day))


@requires("staff.confirm_holidays")
@require_POST
def holidays_confirm(request: HttpRequest, year: int) -> HttpResponse:
    try:
        is_new = holidays.confirm_year(year=year, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done = _("The holidays of %(year)s are confirmed.")
        told = done if is_new else _("The holidays of %(year)s were confirmed already.")
        messages.success(request, told % {"year": place_text(year)})
    return _to_year(year)


def _to_year(year: int) -> HttpResponse:
    return redirect(f"{reverse('staff:holidays')}?year={year}")


def _holidays(request: HttpRequest, year: int | None, form: HolidayForm | None = None) -> HttpResponse:
    may_change = may(request.user, "staff.confirm_holidays")
    shown = holiday_year(year, with_suggestions=may_change, today=tehran_date(timezone.now()))
    context = {"shown": shown, "may_change": may_change, "form": form or HolidayForm()}
    return render(request, "staff/holidays.html", context, status=422 if form and form.errors else 200)
