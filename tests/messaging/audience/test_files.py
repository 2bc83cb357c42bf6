"""Numbers of a file: whatever an import reads is read here, too, and nobody in it is dropped unsaid."""

import pytest
from django.core.exceptions import ValidationError

from messaging.audience.members import from_bytes
from tests.processes import ROOT

INPUTS = ROOT / "tests" / "contacts" / "inputs"


def numbers(name: str) -> list[str]:
    return [line.address for line in from_bytes((INPUTS / name).read_bytes(), name).lines]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("aud_one_line_commas.txt", 3),
        ("aud_persian_comma.txt", 3),
        ("aud_old_mac.txt", 3),
        ("aud_utf16.txt", 2),
        ("aud_name_first.csv", 2),
        ("aud_both_numbers.txt", 2),
        ("aud_digit_header.txt", 1),
        ("headers_google.csv", 1),
        ("enc_cp1256.csv", 2),
        ("x_strict.xlsx", 1),
        ("title_above_header.csv", 1),
    ],
)
def test_all_numbers_of_a_file_are_recipients(name, count):
    found = numbers(name)
    assert len(found) == count
    assert all(found)


def test_what_is_no_number_stays_to_be_refused():
    found = numbers("aud_spellings.txt")
    assert len(found) == 8
    assert found.count("") == 1
    assert found.count("+989355550250") == 5


def test_the_column_and_the_sheet_are_told():
    taken = from_bytes((INPUTS / "x_two_lists.xlsx").read_bytes(), "x_two_lists.xlsx")
    assert (taken.columns, taken.sheet) == (("موبایل",), "تهران")
    assert from_bytes(b"09123456789\n", "f").columns == ()


def test_a_landline_is_for_rows_without_a_mobile():
    content = "name,mobile,phone\nالف,09123456789,02188123456\nب,,02188123457\n".encode()
    assert [line.address for line in from_bytes(content, "f").lines] == ["+989123456789", "+982188123457"]


def test_the_first_row_under_a_header_stays_though_it_is_no_number():
    lines = from_bytes(b"mobile\nunknown\n09123456789\n", "f").lines
    assert [(line.raw, line.address) for line in lines] == [
        ("unknown", ""),
        ("09123456789", "+989123456789"),
    ]


@pytest.mark.parametrize(
    ("name", "code"), [("optout_column.csv", "says_not_to_send"), ("x_filtered_rows.xlsx", "hidden_row")]
)
def test_who_is_meant_must_be_clear(name, code):
    with pytest.raises(ValidationError) as error:
        numbers(name)
    assert error.value.code == code
    assert name in error.value.messages[0]
