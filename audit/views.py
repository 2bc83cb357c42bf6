"""The audit trail on screen."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.details import in_words
from audit.forms import EntryFilter
from audit.labels import action_label, object_label
from audit.models import Entry, Link
from common.permissions import requires

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in words."""

    entry: Entry
    action: str
    object: str
    details: list[tuple[str, str]]
    is_sealed: bool


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
        "rows": _rows(page),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "previous": first if request.GET.get("before") else "",
        "next": f"?{query.urlencode()}" if len(entries) > PAGE_SIZE else "",
    }
    return render(request, "audit/list.html", context)


def _rows(entries: list[Entry]) -> list[Row]:
    sealed = set(
        Link.objects.filter(entry_id__in=[entry.pk for entry in entries]).values_list("entry_id", flat=True)
    )
    return [
        Row(
            entry,
            action_label(entry.action),
            object_label(entry.object_type),
            in_words(entry.data),
            entry.pk in sealed,
        )
        for entry in entries
    ]


def _key(text: str) -> int | None:
    """An entry's id from the address bar; anything else is no key."""
    return int(text) if text.isdecimal() and len(text) < 19 else None
