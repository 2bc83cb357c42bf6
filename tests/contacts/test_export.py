"""No spreadsheet finds a formula in an exported cell, however it separates and whatever it skips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.imports.escaping import plain_cell, safe_cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("before", ["", " ", "\u200b", "\ufeff", "\u200e\u2066", "\u00a0", '"'])
@pytest.mark.parametrize("separator", ["", "x;", "x,", "x\t", "x|", "x\n"])
def test_a_formula_is_escaped_wherever_a_cell_may_begin(sign: str, before: str, separator: str) -> None:
    text = f"{separator}{before}{sign}1+1"
    assert safe_cell(text) == f"{separator}'{before}{sign}1+1"
    assert plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize("text", ["شرکت الف", "a-b", "1+1", "a; b", "x=1", "علی‌رضا"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_a_number_with_its_country_is_no_sum() -> None:
    assert safe_cell("+989121234567") == "'+989121234567"


@given(st.text(alphabet="'=+-@;,|\t\n a۱\u200b\"", max_size=12))
def test_what_was_escaped_comes_back(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
