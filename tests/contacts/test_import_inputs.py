"""Files as they come from offices, phones and other programs (`inputs/`): read right, or refused by name."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts.actions.imports import import_file
from contacts.imports.stage import staged
from contacts.models import Contact, ContactImport
from tests.factories import NOW

pytestmark = pytest.mark.django_db

INPUTS = Path(__file__).parent / "inputs"


def imported(name: str) -> ContactImport:
    return import_file(path=INPUTS / name, by=None, now=NOW)


def people() -> list[tuple[str, str]]:
    return list(Contact.objects.order_by("address").values_list("name", "address"))


def refused(done: ContactImport) -> list[tuple[int, str]]:
    return list(done.refused_rows.order_by("row", "pk").values_list("row", "code"))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("headers_outlook.csv", ("Sample Nine", "+989355550209")),
        ("headers_google.csv", ("Sample Ten", "+989355550210")),
        ("headers_fa_first_last.csv", ("نمونه یازده", "+989355550211")),
        ("headers_zwnj_bidi.csv", ("نمونه چهارده", "+989355550216")),
        ("title_above_header.csv", ("نمونه هفت", "+989355550207")),
        ("x_merged_title.xlsx", ("نمونه عنوان", "+989355550326")),
        ("x_60_columns.xlsx", ("نمونه پهن", "+989355550335")),
        ("x_stray_far_cells.xlsx", ("نمونه دور", "+989355550334")),
        ("x_strict.xlsx", ("نمونه تهران", "+989355550321")),
        ("mixed_sep_company.csv", ("نمونه هشت", "+989355550208")),
        ("sep_arabic_semicolon.csv", ("نمونه یک", "+989355550201")),
        ("sep_hint_line.csv", ("نمونه یک", "+989355550201")),
        ("sep_hint_quoted.csv", ("نمونه یک", "+989355550201")),
        ("sep_semicolon_bom.csv", ("نمونه یک", "+989355550201")),
        ("sep_tab_utf16.csv", ("نمونه یک", "+989355550201")),
        ("eol_old_mac.csv", ("نمونه یک", "+989355550201")),
        ("enc_cp1256.csv", ("نمونه یک", "+989355550201")),
    ],
)
def test_a_list_of_another_program_is_read(name, first):
    done = imported(name)
    assert refused(done) == []
    assert people()[0] == first


def test_outlooks_second_number_and_categories_are_kept():
    imported("headers_outlook.csv")
    contact = Contact.objects.get()
    assert (contact.phone, contact.tags, contact.company) == ("+982155550209", ["VIP"], "Co A")


def test_a_web_page_that_calls_itself_xls_is_named():
    with pytest.raises(ValidationError) as error:
        imported("html_table.xls")
    assert error.value.code == "web_page"


@pytest.mark.parametrize(("name", "row"), [("optout_column.csv", 2), ("optout_column_en.csv", 2)])
def test_a_row_that_says_not_to_send_is_no_reachable_customer(name, row):
    done = imported(name)
    assert refused(done) == [(row, "says_not_to_send")]
    assert "+989355550220" not in dict.fromkeys(number for _name, number in people())


def test_a_column_of_permissions_says_no_with_no(write_csv):
    rows = [("mobile", "subscribed"), ("09123456781", "yes"), ("09123456782", "no"), ("09123456783", "0")]
    done = import_file(path=write_csv(*rows), by=None, now=NOW)
    assert refused(done) == [(3, "says_not_to_send"), (4, "says_not_to_send")]


def test_hidden_rows_are_left_out_and_said():
    done = imported("x_filtered_rows.xlsx")
    assert (done.rows, done.created) == (5, 3)
    assert refused(done) == [(3, "hidden_row"), (5, "hidden_row")]


def test_signs_for_nothing_are_nothing():
    done = imported("placeholders.csv")
    assert (done.created, refused(done)) == (5, [])
    assert set(Contact.objects.values_list("email", "phone", "customer_no")) == {("", None, "")}


def test_decimals_of_a_spreadsheet_make_no_stranger():
    done = imported("numbers_floats.csv")
    assert people() == [("نمونه اعشار ۰", "+989355550160")]
    assert [row for row, _code in refused(done)] == [3, 4, 5, 6, 7]


def test_odd_spaces_and_text_markers_are_taken():
    assert refused(imported("numbers_odd_spaces.csv")) == []
    done = imported("numbers_text_markers.csv")
    assert [row for row, _code in refused(done)] == [7, 8, 9, 10, 11]


def test_every_fault_of_a_row_is_named():
    done = imported("formulas.csv")
    codes = set(done.refused_rows.filter(row=4).values_list("code", flat=True))
    assert {"formula", "email_wrong"} <= codes
    assert len(codes) >= 3


def test_another_sheet_is_named_where_the_first_holds_no_list():
    with pytest.raises(ValidationError) as error:
        imported("x_notes_then_data.xlsx")
    assert "مشتریان" in error.value.messages[0]


def test_bare_numbers_need_no_header():
    with staged(INPUTS / "aud_old_mac.txt") as stage:
        assert (stage.look().created, stage.notes.headless) == (3, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x_two_lists.xlsx", "شهرستان"),
        ("x_filtered_rows.xlsx", "پنهان"),
        ("optout_column.csv", "عدم ارسال پیامک"),
        ("enc_cp1256.csv", "windows-1256"),
        ("aud_old_mac.txt", "سرستون"),
    ],
)
def test_the_preview_says_how_the_file_was_read(client, sender, name, said):
    client.force_login(sender)
    upload = SimpleUploadedFile(name, (INPUTS / name).read_bytes())
    page = client.post(reverse("contacts:import"), {"file": upload}, follow=True)
    assert said in page.content.decode()
