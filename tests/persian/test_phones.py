import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persian.digits import ARABIC, PERSIAN
from persian.phones import InvalidNumber, is_mobile, local_form, normalise, normalise_mobile, search_digits


@pytest.mark.parametrize(
    "typed",
    [
        "09123456789",
        "9123456789",
        "989123456789",
        "+989123456789",
        "00989123456789",
        "+98 (0) 912 345 67 89",
        "۰۹۱۲۳۴۵۶۷۸۹",
        "٠٩١٢٣٤٥٦٧٨٩",
        "0912-345-6789",
        "0912.345.6789",
        "[0912] 345\u200c6789",
        "\u202a+989123456789\u202c",
        "\ufeff0912\u00a0345\u00a06789 ",
        "۰۹۱۲–۳۴۵–۶۷۸۹",
        "0912/345/6789",
        "0912_345_6789",
        "0912·345·6789",
        "０９１２３４５６７８９",
        "＋９８９１２３４５６７８９",
        *(f"0912{space}345{space}6789" for space in "\u2002\u2003\u2007\u2008\u3000\u034f\ufe0f"),
        "tel:+989123456789",
        "TEL: 09123456789",
        "'09123456789",
        "’09123456789",
        "'+989123456789",
        '="09123456789"',
        "9123456789.0",
        "09123456789.00",
        "۹۱۲۳۴۵۶۷۸۹٫۰",
        " 9123456789.0\u200f",
        "0912.345.67.89",
        "0912.3456789",
    ],
)
def test_a_mobile_in_any_spelling_is_one_number(typed):
    assert normalise(typed) == "+989123456789"
    assert normalise_mobile(typed) == "+989123456789"


@pytest.mark.parametrize("typed", ["02188123456", "۰۲۱-۸۸۱۲۳۴۵۶", "+98 21 8812 3456", "00982188123456"])
def test_a_landline_is_a_number_but_no_mobile(typed):
    assert normalise(typed) == "+982188123456"
    assert not is_mobile("+982188123456")
    with pytest.raises(InvalidNumber) as refusal:
        normalise_mobile(typed)
    assert refusal.value.code == "number_not_mobile"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "number_empty"),
        (" \u200c-", "number_empty"),
        ("9.12E+09", "number_scientific"),
        ("۹٫۱۲E+۰۹", "number_scientific"),
        ("ندارد", "number_letters"),
        ("0912345678x", "number_letters"),
        ("0912 345 6789 / 0912 345 6780", "number_letters"),
        ("+", "number_letters"),
        ("+49 170 1234567", "number_foreign"),
        ("0049 170 1234567", "number_foreign"),
        ("0912345678", "number_wrong"),
        ("912345678.0", "number_wrong"),
        ("0912345678.0", "number_wrong"),
        ("۰۹۱۲۳۴۵۶۷۸٫۰", "number_wrong"),
        ("0912345678.5", "number_decimal"),
        ("912345678.50", "number_decimal"),
        ("0912.345.678.9", "number_decimal"),
        ("9,36E+09", "number_scientific"),
        ("09123456789 (همسر)", "number_letters"),
        ("09123456789 داخلی 12", "number_letters"),
        ("09123456789;", "number_letters"),
        ("091234567890", "number_wrong"),
        ("88123456", "number_wrong"),
        ("9602", "number_wrong"),
        ("0" * 400, "number_wrong"),
        ("00", "number_wrong"),
        ("+98", "number_wrong"),
    ],
)
def test_what_is_no_number_is_refused_with_a_code(typed, code):
    with pytest.raises(InvalidNumber) as refusal:
        normalise(typed)
    assert refusal.value.code == code


@pytest.mark.parametrize("typed", ["09951234567", "0941 234 5678", "00989950000000"])
def test_a_block_that_is_newer_than_the_metadata_is_a_mobile(typed):
    assert is_mobile(normalise(typed))
    assert normalise_mobile(typed) == normalise(typed)


@given(st.from_regex(r"09[0-9]{9}", fullmatch=True), st.sampled_from([".0", ".00", "٫۰", ".000"]))
def test_a_spreadsheets_zero_never_makes_a_digit(number, zero):
    assert outcome(number[:-1] + zero) == outcome(number[:-1])


def outcome(typed: str) -> str:
    """The number in what was typed, or the code of its refusal."""
    try:
        return normalise(typed)
    except InvalidNumber as error:
        return error.code


def test_a_landline_that_begins_with_nine_is_no_mobile():
    assert normalise("09400001234") == "+989400001234"
    assert not is_mobile("+989400001234")


def test_the_local_form_is_what_is_dialled():
    assert local_form("+989123456789") == "09123456789"
    assert local_form("+982188123456") == "02188123456"
    with pytest.raises(ValueError, match="not an Iranian number"):
        local_form("+4917012345")


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("+98 912 34", "091234"),
        ("0098-912", "0912"),
        ("۰۹۱۲ ۳۴", "091234"),
        ("345", "345"),
        ("+98 0912", "0912"),
        ("علی", None),
        ("a1", None),
        ("", None),
    ],
)
def test_part_of_a_number_is_looked_for_in_its_local_form(typed, sought):
    assert search_digits(typed) == sought


SPELLINGS = st.sampled_from(["+98", "0098", "98", "0", "", "+98 0"])
SEPARATORS = st.text(alphabet=" -.()\u200c\u200e", max_size=2)


@given(
    st.from_regex(r"9[0-9]{9}", fullmatch=True),
    SPELLINGS,
    st.lists(SEPARATORS, min_size=10, max_size=10),
    st.integers(0, 2),
)
def test_a_mobile_is_accepted_exactly_when_its_block_is_in_use(national, prefix, separators, script):
    known = phonenumbers.is_valid_number(phonenumbers.parse(f"+98{national}", None))
    known = known or national.startswith(("995", "941"))
    # a point before the last one or two digits begins a decimal part
    separators[7:] = [gap.replace(".", "-") for gap in separators[7:]]
    typed = prefix + "".join(digit + gap for digit, gap in zip(national, separators, strict=True))
    if script:
        typed = typed.translate(str.maketrans("0123456789", (PERSIAN, ARABIC)[script - 1]))
    if known:
        assert normalise(typed) == f"+98{national}"
        if is_mobile(f"+98{national}"):
            assert normalise_mobile(typed) == f"+98{national}"
    else:
        with pytest.raises(InvalidNumber):
            normalise(typed)


@given(
    st.from_regex(r"(\+98|0098|0)?[0-9]{4,12}", fullmatch=True)
    | st.text(alphabet="+0123456789 ۹٣-a", max_size=20)
)
def test_normalising_twice_changes_nothing_and_agrees_with_phonenumbers(typed):
    try:
        number = normalise(typed)
    except InvalidNumber:
        return
    assert normalise(number) == number
    assert normalise(local_form(number)) == number
    parsed = phonenumbers.parse(number, None)
    assert phonenumbers.is_valid_number(parsed)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number
    assert is_mobile(number) == (phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE)


@given(
    st.text(alphabet="+0123456789۹٣ -a", max_size=15)
    | st.from_regex(r"(\+98|98|0)?9[0-9]{9}", fullmatch=True)
)
def test_a_mobile_is_a_number_that_is_a_mobile(typed):
    number, code = _answer(normalise, typed)
    if number and not is_mobile(number):
        number, code = None, "number_not_mobile"
    assert _answer(normalise_mobile, typed) == (number, code)


def _answer(read, typed):
    try:
        return read(typed), None
    except InvalidNumber as refusal:
        return None, refusal.code
