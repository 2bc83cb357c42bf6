"""The portal's own periodic work: what is over is deleted."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from accounts.own_sessions import forget_ended
from messaging.compose.uploads import clear_old


@shared_task(name="amoot_comms.tasks.clear_expired")
def clear_expired() -> None:
    """Delete sessions that ended, and audience files that were looked at and never sent."""
    call_command("clearsessions")
    forget_ended()
    clear_old()
