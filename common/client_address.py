"""The address of the client behind a request: one answer for limits, mails, the audit and the log."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's IP address in its one spelling; None where the server names none.

    Each of the `PROXY_COUNT` proxies of ours appends the address that it was called from to
    X-Forwarded-For, so that the one at place `PROXY_COUNT` from the end was seen by ours; what stands
    before it is the visitor's word. A header that is shorter did not come through all of them: the
    caller's own address counts.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count: int = settings.PROXY_COUNT
    forwarded = _parsed(hops[-count]) if 0 < count <= len(hops) else None
    return forwarded or _parsed(request.META.get("REMOTE_ADDR", ""))


def is_loopback(host: str | None) -> bool:
    """Whether a host, by its name or address, is this machine."""
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def _parsed(text: str) -> str | None:
    """The address in `text`, which may have a port as some proxies write it; None where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
