"""What is asked about customers, and about the duty roster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When

from contacts.keys import Key, TagKeys
from contacts.matching import Sought
from persian.text import fold_line


class DutyQuerySet(models.QuerySet[Any]):
    def standing(self) -> DutyQuerySet:
        """Hours that nobody ended, with their experts, the earliest of a day first."""
        return self.filter(ended_at__isnull=True).select_related("expert__employee").order_by("starts", "id")


class ContactQuerySet(models.QuerySet[Any]):
    def tagged(self, tag: str) -> ContactQuerySet:
        """Those with a tag, in any spelling of its letters and digits."""
        keys: ContactQuerySet = self.alias(_tag_keys=TagKeys("tags"))
        return keys.filter(_tag_keys__contains=[Key(Value(fold_line(tag)))])

    def lock(self, keys: Iterable[int]) -> ContactQuerySet:
        """Those with these keys, locked in the order of their ids: two decisions cannot wait for each other
        in a circle. NO KEY: the ledger's and the deliveries' references to a customer need not wait."""
        return self.select_for_update(no_key=True).filter(pk__in=set(keys)).order_by("pk")

    def opted_out(self) -> ContactQuerySet:
        return self.filter(Q(no_promotional=True) | Q(no_messages=True))

    def groups(self, typed: str) -> list[ContactQuerySet]:
        """Who is meant by `typed` (`contacts.matching`), the best group first; nobody is in two of them.

        Looks up whole numbers at once. Nothing typed is one group: everybody.
        """
        disjoint: list[ContactQuerySet] = []
        rest = self
        for condition in self._conditions(Sought.typed(typed)):
            disjoint.append(rest.filter(condition))
            rest = rest.filter(~condition)
        return disjoint

    def search(self, typed: str) -> ContactQuerySet:
        """All groups in one query, for lists that sort and count by themselves (`best_first`)."""
        sought = Sought.typed(typed)
        if not sought.key:
            return self
        conditions = self._conditions(sought)
        found = Q()
        for condition in conditions:
            found |= condition
        places = [When(condition, then=place) for place, condition in enumerate(conditions)]
        ranked: ContactQuerySet = self.filter(found).annotate(search_rank=Case(*places, default=len(places)))
        return ranked if len(conditions) > 1 else self.filter(found)

    def best_first(self, *ordering: Any) -> ContactQuerySet:
        """In that order; after a search the better groups first."""
        ranked = "search_rank" in self.query.annotations
        return self.order_by("search_rank", *ordering) if ranked else self.order_by(*ordering)

    def _conditions(self, sought: Sought) -> list[Q]:
        if not sought.key:
            return [Q()]
        exact = self._exact(sought)
        conditions = [Q(pk__in=exact)] if exact else []
        return [*conditions, *sought.groups] or [Q(pk__in=())]

    def _exact(self, sought: Sought) -> list[int]:
        """Who has the whole number that was typed. Asked for by itself: joined to a condition on the text it
        would keep PostgreSQL from using an index for either."""
        everybody = self.model._default_manager
        keys = [Key(Value(text)) for text in sought.customer_no]
        named = everybody.alias(_key=Key("customer_no")).filter(~Q(customer_no=""), _key__in=keys)
        found = named.values_list("pk", flat=True)
        if sought.number:
            has_it = everybody.filter(numbers__number=sought.number, numbers__until__isnull=True)
            found = found.union(has_it.values_list("pk", flat=True))
        return sorted(found)
