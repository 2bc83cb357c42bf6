"""Thousands of sequences of the dispatch over a simulated clock and provider; each run prints its seed.

The short run is the same every time. `FAULTS_SEED=… SIMULATION_EXAMPLES=…` repeats a run exactly; a
failure prints the shortest sequence that fails and a line (`@reproduce_failure`) that repeats it alone.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck
from hypothesis.stateful import run_state_machine_as_test

STEPS = 30
FAST = 10
THOROUGH = 5_000


@pytest.fixture
def simulate(transactional_db: None, request: pytest.FixtureRequest) -> Callable[[int, int], None]:
    from tests.simulation.machine import DispatchMachine
    from tests.simulation.world import Stage

    capture: Any = request.config.pluginmanager.get_plugin("capturemanager")

    def run(by_default: int, seed_by_default: int) -> None:
        examples = int(os.environ.get("SIMULATION_EXAMPLES", by_default))
        seed = int(os.environ.get("FAULTS_SEED") or seed_by_default)
        with capture.global_and_fixture_disabled():
            sys.stdout.write(f"\nFAULTS_SEED={seed} SIMULATION_EXAMPLES={examples}\n")
            sys.stdout.flush()
        DispatchMachine.stage = Stage()
        settings = hypothesis.settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(hypothesis.seed(seed)(DispatchMachine), settings=settings)

    return run


def test_some_sequences_of_steps_keep_every_promise(simulate: Callable[[int, int], None]):
    simulate(FAST, 7_600_411)


@pytest.mark.faults
def test_thousands_of_sequences_of_steps_keep_every_promise(simulate: Callable[[int, int], None]):
    simulate(THOROUGH, random.randrange(2**32))
