"""The audit trail on screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.forms import EntryFilter
from audit.presenting import rows_of
from common.paging import PAGE_ROWS, page_by
from common.permissions import requires


@requires("audit.view_entry")
@require_GET
def entry_list(request: HttpRequest) -> HttpResponse:
    form = EntryFilter(request.GET or None)
    page = page_by(form.entries(), request.GET, size=PAGE_ROWS, descending=True)
    context = {
        "form": form,
        "page": page,
        "rows": rows_of(page.rows),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "audit/list.html", context)
