from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.masking import KEPT_BYTES, Mask, masked_answer, masked_number

TOKEN = "tok-0123456789-abc"


@pytest.mark.parametrize(
    "number", ["09121234567", "+989121234567", "00989121234567", "989121234567", "9121234567", "02188776655"]
)
def test_a_number_in_any_spelling_keeps_its_ends_only(number):
    shown = masked_number(f"x{number}y")
    assert "12345" not in shown
    assert "87766" not in shown
    assert shown.endswith(("67y", "55y"))


@pytest.mark.parametrize(
    "digits",
    [
        "۰۹۱۲۱۲۳۴۵۶۷",
        "٠٩١٢١٢٣٤٥٦٧",
        "\\u06f0\\u06F9\\u06f1\\u06f2\\u06f1\\u06f2\\u06f3\\u06f4\\u06f5\\u06f6\\u06f7",
    ],
)
def test_numbers_in_other_digits_are_masked_too(digits):
    assert masked_answer(f"شماره {digits} است").endswith("0912*****67 است")


def test_texts_are_replaced_by_their_length_and_the_token_goes():
    raw = json.dumps({"MessageText": 'سلام "دوست"', "Status": TOKEN, "Mobile": 9121234567, "Id": 12345678})
    kept = masked_answer(raw, [TOKEN, "unrelated"])
    assert "سلام" not in kept
    assert TOKEN not in kept
    assert "912*****67" in kept
    assert "12345678" in kept


@given(st.sampled_from(["token", "password", "cookie"]), st.text("\\\"': =x", max_size=6))
def test_a_text_that_speaks_of_a_secret_goes_whole(word, between):
    raw = json.dumps({"MessageText": f"{word}{between}private", "Status": "Success"})
    for kept in (masked_answer(raw), Mask()(raw)):
        assert "private" not in kept
        assert "Success" in kept


def test_a_text_outside_any_field_goes_as_well():
    assert "تخفیف" not in masked_answer("<p>تخفیف ویژه</p>", ["تخفیف ویژه"])


@given(st.text(max_size=200), st.integers(0, 20_000))
def test_it_is_bounded_and_can_be_stored(text, times):
    kept = masked_answer(text * times if text else "x" * times, [TOKEN])
    assert len(kept.encode()) <= KEPT_BYTES
    assert "\0" not in kept


@given(st.integers(8000, 8400), st.integers(9_000_000_000, 9_999_999_999))
def test_no_number_shows_at_the_edge_of_what_is_read(offset, number):
    raw = '{"MessageText":"' + "س" * offset + f'","Mobile":{number}' + ',"x":"' + "y" * 9000
    assert str(number)[:8] not in masked_answer(raw)


@pytest.mark.parametrize(
    "text",
    [
        r"Mobile \u002709121234567\u0027 is invalid",
        r"a\u0026989121234567",
        "id 5509121234567",
        "1234509121234567",
    ],
)
def test_a_number_is_masked_whatever_digits_stand_before_it(text):
    assert "1234567" not in masked_answer(text)
