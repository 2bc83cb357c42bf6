"""The staff directory and a colleague's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from common.paging import page_of
from persian.jalali import tehran_date
from staff.directory import alphabetical, directory
from staff.forms import DirectoryForm
from staff.models import Employee
from staff.permissions import requires
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
