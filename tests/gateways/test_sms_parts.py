from random import Random

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
        ("🌙" * 36, SmsLength(Encoding.UCS2, 72, 2, 61)),  # the 34th does not fit into the first 67
        ("س" * 66 + "😀" + "س" * 66, SmsLength(Encoding.UCS2, 134, 3, 66)),
        ("a" * 152 + "€" + "a" * 152, SmsLength(Encoding.GSM7, 306, 3, 152)),
        ("a" * 151 + "€" + "a" * 153, SmsLength(Encoding.GSM7, 306, 2, 0)),
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
def test_units_fill_the_parts(text):
    length = count_parts(text)
    assert (length.parts == 0) == (text == "")
    assert length.left >= 0
    if length.encoding is Encoding.UCS2:
        assert length.units == len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length.parts > 1:
        per_part = 153 if length.encoding is Encoding.GSM7 else 67
        # Every part but the last may end one unit early, where a pair did not fit.
        assert 0 <= length.parts * per_part - length.units - length.left < length.parts
        assert length.left < per_part


# What a text is made of, each with the units that it puts on the air.
_GSM_UNITS = {char: [char] for char in "abc XYZ 019 @£Δ\n"} | {char: ["ESC", char] for char in "€[]{}^~|\\"}
_OTHERS = ("س", "ی", "\u200c", "\u200d", "،", "۱", "😀", "👨\u200d👩\u200d👧", "🇮🇷", "لغو11", "é", "\u202b")


def reference_parts(text: str) -> tuple[int, int]:
    """(parts, pairs that did not fit), by the standard, cutting the units themselves."""
    if all(char in _GSM_UNITS for char in text):
        units: list[object] = [unit for char in text for unit in _GSM_UNITS[char]]
        single, several = 160, 153
        starts_a_pair = [unit == "ESC" for unit in units]
    else:
        data = text.encode("utf-16-be")
        units = [int.from_bytes(data[n : n + 2], "big") for n in range(0, len(data), 2)]
        single, several = 70, 67
        starts_a_pair = [isinstance(unit, int) and 0xD800 <= unit < 0xDC00 for unit in units]
    if len(units) <= single:
        return min(len(units), 1), 0
    parts = moved = at = 0
    while at < len(units):
        end = at + several
        if end < len(units) and starts_a_pair[end - 1]:
            end, moved = end - 1, moved + 1
        parts, at = parts + 1, end
    return parts, moved


def test_ten_thousand_texts_have_the_parts_of_the_standard():
    random = Random(11)
    moved_texts = 0
    for _text in range(10_000):
        alphabet = list(_GSM_UNITS) if random.random() < 0.5 else [*_GSM_UNITS, *_OTHERS]
        length = random.choice((20, 66, 70, 150, 160, 300, 500))
        text = "".join(random.choices(alphabet, k=random.randint(0, length)))
        parts, moved = reference_parts(text)
        assert count_parts(text).parts == parts, text
        moved_texts += moved > 0
    assert moved_texts > 500


@given(st.text(max_size=300), st.characters())
def test_a_longer_text_never_has_fewer_parts(text, char):
    assert count_parts(text + char).parts >= count_parts(text).parts
