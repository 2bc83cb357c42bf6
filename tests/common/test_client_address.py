"""The client's address behind none, one and two proxies, whatever a visitor writes into the header."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import RequestFactory

from common.client_address import client_address

PROXY = "172.18.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, PROXY),
        (0, "9.9.9.9", PROXY),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (1, None, PROXY),
        (1, "", PROXY),
        (1, "nonsense", PROXY),
        (2, "1.1.1.1, 9.9.9.9, 10.0.0.7", "9.9.9.9"),
        (2, "9.9.9.9", PROXY),
        (1, "9.9.9.9:5123", "9.9.9.9"),
        (1, "[2001:DB8::1]:443", "2001:db8::1"),
        (1, "2001:db8:0:0::1", "2001:db8::1"),
        (1, "::ffff:9.9.9.9", "9.9.9.9"),
    ],
)
def test_the_address_is_the_one_that_our_outermost_proxy_saw(
    settings: LazySettings, proxies: int, forwarded: str | None, address: str
) -> None:
    settings.PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    assert client_address(request) == address


def test_a_server_that_names_no_caller_gives_no_address(settings: LazySettings) -> None:
    settings.PROXY_COUNT = 0
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) is None
