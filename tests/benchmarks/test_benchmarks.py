"""Every benchmark runs, with a few hundred rows: figures are read elsewhere, this keeps them from rotting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.__main__ import QUICK, measure, parts

TINY = replace(
    QUICK, rows=200, send=200, few=100, table=600, mails=20, running=(2,), opt_out_seconds=4.0, repeat=1
)


@pytest.fixture
def _superuser(transactional_db: None) -> Iterator[None]:
    """The harness empties tables and turns clocks, as the superuser; its workers are the application."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        role = cursor.fetchone()[0]
        cursor.execute("SET ROLE NONE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, false)", [role])


@pytest.mark.usefixtures("_superuser")
@pytest.mark.parametrize("part", list(parts(TINY, Path())))
def test_each_part_of_the_table_is_measured(part: str, capsys: pytest.CaptureFixture[str]):
    measure(TINY, [part])
    assert "reach" in capsys.readouterr().out or part == "gates"


@pytest.mark.django_db(transaction=True)
def test_a_part_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        measure(TINY, ["nothing"])
