"""A nudge for the workers. The table is the truth: a nudge that is lost costs time, never a message."""

from __future__ import annotations

import logging

from django.db import transaction

from channels.wake import WAKE_SECONDS

logger = logging.getLogger(__name__)


def nudge_settlement() -> None:
    """Ask a worker to ask the providers about what is in doubt, in the same way."""

    def ask() -> None:
        from messaging.tasks import settle

        try:
            settle.apply_async(retry=False, expires=WAKE_SECONDS)
        except Exception as error:  # as in `nudge`
            logger.warning("no worker could be woken", extra={"error": type(error).__name__})

    transaction.on_commit(ask)


def nudge(channel_code: str) -> None:
    """Ask a worker to look at a channel, once the transaction is committed; a dead broker is no error."""

    def ask() -> None:
        from messaging.tasks import pump

        try:
            pump.apply_async((channel_code,), queue=channel_code, retry=False, expires=WAKE_SECONDS)
        except Exception as error:  # any transport's own exception; the worker's own round finds the work
            logger.warning("no worker could be woken", extra={"error": type(error).__name__})

    transaction.on_commit(ask)
