"""Large imports, looked at and written by a worker. The table says what is to be done; a task only wakes."""

from __future__ import annotations

import contextlib

from celery import shared_task
from django.core.exceptions import ValidationError
from django.utils import timezone

from contacts.actions import import_rounds, imports, search_words
from contacts.selectors import left_behind


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


@shared_task(name="contacts.tasks.resume_imports")
def resume_imports() -> None:
    """Wake a worker for each import left behind: its worker died, or the broker lost its task."""
    for row in left_behind(timezone.now() - import_rounds.WORKER_AFTER):
        (run_import if row.rows else preview_import).apply_async((row.pk,), retry=False, expires=60)


@shared_task(name="contacts.tasks.forget_old_imports")
def forget_old_imports() -> None:
    import_rounds.forget_old_imports(now=timezone.now())


@shared_task(name="contacts.tasks.refresh_search_words")
def refresh_search_words() -> None:
    search_words.refresh_search_words()
