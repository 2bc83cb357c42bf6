"""What is asked of the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models


class EntryQuerySet(models.QuerySet[Any]):
    def about(self, object_type: str, object_id: str = "") -> EntryQuerySet:
        """The history of one object, or of all of one type (`app.model`)."""
        rows = self.filter(object_type=object_type)
        return rows.filter(object_id=object_id) if object_id else rows

    def between(self, since: datetime | None, until: datetime | None) -> EntryQuerySet:
        """Those of `[since, until)`; None leaves an end open."""
        rows = self if since is None else self.filter(at__gte=since)
        return rows if until is None else rows.filter(at__lt=until)
