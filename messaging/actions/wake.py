"""Wakes the workers of a channel, and those that ask the providers about unknown outcomes."""

from __future__ import annotations

from common.enqueue import after_commit


def wake_worker(channel_code: str) -> None:
    """Have a worker look at the channel, once the transaction is committed."""
    after_commit("messaging.tasks.pump", channel_code, queue=channel_code)


def wake_settlement() -> None:
    """Have a worker ask the providers about unknown outcomes, once the transaction is committed."""
    after_commit("messaging.tasks.settle")
