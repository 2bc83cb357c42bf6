"""What is asked about messages and deliveries."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery


class MessageQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> MessageQuerySet:
        """Those that `user` may see: every one, or those of the own department and team."""
        if user.may("messaging.view_all_messages"):
            return self
        employee = getattr(user, "employee", None)
        if employee is None or not user.may("messaging.view_message"):
            return self.none()
        return self.filter(
            models.Q(department_id=employee.department_id)
            | models.Q(sender_manager=employee)
            | models.Q(department__manager=employee)
        )

    def under_way(self, channel: Any) -> MessageQuerySet:
        """The running messages of a channel, most urgent first."""
        return (
            self.filter(channel=channel, status="running")
            .select_related("channel")
            .order_by("priority", "id")
        )

    def with_somebody_due(self, now: datetime, *, known_of: Collection[int] = ()) -> MessageQuerySet:
        """Those of which a recipient is due, or was a moment ago (`known_of`, not asked again).

        A message may run for days with somebody unknown and nobody due: there must be no claim of it.
        """
        from messaging.models import Delivery

        due = Delivery.objects.filter(message=OuterRef("pk"), state="queued", not_before__lte=now)
        # The first of them by the claim's index: EXISTS alone is planned as a join over a million.
        first = Subquery(due.order_by("not_before", "id").values("pk")[:1])
        rows: MessageQuerySet = self.alias(first_due=first)
        return rows.filter(Q(pk__in=known_of) | Q(first_due__isnull=False))

    def listed(self) -> MessageQuerySet:
        return self.select_related("channel", "sender", "sender_manager", "department").order_by("-id")


class DeliveryQuerySet(models.QuerySet[Any]):
    def count_by_state(self) -> dict[str, int]:
        rows = self.values("state").annotate(n=Count("*")).order_by("state")
        return {row["state"]: row["n"] for row in rows}

    def awaiting_report(self, calls: Collection[int]) -> DeliveryQuerySet:
        """Of these calls: taken by the provider, and nothing final was reported, or not in time."""
        return self.filter(call_id__in=calls, state__in=["accepted", "unreported"])

    def of_unknown_outcome(self, channel: Any) -> DeliveryQuerySet:
        """Handed to a call of the channel, with an outcome that nobody knows."""
        # by the calls of unknown outcome: the index of a call's rows holds the accepted ones, too
        return self.filter(state="unknown", call__channel=channel, call__outcome="unknown")


class ComparisonQuerySet(models.QuerySet[Any]):
    def newest(self, channel: Any, since: date) -> dict[date, Any]:
        """The newest comparison of each day of a channel from `since` on, a completed one before others."""
        rows = self.filter(channel=channel, day__gte=since).order_by("day", "id")
        found: dict[date, Any] = {}
        for row in rows:
            known = found.get(row.day)
            if known is None or known.state != "completed" or row.state == "completed":
                found[row.day] = row
        return found


class BreachQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> BreachQuerySet:
        """Every one, or those of messages of the own department and team."""
        if not user.may("messaging.view_breaches"):
            return self.none()
        if user.may("messaging.view_all_messages"):
            return self
        from messaging.models import Message

        return self.filter(message__in=Message.objects.visible_to(user).values("pk"))

    def listed(self) -> BreachQuerySet:
        return self.select_related("channel", "message", "sender", "sender_manager").order_by("-id")
