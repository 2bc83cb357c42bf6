"""The channels' periodic work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from channels import notifications


@shared_task(name="channels.tasks.tell", ignore_result=True)
def tell() -> None:
    """Send the mails about outages and changed hours that are due (twice a minute, and on each change)."""
    notifications.notify(now=timezone.now())
