"""The table of faults (docs/reliability.md): every row has a test, and every test says which rows."""

from __future__ import annotations

from typing import Final

import pytest

ROWS: Final = range(1, 17)


def row(*numbers: int) -> pytest.MarkDecorator:
    """Marks a test as the one (or one of those) that injects these rows of the table."""
    assert all(number in ROWS for number in numbers)
    return pytest.mark.fault_rows(*numbers)
