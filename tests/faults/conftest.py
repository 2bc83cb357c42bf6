from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# What knows the models is imported inside the fixture: pytest reads this file before Django is set up.


@pytest.fixture
def arena(transactional_db: None, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    from tests.faults.arena import Arena
    from tests.gateways.running import running_gateway

    with running_gateway(tmp_path / "gateway.jsonl") as gateway:
        reporter: Any = request.config.pluginmanager.get_plugin("terminalreporter")
        arena = Arena(gateway, tmp_path, reporter.write_line if reporter else print)
        yield arena
        arena.close()
