"""Wakes the workers of a channel, and those that ask its provider about unknown outcomes."""

from __future__ import annotations

from common.enqueue import after_commit
from common.media import MEDIA


def wake_worker(channel_code: str) -> None:
    after_commit("messaging.plan", channel_code)
    after_commit("messaging.dispatch", channel_code, queue=MEDIA[channel_code].queue)


def wake_settlement(channel_code: str) -> None:
    after_commit("messaging.settle", channel_code)
