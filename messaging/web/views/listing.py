"""The list of messages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from common.paging import PAGE_ENTRIES, is_key, page_by
from messaging.audience.kept_progress import progress_of
from messaging.audience.progress import ENDED
from messaging.models import Message
from messaging.operations.outages import outages_by_channel
from messaging.web.forms.filters import MessageFilter
from messaging.web.presenting import ProgressView
from staff.permissions import requires, signed_in


@requires("messaging.view_message")
@require_GET
def messages_list(request: HttpRequest) -> HttpResponse:
    """The messages of the user's department and team, newest first. How far those under way are is
    fetched by the page itself: counting is not free."""
    filters = MessageFilter(request.GET)
    chosen = filters.chosen()
    page = page_by(
        Message.objects.visible_to(signed_in(request)).listed().filter(**chosen),
        request.GET,
        size=PAGE_ENTRIES,
        descending=True,
    )
    context = {
        "page": page,
        "form": filters,
        "is_filtered": bool(chosen),
        "ended": ENDED,
        "live": [message.pk for message in page.rows if message.status not in ENDED],
    }
    return render(request, "messaging/list.html", context)


@requires("messaging.view_message")
@require_GET
def rows_progress(request: HttpRequest) -> HttpResponse:
    """The statuses of a list's messages (`of`: their keys, with commas): what holds them, and how far they
    are. What the user may not see is left out."""
    keys = [int(key) for key in request.GET.get("of", "").split(",")[:PAGE_ENTRIES] if is_key(key)]
    messages = list(Message.objects.visible_to(signed_in(request)).listed().filter(pk__in=keys))
    far = progress_of(messages, timezone.now())
    outages = outages_by_channel({message.channel_id for message in messages})
    context = {
        "rows": [
            (message, ProgressView.of(far[message.pk]), outages.get(message.channel_id, []))
            for message in messages
        ],
        "live": [message.pk for message in messages if message.status not in ENDED],
    }
    return render(request, "messaging/_rows_progress.html", context)
