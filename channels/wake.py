"""A nudge for whoever tells of outages. The row is the truth: a nudge that is lost costs half a minute."""

from __future__ import annotations

import logging
from typing import Final

from django.db import transaction

logger = logging.getLogger(__name__)

# A task that nobody took for so long is dropped. Celery compares the clocks of two machines for it, so a
# shorter time would drop the work of every worker whose clock is a little ahead.
WAKE_SECONDS: Final = 120


def ask_to_tell() -> None:
    """Have what is new of an outage told, once the transaction is committed; a dead broker is no error."""

    def ask() -> None:
        from channels.tasks import tell

        try:
            tell.apply_async(queue="default", retry=False, expires=WAKE_SECONDS)
        except Exception as error:  # any transport's own exception; the round finds the row
            logger.warning(
                "nobody could be asked to tell of an outage", extra={"error": type(error).__name__}
            )

    transaction.on_commit(ask)
