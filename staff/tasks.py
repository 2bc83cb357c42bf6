"""The staff's periodic work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from staff import outbox
from staff.actions import employees


@shared_task(name="staff.tasks.disable_departed", ignore_result=True)
def disable_departed() -> None:
    """Disable the log-ins of those whose last day has passed (hourly)."""
    employees.disable_departed(now=timezone.now())


@shared_task(name="staff.tasks.send_mails", ignore_result=True)
def send_mails() -> None:
    """Send what waits in the outbox (every 10 seconds)."""
    outbox.deliver(now=timezone.now())
