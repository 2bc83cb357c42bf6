"""The named points at which a process may die: what the fault tests stand on."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import ROOT


def test_a_thread_that_is_stopped_at_a_point_does_not_get_past_it():
    """The fault tests count on it: a worker that stands still between claim and send has not sent."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.messaging.standing_still"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "0"
