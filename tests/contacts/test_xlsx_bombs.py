"""Small workbooks that are made to fill memory or time: each is refused in a sentence, and costs little.

They are built here; the largest is some hundred kilobytes. What reads them is a process of its own.
"""

import random
import resource
import zipfile
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from contacts.actions.imports import import_file
from contacts.imports.xlsx_file import open_xlsx, seconds_for
from contacts.models import Contact, ContactImport
from tests.contacts.workbooks import GOOD_ROW, workbook
from tests.factories import NOW

FAR = {
    "squote": "<row><c r='XFD1048576'><v>1</v></c></row>",
    "space": '<row><c r = "XFD1048576" ><v>1</v></c></row>',
    "lower": '<row><c r="xfd1048576"><v>1</v></c></row>',
    "noref": "<row r='1048576'><c r='XFC1048576'/><c><v>1</v></c></row>",
    "prefix": "<x:row xmlns:x='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
    "<x:c r='XFD1048576'><x:v>1</x:v></x:c></x:row>",
    "many": "<row><c r='ALL20000'><v>1</v></c></row>",
    "low": "<row r='1048576'><c><v>1</v></c></row>",
    "entity": '<row><c r="&#88;FD1048576"><v>1</v></c></row>',
}
# Five MB of cells without a value, which deflate to a few kB: too large to be parsed twice.
PADDING = [f"<row>{'<c/>' * 1_000}</row>"] * 1_300


def spent() -> float:
    """Seconds of computing of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def refused(path: Path) -> str:
    """The code with which a workbook is refused; reading it may cost five seconds (at rest: below one)."""
    before = spent()
    with pytest.raises(ValidationError) as error, open_xlsx(path) as table:
        for _row in table.rows:
            pass
    assert spent() - before < 5
    assert all(len(message) > 20 for message in error.value.messages)
    return str(error.value.code)


@pytest.mark.parametrize("spelling", FAR)
def test_a_cell_far_out_is_named_however_its_place_is_spelled(tmp_path, spelling):
    path = workbook(tmp_path / "far.xlsx", [GOOD_ROW, FAR[spelling]])
    assert path.stat().st_size < 2_000
    assert refused(path) == ("too_many_rows" if spelling == "low" else "too_many_columns")


@pytest.mark.parametrize("spelling", sorted(FAR.keys() - {"low"}))
def test_a_cell_far_out_in_a_large_sheet_ends_at_the_limit_of_memory(tmp_path, spelling):
    path = workbook(tmp_path / "far.xlsx", [GOOD_ROW, *PADDING, FAR[spelling]])
    assert refused(path) in ("xlsx_memory", "xlsx_broken")


@pytest.mark.parametrize("times", [500, 2_000, 40_000, 700_000])
def test_an_endless_tag_costs_no_time(tmp_path, times):
    piece = '<c r="A1" ' * 1_000
    path = workbook(
        tmp_path / "redos.xlsx",
        ["<row>", *[piece] * (times // 1_000), piece[: times % 1_000 * 10]],
    )
    assert refused(path) == "xlsx_broken"


def test_an_endless_attribute_costs_no_time(tmp_path):
    path = workbook(tmp_path / "long.xlsx", ['<row r="', *["1" * 100_000] * 30, '"/>'])
    assert refused(path) == "xlsx_broken"


def test_millions_of_shared_strings_end_at_the_limit_of_memory(tmp_path):
    path = workbook(tmp_path / "sst.xlsx", [GOOD_ROW], ["<si><t>a</t></si>" * 100_000] * 150)
    assert path.stat().st_size < 800_000
    assert refused(path) == "xlsx_memory"


def test_a_process_that_only_computes_ends_at_the_limit_of_time(tmp_path, settings):
    settings.IMPORT_READ_SECONDS = 1
    noise = [f"<row>{'<c/>' * 10_000}</row><!-- <f {random.randbytes(400).hex()} -->" for _ in range(1_500)]
    path = workbook(tmp_path / "slow.xlsx", noise)
    assert refused(path) == "xlsx_seconds"


def test_a_document_type_is_refused(tmp_path):
    good = workbook(tmp_path / "good.xlsx", [GOOD_ROW])
    path = tmp_path / "doctype.xlsx"
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            start = b'<!DOCTYPE a [<!ENTITY b "c">]>' if name == "xl/worksheets/sheet1.xml" else b""
            new.writestr(name, start + old.read(name))
    assert refused(path) == "xlsx_broken"


def test_honest_values_beside_the_limits_are_read(tmp_path):
    path = workbook(tmp_path / "good.xlsx", [GOOD_ROW, *PADDING])
    with open_xlsx(path) as table:
        assert table.header.cells == ["mobile"]
        assert [row.cells for row in table.rows] == [["09123456789"]]


def test_a_large_file_may_take_longer_than_a_small_one(settings):
    settings.IMPORT_READ_SECONDS = 60
    assert seconds_for(2_000) == 5
    assert seconds_for(10 * 2**20) == 25
    assert seconds_for(2**30) == 60


@pytest.mark.django_db
def test_the_web_process_outlives_a_bomb_and_says_what_is_wrong(client, sender, tmp_path):
    client.force_login(sender)
    path = workbook(tmp_path / "far.xlsx", [GOOD_ROW, *PADDING, FAR["squote"]])
    with path.open("rb") as stream:
        answer = client.post(reverse("contacts:import"), {"file": stream})
    assert answer.status_code == 422
    assert "حافظه" in answer.content.decode()
    assert not ContactImport.objects.exists()
    good = workbook(tmp_path / "good.xlsx", [GOOD_ROW])
    assert import_file(path=good, by=None, now=NOW).created == 1
    assert Contact.objects.count() == 1
