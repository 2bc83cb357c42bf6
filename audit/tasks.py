"""The audit trail's periodic work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.sealing import seal as seal_entries


@shared_task(name="audit.tasks.seal", ignore_result=True)
def seal() -> None:
    """Chain what is new (every minute)."""
    seal_entries(now=timezone.now())
