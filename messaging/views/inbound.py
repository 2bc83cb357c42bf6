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
    customers = _customers_with({message.number for message in page.rows if message.number})
    rows = [(message, customers.get(message.number)) for message in page.rows]
    return render(request, "messaging/inbound.html", {"page": page, "rows": rows})


def _customers_with(numbers: set[str]) -> dict[str, Contact]:
    """The customers by number. Whoever is reached at a number comes before those who also have it as their
    landline; a landline that several have leads to none of them."""
    found: dict[str, list[Contact]] = {}
    for contact in Contact.objects.filter(phone__in=numbers).order_by("pk"):
        found.setdefault(contact.phone or "", []).append(contact)
    customers = {number: contacts[0] for number, contacts in found.items() if len(contacts) == 1}
    return customers | {contact.address: contact for contact in Contact.objects.filter(address__in=numbers)}
