"""What customers wrote to us."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contacts.models import Contact
from messaging.models import InboundMessage
from messaging.paging import page_by
from messaging.views.common import whole
from staff.permissions import requires

PAGE = 50


@requires("messaging.view_all_messages")
@require_GET
def inbound(request: HttpRequest) -> HttpResponse:
    """One page of customers' messages, the latest first, each with the customer whose number it is."""
    page = page_by(
        InboundMessage.objects.select_related("channel").defer("raw"),
        "pk",
        size=PAGE,
        descending=True,
        after=whole(request.GET.get("after", "")),
        before=whole(request.GET.get("before", "")),
    )
    numbers = {message.number for message in page.rows if message.number}
    customers = {contact.address: contact for contact in Contact.objects.filter(address__in=numbers)}
    rows = [(message, customers.get(message.number)) for message in page.rows]
    return render(request, "messaging/inbound.html", {"page": page, "rows": rows})
