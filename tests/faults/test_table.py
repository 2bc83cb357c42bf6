"""The table of faults, the tests and the documentation speak of the same sixteen rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.table import ROWS

pytestmark = pytest.mark.faults

HERE = Path(__file__).parent


def test_every_row_of_the_table_has_a_test():
    marks = re.findall(r"^@row\(([\d, ]+)\)", "\n".join(p.read_text() for p in HERE.glob("test_*.py")), re.M)
    covered = {int(number) for numbers in marks for number in numbers.split(",")}
    assert covered == set(ROWS)


def test_every_row_of_the_table_is_documented():
    text = (HERE.parent.parent / "docs" / "reliability.md").read_text()
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", text, re.M)] == list(ROWS)
