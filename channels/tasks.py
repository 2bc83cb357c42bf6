"""The channels' periodic work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from channels.telling import tell_of_outages


@shared_task(name="channels.tasks.tell", ignore_result=True)
def tell() -> None:
    """Tell by mail what nobody has told yet of outages (twice a minute, and when one begins or ends)."""
    tell_of_outages(now=timezone.now())
