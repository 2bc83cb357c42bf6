"""No spreadsheet finds a formula in an exported cell, however it separates and whatever it skips."""

from __future__ import annotations

import pytest

from contacts.imports.export import safe_cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("before", ["", " ", "\u200b", "\ufeff", "\u200e\u2066", "\u00a0", '"'])
@pytest.mark.parametrize("separator", ["", "x;", "x,", "x\t", "x|", "x\n"])
def test_a_formula_is_escaped_wherever_a_cell_may_begin(sign: str, before: str, separator: str) -> None:
    text = f"{separator}{before}{sign}1+1"
    assert safe_cell(text) == f"{separator}'{before}{sign}1+1"


@pytest.mark.parametrize("text", ["شرکت الف", "a-b", "1+1", "a; b", "x=1", "علی‌رضا"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_a_number_with_its_country_is_no_sum() -> None:
    assert safe_cell("+989121234567") == "'+989121234567"
