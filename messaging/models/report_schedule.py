"""When a call's recipients are asked about: soon after the acceptance, then ever more rarely.

A call waits for reports as long as `report_due_at` is set. `REPORT_HOURS` after it was made, whatever
was not reported becomes `unreported`; a week longer it is asked about once a day, since reports come late.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest, Least

from common.timeouts import CATCH_UP, UNANSWERED_PAUSE
from gateways.reading import as_id
from messaging.models import GatewayCall

# Before the first question, and after each one that brought nothing new; the last one again and again.
PAUSES: Final = tuple(timedelta(seconds=n) for n in (10, 30, 120, 600, 3600, 6 * 3600))


def ends_at(intended_at: datetime) -> datetime:
    """From when on a call made at `intended_at` waits for no report any more."""
    return intended_at + timedelta(hours=settings.REPORT_HOURS)


def next_due(now: datetime, rounds: int, intended_at: datetime) -> datetime:
    """The next instant to ask, after `rounds` questions; never later than the end of the waiting."""
    return min(now + PAUSES[min(rounds, len(PAUSES) - 1)], ends_at(intended_at))


def next_late(now: datetime, intended_at: datetime, *, unanswered: bool) -> datetime | None:
    """When to ask about those whom nobody reported on in time: once a day; None once that, too, is over."""
    due = now + (UNANSWERED_PAUSE if unanswered else timedelta(days=1))
    return due if due <= ends_at(intended_at) + CATCH_UP else None


def expected(provider_ids: Iterable[str], now: datetime) -> dict[str, Any]:
    """The fields of a call whose recipients were accepted with these ids; none if nobody was."""
    ids = list(provider_ids)
    if not ids:
        return {}
    numbers = [int(one) for one in ids if as_id(one)]
    return {
        "report_due_at": now + PAUSES[0],
        "report_rounds": 0,
        "first_provider_id": min(numbers, default=None),
        "last_provider_id": max(numbers, default=None),
    }


def expect_reports_of(call_ids: Iterable[int], now: datetime) -> None:
    """Reports of these calls are waited for, though nobody knows an id: they are found by number."""
    due = Least(Coalesce(F("report_due_at"), Value(now + PAUSES[0])), Value(now + PAUSES[0]))
    GatewayCall.objects.filter(pk__in=list(call_ids)).update(report_due_at=due, report_rounds=0)


def expect_reports(call_id: int, provider_ids: Iterable[str], now: datetime) -> None:
    """The same for recipients that were found accepted later; those of the call's answer stay."""
    fields = expected(provider_ids, now)
    if not fields:
        return
    expect_reports_of([call_id], now)
    least, greatest = fields["first_provider_id"], fields["last_provider_id"]
    if least is not None:
        GatewayCall.objects.filter(pk=call_id).update(
            first_provider_id=Least(F("first_provider_id"), Value(least)),
            last_provider_id=Greatest(F("last_provider_id"), Value(greatest)),
        )
