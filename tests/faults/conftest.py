from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# What knows the models is imported inside the fixtures: pytest reads this file before Django is set up.

SAID = "said"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Seeds and figures of tests that ran in processes of their own (-n), where nobody saw them."""
    if not getattr(config.option, "numprocesses", None):
        return
    for reports in terminalreporter.stats.values():
        for report in reports:
            lines = [text for name, text in getattr(report, "user_properties", []) if name == SAID]
            if lines and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {' | '.join(lines)}")


@pytest.fixture(scope="session")
def world() -> Iterator[Any]:
    """A PostgreSQL and a Valkey that may be hurt."""
    from tests.faults.world import private_world

    with private_world() as world:
        yield world


@pytest.fixture
def arena(
    world: Any, django_db_blocker: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Any]:
    from django.test import override_settings

    from tests.faults.arena import Arena
    from tests.faults.world import looking_at
    from tests.gateways.running import running_gateway

    capture: Any = request.config.pluginmanager.get_plugin("capturemanager")

    def say(line: str) -> None:
        """Past pytest's capture: the seed is wanted of runs that went well, too."""
        request.node.user_properties.append((SAID, line.strip()))
        with capture.global_and_fixture_disabled():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    world.heal()
    with running_gateway(tmp_path / "gateway.jsonl") as gateway:
        arena = Arena(world, gateway, tmp_path, say)
        try:
            with (
                django_db_blocker.unblock(),
                looking_at(arena.database),
                override_settings(OPEN_PROCEDURE_HOURS=True),  # as the workers have it
            ):
                yield arena
        finally:
            arena.close()
            world.heal()
            world.drop(arena.database)
