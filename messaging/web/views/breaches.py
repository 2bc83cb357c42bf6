"""Breaches of C0 and C7.7, and whether the last days were compared at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from common.paging import PAGE_ENTRIES, page_by
from messaging.models import Breach
from messaging.reconciliation.selectors import compared_days
from messaging.web.forms.breaches import BreachFilter
from staff.permissions import requires, signed_in


@requires("messaging.view_breaches")
@require_GET
def breaches_list(request: HttpRequest) -> HttpResponse:
    """The breaches that the user may see, the newest found first, under the comparisons of the last days."""
    now = timezone.now()
    filters = BreachFilter(request.GET, now=now)
    chosen = filters.chosen()
    page = page_by(
        Breach.objects.visible_to(signed_in(request)).listed().filter(**chosen),
        request.GET,
        size=PAGE_ENTRIES,
        descending=True,
    )
    context = {
        "page": page,
        "form": filters,
        "is_filtered": bool(chosen),
        "compared": compared_days(now),
    }
    return render(request, "messaging/breaches.html", context)


@requires("messaging.view_breaches")
@require_GET
def breach(request: HttpRequest, pk: int) -> HttpResponse:
    """One breach. The numbers are whole for those only who may see customers."""
    user = signed_in(request)
    found = get_object_or_404(Breach.objects.visible_to(user).listed(), pk=pk)
    context = {"breach": found, "sees_numbers": user.may("contacts.view_contact")}
    return render(request, "messaging/breach.html", context)
