"""Tasks for the workers. The tables say what is to do: a task that is lost costs time alone."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, Final

from celery import current_app
from django.db import transaction

logger = logging.getLogger(__name__)

# A task that nobody took for so long is dropped. Celery compares the clocks of two machines for it, so a
# shorter time would drop the work of every worker whose clock is a little ahead.
WAKE_SECONDS: Final = 120


def enqueue(task: str, *args: Any, queue: str = "default") -> bool:
    """Have a worker run the task of that name. False where the broker is away, which is no error."""
    try:
        current_app.send_task(task, args, queue=queue, retry=False, expires=WAKE_SECONDS)
    except Exception as error:  # any transport's own exception; a round finds the work
        logger.warning("no worker could be woken", extra={"task": task, "error": type(error).__name__})
        return False
    return True


def after_commit(task: str, *args: Any, queue: str = "default") -> None:
    """The same once the transaction is committed."""
    transaction.on_commit(partial(enqueue, task, *args, queue=queue))
