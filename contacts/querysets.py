"""What is asked about customers."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from persian.phones import search_digits
from persian.text import fold_line, search_key


class ContactQuerySet(models.QuerySet[Any]):
    def tagged(self, tag: str) -> ContactQuerySet:
        """Those with a tag, in any spelling of its letters: an import stores tags folded."""
        return self.filter(tags__contains=[fold_line(tag)])

    def opted_out(self) -> ContactQuerySet:
        return self.filter(Q(no_promotional=True) | Q(no_messages=True))

    def search(self, typed: str) -> ContactQuerySet:
        """Those whose name, company, customer number or number holds every word, in any spelling."""
        key = search_key(typed)
        if not key:
            return self
        matches = Q()
        for word in key.split():
            matches &= Q(search_text__contains=word)
        # «محمد رضا» is also found as «محمدرضا».
        matches |= Q(search_text__contains=key.replace(" ", ""))
        digits = search_digits(typed)
        if digits:
            matches |= Q(search_text__contains=digits)
            if digits.startswith("98"):
                matches |= Q(search_text__contains="0" + digits[2:])
        return self.filter(matches)

    def after(self, key: int | None) -> ContactQuerySet:
        """The page of the newest first that begins behind the customer with the id `key`."""
        rows = self if key is None else self.filter(pk__lt=key)
        return rows.order_by("-pk")
