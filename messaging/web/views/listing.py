"""The list of messages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from common.paging import page_by
from messaging.audience.progress import ENDED, standing
from messaging.models import Message
from messaging.web.forms.filters import MessageFilter
from messaging.web.presenting import Counts
from messaging.web.views.common import outage_context, visible_message, whole
from staff.permissions import requires, signed_in

PAGE = 25


@requires("messaging.view_message")
@require_GET
def messages_list(request: HttpRequest) -> HttpResponse:
    """The messages of the user's department and team, newest first. How far those under way are is
    fetched by the page itself, a message at a time: counting is not free."""
    filters = MessageFilter(request.GET)
    chosen = filters.chosen()
    page = page_by(
        Message.objects.visible_to(signed_in(request)).listed().filter(**chosen),
        "pk",
        size=PAGE,
        descending=True,
        after=whole(request.GET.get("after", "")),
        before=whole(request.GET.get("before", "")),
    )
    context = {"page": page, "filters": filters, "is_filtered": bool(chosen), "ended": ENDED}
    return render(request, "messaging/list.html", context)


@requires("messaging.view_message")
@require_GET
def row_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """One message's status in the list: what holds it, and how far it is."""
    message = visible_message(request, pk)
    now = timezone.now()
    counts = Counts(standing(message, now))
    context = {
        "message": message,
        "counts": counts,
        "is_live": message.status not in ENDED,
        **outage_context(message, counts, now),
    }
    return render(request, "messaging/_row_progress.html", context)
