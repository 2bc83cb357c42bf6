"""A nudge for whoever tells of outages. The row is the truth: a nudge that is lost costs half a minute."""

from __future__ import annotations

import logging

from django.db import transaction

logger = logging.getLogger(__name__)


def ask_to_tell() -> None:
    """Have what is new of an outage told, once the transaction is committed; a dead broker is no error."""

    def ask() -> None:
        from channels.tasks import tell

        try:
            tell.apply_async(queue="default", retry=False, expires=30)
        except Exception as error:  # any transport's own exception; the round finds the row
            logger.warning(
                "nobody could be asked to tell of an outage", extra={"error": type(error).__name__}
            )

    transaction.on_commit(ask)
