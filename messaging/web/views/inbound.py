"""What customers wrote to us."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.paging import PAGE_ROWS, page_by
from contacts.models import Contact
from contacts.selectors import owners_of
from messaging.models import InboundMessage
from staff.permissions import requires


@requires("messaging.view_all_messages")
@require_GET
def inbound(request: HttpRequest) -> HttpResponse:
    page = page_by(
        InboundMessage.objects.select_related("channel").defer("raw"),
        request.GET,
        size=PAGE_ROWS,
        descending=True,
    )
    owners = owners_of({message.number for message in page.rows if message.number})
    rows = [(message, _writer(message.number, owners)) for message in page.rows]
    return render(request, "messaging/inbound.html", {"page": page, "rows": rows})


def _writer(number: str, owners: dict[str, list[Contact]]) -> Contact | None:
    """The customer reached at the number, else its only present or former owner; None if several."""
    theirs = owners.get(number, [])
    return theirs[0] if theirs and (len(theirs) == 1 or theirs[0].address == number) else None
