"""No number, no secret and no text gets into a log, in whatever spelling and by whatever way."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from amoot_comms.logs import logging_config
from common.masking import Mask
from persian.digits import to_ascii, to_persian

TOKEN = "token-of-this-installation"
mask = Mask((TOKEN,))


@pytest.fixture(params=[True, False], ids=["json", "console"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The stream that one logger writes to, through the portal's formatter."""
    config = logging_config(json=request.param, level="INFO", secrets=(TOKEN,))
    formatter = config["formatters"]["line"]
    kind = formatter.pop("()")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(kind(**formatter))
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield stream
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    "spelling",
    [
        "+989121234567",
        "00989121234567",
        "989121234567",
        "09121234567",
        "9121234567",
        "0912 123 4567",
        "0912-123-4567",
        "(0912) 123 45 67",
        "+98 (912) 123-4567",
        "%2B989121234567",
        "۰۹۱۲۱۲۳۴۵۶۷",
        "۰۹۱۲\u200c۱۲۳\u200c۴۵۶۷",
        "٠٩١٢١٢٣٤٥٦٧",
        "+۹۸۹۱۲۱۲۳۴۵۶۷",
        "02188776655",
        "021-88776655",
        "+4915123456789",
        "\u200e+98\u200e9121234567",
        "0912.123.4567",
        "0912/123/4567",
        "0912_123_4567",
        "0912·123·4567",
        "0912%20123%204567",
        "０９１２１２３４５６７",
        "021/88776655",
    ],
)
def test_a_number_is_masked_in_every_spelling(spelling: str) -> None:
    masked = mask(f"sent to {spelling}, accepted")
    assert sum(char.isdigit() for char in masked) == 2
    assert "12345" not in to_ascii(masked)
    assert "8877665" not in to_ascii(masked)
    assert masked.startswith("sent to ")
    assert masked.endswith(", accepted")


@given(
    st.integers(min_value=0, max_value=999_999_999),
    st.sampled_from(["+98", "0098", "98", "0", ""]),
    st.sampled_from(["", " ", "-", "\u200c", " - "]),
    st.booleans(),
)
def test_no_mobile_gets_through(n: int, prefix: str, gap: str, persian: bool) -> None:
    digits = f"9{n:09}"
    number = prefix + gap.join((digits[:3], digits[3:6], digits[6:]))
    masked = to_ascii(mask(f"<{to_persian(number) if persian else number}>"))
    assert sum(char.isdigit() for char in masked) <= 2


def test_comma_joined_numbers_are_masked_each() -> None:
    assert "123456" not in mask("Mobiles=09121234561,09121234562,989121234563")


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23T20:30:24.123456Z",
        "request 200 in 1234567 ms",
        "delivery 12345678901234 of message 77",
        "head=" + "9121234567a" * 5 + "912123456",
        "127.0.0.1:8000",
        "-03:30 +03:30 +0330",
        "0.123456789012",
    ],
)
def test_what_is_no_number_stays_readable(line: str) -> None:
    assert mask(line) == line


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: {TOKEN}",
        f"GET /rest/SendSimple?Token={TOKEN}",
        "{'Authorization': 'AD licence:1:abc-hidden-abc'}",
        "password=abc-hidden-abc&next=/",
        "postgres://amoot:abc-hidden-abc@db/amoot",
        'GET /accounts/password/reset/key/7-abc-hidden-abc/ "',
        "Cookie: sessionid=abc-hidden-abc",
        'SMSMessageText="abc-hidden-abc چند واژه"',
        "{'MessageText': 'abc-hidden-abc \\' و بیشتر', 'n': 1}",
        "DETAIL:  Failing row contains (1, abc-hidden-abc, \n two).",
    ],
)
def test_secrets_and_texts_are_hidden(line: str) -> None:
    masked = mask(line)
    assert "abc-hidden" not in masked
    assert TOKEN not in masked
    assert "[hidden]" in masked


def test_every_way_into_the_log_is_masked(lines: io.StringIO) -> None:
    plain, structured = logging.getLogger("tests.logs"), structlog.get_logger("tests.logs")
    plain.info("to %s", "+989121234567")
    structured.info("call", number="09121234567", to=["۰۹۱۲۱۲۳۴۵۶۷"], text="متن پیام", token="abc-hidden")
    try:
        raise ValueError("Key (address)=(+989121234567) already exists")
    except ValueError:
        plain.exception("failed for 09121234567")
        structured.exception("failed")
    written = lines.getvalue()
    assert "1234567" not in to_ascii(written)
    assert "متن پیام" not in written
    assert "abc-hidden" not in written
    assert "Traceback" in written


def test_json_lines_stay_json() -> None:
    line = json.dumps({"event": "to +989121234567", "token": "abc-hidden-abc", "n": 3}, ensure_ascii=False)
    assert json.loads(mask(line))["n"] == 3


@pytest.mark.parametrize("secret", ["former-secret-of-the-callbacks-0001", "mistyped", "%20x"])
def test_a_former_or_mistyped_secret_of_a_callback_is_hidden(secret: str) -> None:
    line = mask(f'Not Found: /hooks/amootsms/{secret}/ "POST"')
    assert secret not in line
    assert "/hooks/amootsms/[hidden]/" in line


def test_a_refused_request_is_a_line_without_a_traceback_and_a_fault_keeps_its_own() -> None:
    config = logging_config(json=False, level="INFO")
    assert config["handlers"]["console"]["filters"] == ["refusals"]
    for status, traced in ((403, False), (500, True)):
        try:
            raise PermissionError("not yours")
        except PermissionError:
            record = logging.LogRecord(
                "django.request", logging.WARNING, "", 0, "Forbidden", None, sys.exc_info()
            )
        record.status_code = status
        keep = config["filters"]["refusals"]["()"]()
        assert keep(record)
        assert (record.exc_info is not None) == traced
