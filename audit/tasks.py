"""The audit trail's periodic work."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.nightly import verify_if_due
from audit.sealing import seal_entries


@shared_task(name="audit.tasks.seal", ignore_result=True)
def seal() -> None:
    """Chain what is new (every minute)."""
    seal_entries(now=timezone.now())


@shared_task(name="audit.tasks.verify", ignore_result=True)
def verify() -> None:
    """Verify the trail, once a night (asked hourly, so that a night without a worker is made up for)."""
    verify_if_due(now=timezone.now())
