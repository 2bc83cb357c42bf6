"""Every benchmark runs, with a few hundred rows: figures are read elsewhere, this keeps them from rotting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import QUICK, measure, parts

TINY = replace(
    QUICK, rows=200, send=200, few=100, table=600, mails=20, running=(2,), opt_out_seconds=4.0, repeat=1
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", list(parts(TINY, Path())))
def test_each_part_of_the_table_is_measured(part: str, capsys: pytest.CaptureFixture[str]):
    measure(TINY, [part])
    assert "reach" in capsys.readouterr().out or part == "gates"


@pytest.mark.django_db(transaction=True)
def test_a_part_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        measure(TINY, ["nothing"])
