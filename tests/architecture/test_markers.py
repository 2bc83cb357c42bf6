"""The marker `sql` is given by file; each of its patterns that names a file finds one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SQL

TESTS = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("pattern", [pattern for pattern in SQL if not pattern.startswith("*")])
def test_each_pattern_finds_tests(pattern: str) -> None:
    assert list(TESTS.glob(pattern))


def test_the_marker_is_given_to_those_and_to_no_others(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("sql") is None
    marked = [item for item in request.session.items if item.get_closest_marker("sql")]
    for item in marked:
        assert any(item.path.relative_to(TESTS).match(pattern) for pattern in SQL)
