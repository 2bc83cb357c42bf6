from __future__ import annotations

import sys
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
        capture: Any = request.config.pluginmanager.get_plugin("capturemanager")

        def say(line: str) -> None:
            """Past pytest's capture: the seed is wanted of runs that went well, too."""
            with capture.global_and_fixture_disabled():
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()

        arena = Arena(gateway, tmp_path, say)
        yield arena
        arena.close()
