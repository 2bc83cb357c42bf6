"""htmx's own words about its requests, with their type."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def htmx(request: HttpRequest) -> HtmxDetails:
    """What htmx says of its request; false where the browser asked for a whole page."""
    details: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return details
