import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.sms_parts import Encoding, SmsLength, count_parts, encoding_of


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", SmsLength(Encoding.GSM7, 0, 0, 160)),
        ("a", SmsLength(Encoding.GSM7, 1, 1, 159)),
        ("a" * 160, SmsLength(Encoding.GSM7, 160, 1, 0)),
        ("a" * 161, SmsLength(Encoding.GSM7, 161, 2, 145)),
        ("a" * 306, SmsLength(Encoding.GSM7, 306, 2, 0)),
        ("a" * 307, SmsLength(Encoding.GSM7, 307, 3, 152)),
        ("€" * 80, SmsLength(Encoding.GSM7, 160, 1, 0)),
        ("س" * 70, SmsLength(Encoding.UCS2, 70, 1, 0)),
        ("س" * 71, SmsLength(Encoding.UCS2, 71, 2, 63)),
        ("س" * 134, SmsLength(Encoding.UCS2, 134, 2, 0)),
        ("س" * 135, SmsLength(Encoding.UCS2, 135, 3, 66)),
        ("🌙" * 35, SmsLength(Encoding.UCS2, 70, 1, 0)),
        ("🌙" * 36, SmsLength(Encoding.UCS2, 72, 2, 62)),
    ],
)
def test_parts_follow_the_standards_limits(text, length):
    assert count_parts(text) == length


def test_one_persian_letter_makes_the_whole_message_ucs2():
    assert encoding_of("Hello {world}") is Encoding.GSM7
    assert encoding_of("Hello world، ") is Encoding.UCS2
    assert count_parts("a" * 70 + "س").parts == 2


def test_the_cancellation_line_costs_six_characters():
    assert count_parts("\nلغو11").units == 6


@given(st.text(max_size=2000))
def test_units_fill_the_parts_exactly(text):
    length = count_parts(text)
    assert (length.parts == 0) == (text == "")
    assert length.left >= 0
    if length.encoding is Encoding.UCS2:
        assert length.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length.parts > 1:
        per_part = 153 if length.encoding is Encoding.GSM7 else 67
        assert length.units + length.left == length.parts * per_part
        assert length.left < per_part


@given(st.text(max_size=300), st.characters())
def test_a_longer_text_never_has_fewer_parts(text, char):
    assert count_parts(text + char).parts >= count_parts(text).parts
