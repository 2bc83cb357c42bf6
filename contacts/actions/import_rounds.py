"""What is done about imports from time to time: taking up those left behind, forgetting the old ones."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from common.timeouts import ABANDONED_AFTER, GIVEN_UP_AFTER
from contacts.actions.imports import FILES, preview_import, remove_file, run_import
from contacts.models import RefusedRow
from contacts.selectors import abandoned_previews, left_behind


def resume_imports(*, now: datetime, after: timedelta = ABANDONED_AFTER) -> int:
    """Work on the imports whose worker died, or of whose task the broker knows nothing: those that nobody
    has begun for `after`, or is at; returns how many."""
    rows = list(left_behind(now - after))
    for row in rows:
        work = run_import if row.rows else preview_import
        with contextlib.suppress(ValidationError):
            work(import_id=row.pk, now=now)
    return len(rows)


def forget_old_imports(*, now: datetime) -> None:
    """Remove previews that nobody confirmed, files that belong to nothing, and refused rows of long ago."""
    for row in abandoned_previews(now - GIVEN_UP_AFTER):
        remove_file(row)
        row.delete()
    # They hold numbers; the report is kept for this time after the upload.
    RefusedRow.objects.filter(imported__created_at__lt=now - timedelta(days=90)).delete()
    FILES.forget_old(now=now)
