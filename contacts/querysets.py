"""What is asked about customers."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When

from contacts.keys import Key, TagKeys
from persian.phones import InvalidNumber, normalise, search_digits
from persian.text import fold_line, search_key

# Fewer digits stand in too many numbers: sorting them all by their end would cost more than it tells.
_RANKED_FROM = 4


class ContactQuerySet(models.QuerySet[Any]):
    def tagged(self, tag: str) -> ContactQuerySet:
        """Those with a tag, in any spelling of its letters and digits."""
        keys: ContactQuerySet = self.alias(_tag_keys=TagKeys("tags"))
        return keys.filter(_tag_keys__contains=[Key(Value(fold_line(tag)))])

    def opted_out(self) -> ContactQuerySet:
        return self.filter(Q(no_promotional=True) | Q(no_messages=True))

    def search(self, typed: str) -> ContactQuerySet:
        """Those who have the number that was typed; of anything else, those who hold every word of it.

        1. A whole number, in any spelling, finds exactly the customers who have it.
        2. Part of a number finds the numbers that hold its digits in one piece. `search_rank` is 0 where
           a number ends with them, 1 elsewhere: people know the last digits.
        3. Other text finds every word of it, in any spelling, in name, company, customer number or number.
        """
        key = search_key(typed)
        if not key:
            return self
        digits = search_digits(typed)
        if digits is None:
            return self.filter(_holds_words(key))
        own_line = Q(search_text__contains=f"\n{digits}\n")  # a customer number of that many digits
        try:
            number = normalise(typed)
        except InvalidNumber:
            pass
        else:
            return self.filter(Q(address=number) | Q(phone=number) | own_line)
        return self._by_digits(key, digits)

    def _by_digits(self, key: str, digits: str) -> ContactQuerySet:
        forms = [digits, "0" + digits[2:]] if digits.startswith("98") else [digits]
        holds, ends = Q(search_text__contains=key), Q()
        for form in forms:
            holds |= Q(search_text__contains=form)
            ends |= Q(address__endswith=form) | Q(phone__endswith=form) | Q(customer_no=form)
        found = self.filter(holds)
        if len(digits) < _RANKED_FROM:
            return found
        ranked: ContactQuerySet = found.annotate(search_rank=Case(When(ends, then=0), default=1))
        return ranked

    def best_first(self, *ordering: Any) -> ContactQuerySet:
        """In that order, after a search by digits the ends of numbers before all others."""
        ranked = "search_rank" in self.query.annotations
        return self.order_by("search_rank", *ordering) if ranked else self.order_by(*ordering)

    def older(self, key: int | None) -> ContactQuerySet:
        """The page that begins behind the customer `key`: ends of numbers first, then the newest."""
        rows = self.best_first("-pk")
        if key is None:
            return rows
        if "search_rank" not in self.query.annotations:
            return rows.filter(pk__lt=key)
        rank = self._rank_of(key)
        return rows.filter(Q(search_rank__gt=rank) | Q(search_rank=rank, pk__lt=key))

    def newer(self, key: int) -> ContactQuerySet:
        """What stands before the customer `key` in that order, the nearest first."""
        if "search_rank" not in self.query.annotations:
            return self.filter(pk__gt=key).order_by("pk")
        rank = self._rank_of(key)
        before = Q(search_rank__lt=rank) | Q(search_rank=rank, pk__gt=key)
        return self.filter(before).order_by("-search_rank", "pk")

    def _rank_of(self, key: int | None) -> int:
        ranks = self.filter(pk=key).values_list("search_rank", flat=True) if key is not None else []
        return next(iter(ranks), 0)


def _holds_words(key: str) -> Q:
    matches = Q()
    for word in key.split():
        matches &= Q(search_text__contains=word)
    # «محمد رضا» is also found as «محمدرضا».
    return matches | Q(search_text__contains=key.replace(" ", ""))
