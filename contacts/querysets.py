"""What is asked about customers."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class ContactQuerySet(models.QuerySet[Any]):
    def tagged(self, tag: str) -> ContactQuerySet:
        return self.filter(tags__contains=[tag])

    def opted_out(self) -> ContactQuerySet:
        return self.filter(Q(no_promotional=True) | Q(no_messages=True))
