"""Wakes the workers after a commit. The tables hold the work: a task that is lost costs time, no message."""

from __future__ import annotations

from common.enqueue import after_commit


def nudge_settlement() -> None:
    """Have the providers asked about what is in doubt."""
    after_commit("messaging.tasks.settle")


def nudge(channel_code: str) -> None:
    """Have a worker look at a channel."""
    after_commit("messaging.tasks.pump", channel_code, queue=channel_code)
