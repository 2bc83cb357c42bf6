"""Large imports, looked at and written by a worker. The table says what is to be done; a task only wakes."""

from __future__ import annotations

import contextlib

from celery import shared_task
from django.core.exceptions import ValidationError
from django.utils import timezone

from contacts.actions import imports


@shared_task(name="contacts.tasks.preview_import")
def preview_import(import_id: int) -> None:
    """Look at an uploaded file. What is wrong with it stands on the import afterwards."""
    with contextlib.suppress(ValidationError):
        imports.preview_import(import_id=import_id, now=timezone.now())


@shared_task(name="contacts.tasks.run_import")
def run_import(import_id: int) -> None:
    """Write a confirmed import; delivered twice, it is written once."""
    with contextlib.suppress(ValidationError):
        imports.run_import(import_id=import_id, now=timezone.now())
