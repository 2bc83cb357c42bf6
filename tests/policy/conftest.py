"""The policy is proven without a database, in less than ten seconds; the time is printed."""

from __future__ import annotations

import time
from typing import Any

import pytest

LIMIT_SECONDS = 10.0
_spent: list[float] = []


@pytest.fixture(autouse=True)
def _timed() -> Any:
    started = time.perf_counter()
    yield
    _spent.append(time.perf_counter() - started)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _spent:
        terminalreporter.write_line(
            f"policy: {len(_spent)} tests in {sum(_spent):.1f} s (limit {LIMIT_SECONDS:.0f} s, no database)"
        )
