from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from common.media import BY_MEDIUM, MEDIA, Medium
from gateways.registry import gateway_for


def test_each_sending_channel_has_its_gateway(settings):
    settings.AMOOTSMS_MAX_BATCH = 77
    sms, avanak = gateway_for("sms"), gateway_for("avanak")
    assert (sms.code, sms.max_batch, sms.needs_audio, sms.can_lookup) == ("sms", 77, False, True)
    assert (avanak.code, avanak.needs_audio) == ("avanak", True)


def test_another_code_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match="pigeon"):
        gateway_for("pigeon")


@pytest.mark.parametrize(
    "good", ["https://portal.example/rest", "http://127.0.0.1:1/rest/", "http://[::1]/rest"]
)
def test_https_anywhere_and_http_on_loopback(settings, good):
    settings.AMOOTSMS_BASE_URL = good
    assert gateway_for("sms")


@pytest.mark.parametrize(
    "bad",
    [
        "http://portal.example/rest",
        "http://10.0.0.1/rest",
        "http://127.0.0.1.example/rest",
        "http://localhost.example/",
        "ftp://127.0.0.1/",
        "portal.example/rest",
        "https://user:pass@portal.example/rest",
        "https://portal.example/rest?Token=x",
        "",
    ],
)
def test_any_other_address_is_refused_with_the_settings_name(settings, bad):
    settings.AVANAK_BASE_URL = bad
    with pytest.raises(ImproperlyConfigured, match="AVANAK_BASE_URL"):
        gateway_for("avanak")


@pytest.mark.parametrize("token", ["", "a\r\nX: y", "با فارسی", " spaced "])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(settings, token):
    settings.AMOOTSMS_TOKEN = token
    with pytest.raises(ImproperlyConfigured, match="AMOOTSMS_TOKEN") as error:
        gateway_for("sms")
    assert not token or token not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("AMOOTSMS_MAX_BATCH", 0, "sms"),
        ("AVANAK_MAX_BATCH", -1, "avanak"),
        ("GATEWAY_TIMEOUT_SECONDS", 0, "sms"),
        ("AVANAK_SPEAKER", "robot", "avanak"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(settings, name, value, code):
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        gateway_for(code)


def test_each_channel_that_the_register_sends_by_has_a_gateway():
    gateways = {code: gateway_for(code) for code in MEDIA}
    assert [gateway.code for gateway in gateways.values()] == [*MEDIA]
    assert {row.medium for row in MEDIA.values()} == set(BY_MEDIUM) == set(Medium)
