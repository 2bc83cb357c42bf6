"""Mail about opt-out calls that are late: to the experts, and a working day later to the VOC manager.

1. An open call is late `DESK_LATE_WORKING_DAYS` working days after it was opened. It is marked (`late_at`) by
   an update whose condition is that it was not, and the mail is stored in the same transaction: each call is
   told once, by whichever worker was first.
2. A working day after that the VOC manager is told in the same way (`escalated_at`).

The mail names no customer: it says since when calls wait, and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from contacts.desk.queue import open_calls
from contacts.models import OptOutCall
from contacts.voc_manager import voc_manager
from staff.models import User
from staff.outbox import post
from staff.permissions import holders_of
from staff.working_days import add_working_days

# No call is late before this, whatever the calendar says; the others need not be looked at.
_AT_LEAST: Final = timedelta(hours=12)
_AT_ONCE: Final = 500


def remind_late_calls(*, now: datetime) -> int:
    """Mark and tell what became late; how many calls were told of."""
    return _tell_experts(now) + _tell_manager(now)


def _tell_experts(now: datetime) -> int:
    rows = open_calls().filter(late_at__isnull=True, opened_at__lt=now - _AT_LEAST)
    late = [
        call
        for call in rows.order_by("opened_at", "pk")[:_AT_ONCE]
        if add_working_days(call.opened_at, settings.DESK_LATE_WORKING_DAYS) <= now
    ]
    with transaction.atomic():
        told = [
            call for call in late if open_calls().filter(pk=call.pk, late_at__isnull=True).update(late_at=now)
        ]
        for address, calls in _by_address(told).items():
            _post(address, "late", calls, now)
    return len(told)


def _tell_manager(now: datetime) -> int:
    manager = voc_manager(now)
    if manager is None:
        return 0
    rows = open_calls().filter(escalated_at__isnull=True, late_at__lt=now - _AT_LEAST)
    due = [
        call
        for call in rows.select_related("taken_by").order_by("opened_at", "pk")[:_AT_ONCE]
        if call.late_at is not None and add_working_days(call.late_at, 1) <= now
    ]
    with transaction.atomic():
        told = [
            call
            for call in due
            if open_calls().filter(pk=call.pk, escalated_at__isnull=True).update(escalated_at=now)
        ]
        if told:
            _post(manager.email, "escalated", told, now)
    return len(told)


def _by_address(calls: Iterable[OptOutCall]) -> dict[str, list[OptOutCall]]:
    """The calls that each address is reminded of: its own expert's, or those that nobody has taken."""
    experts = sorted(set(holders_of("contacts.set_consent").values_list("email", flat=True)))
    holders = User.objects.filter(is_active=True).in_bulk({call.taken_by_id for call in calls})
    told: dict[str, list[OptOutCall]] = {}
    for call in calls:
        holder = holders.get(call.taken_by_id) if call.taken_by_id else None
        for address in [holder.email] if holder is not None and holder.email else experts:
            told.setdefault(address, []).append(call)
    return told


def _post(address: str, template: str, calls: list[OptOutCall], now: datetime) -> None:
    site = settings.SITE_URL.rstrip("/")
    with translation.override(settings.LANGUAGE_CODE):
        words = {
            "calls": [(call, site + reverse("desk:call", args=[call.pk])) for call in calls],
            "count": len(calls),
            "address": site + reverse("desk:queue"),
        }
        subject = render_to_string(f"contacts/desk/mail/{template}_subject.txt", words).strip()
        post(
            to=address,
            subject=subject,
            text=render_to_string(f"contacts/desk/mail/{template}.txt", words),
            now=now,
        )
