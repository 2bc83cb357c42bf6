"""The audit trail on screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.forms import EntryFilter
from audit.presenting import rows_of
from common.permissions import requires

PAGE_SIZE = 50


@requires("audit.view_entry")
@require_GET
def entry_list(request: HttpRequest) -> HttpResponse:
    """Who did what to what and when, the newest first."""
    form = EntryFilter(request.GET or None)
    entries = list(form.entries().page(_key(request.GET.get("before", "")), PAGE_SIZE + 1))
    page = entries[:PAGE_SIZE]
    query = request.GET.copy()
    query.pop("before", None)
    first = f"?{query.urlencode()}"
    if len(entries) > PAGE_SIZE:
        query["before"] = str(page[-1].pk)
    context = {
        "form": form,
        "rows": rows_of(page),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "previous": first if request.GET.get("before") else "",
        "next": f"?{query.urlencode()}" if len(entries) > PAGE_SIZE else "",
    }
    return render(request, "audit/list.html", context)


def _key(text: str) -> int | None:
    """An entry's id from the address bar; anything else is no key."""
    return int(text) if text.isdecimal() and len(text) < 19 else None
