"""A day of the provider's own list is held against the portal's ledger (C0, C7.7).

What went past the portal, or outside the hours, becomes a breach. A day is compared whole or not at all:
if the provider falls silent in the middle, nothing is recorded but the failed try, and the day is due again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.actions import record
from channels.models import Channel
from channels.past_hours import hours_since
from common.media import Purpose
from common.sql import execute, fetch
from common.timeouts import CATCH_UP
from gateways.base import GatewayError, NotSent, Trouble
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.models import Comparison
from messaging.reconciliation.findings import COUNTED, record_findings
from messaging.reconciliation.since import compared_since
from messaging.reconciliation.tables import DayTables
from persian.jalali import numeric_date, tehran_date

logger = logging.getLogger(__name__)

# The first key of the advisory lock; the second is the channel.
_COMPARING: Final = 5_775


# A try to compare a day, and why it failed, if it did.
_Try = tuple[Comparison, Exception | None]


def compare_day(
    channel: Channel, client: GatewayClient, day: date, *, by: Any, clock: Clock
) -> Comparison | None:
    """Compare one whole day in Tehran; None while another comparison of the channel is under way.

    A failure of the provider is told in the comparison's `error`. Raises ValidationError for a provider
    without a list, and for a day that is not over or lies before the portal was in use.
    """
    if not client.gateway.can_list:
        raise ValidationError(_("This provider offers no list of what it sent; it cannot be compared."))
    if day >= tehran_date(clock()):
        raise ValidationError(_("Only a day that is over can be compared."))
    since = compared_since(channel)
    if since is None:
        raise ValidationError(_("Nothing was sent through the portal so far; no day can be compared."))
    if day < since:
        raise ValidationError(
            _("Days before %(since)s are not compared: that was before the portal was in use."),
            params={"since": numeric_date(since, get_language() or "")},
        )
    tried = _try_day(channel, client, day, by=by, clock=clock)
    if tried is None:
        return None
    comparison, failure = tried
    if failure is not None and not isinstance(failure, GatewayError):
        raise failure
    return comparison


def _try_day(channel: Channel, client: GatewayClient, day: date, *, by: Any, clock: Clock) -> _Try | None:
    """Compare a day; whatever fails is recorded on its comparison. None: the channel is taken."""
    with _alone(channel) as is_alone:
        if not is_alone:
            return None
        comparison = _begin(channel, day, clock())
        tables = DayTables(channel.pk, day)
        try:
            _compare(comparison, tables, client, by=by, clock=clock)
        except GatewayError as failure:
            logger.warning("a day could not be compared", extra={"day": str(day), "code": failure.code})
            _fail(comparison, failure.code, by=by, now=clock())
            return comparison, failure
        except Exception as error:
            logger.exception("a comparison failed", extra={"day": str(day)})
            _fail(comparison, type(error).__name__, by=by, now=clock())
            return comparison, error
        finally:
            tables.drop()
    return comparison, None


def days_due(channel: Channel, now: datetime) -> list[date]:
    """The days of the last week without a completed comparison, and those of which the provider had not
    sent everything when they were compared; none before the portal was in use, the oldest first.

    Those that failed when they were last tried come last: a day on which the provider never answers
    must not hold up the others for a week.
    """
    today = tehran_date(now)
    since = today - timedelta(days=CATCH_UP.days)
    newest = Comparison.objects.newest(channel, since)
    days = [since + timedelta(days=ahead) for ahead in range(CATCH_UP.days)]
    first = compared_since(channel)
    days = [day for day in days if first is not None and day >= first]
    due = [day for day in days if _is_due(newest.get(day), now)]
    return sorted(due, key=lambda day: day in newest and newest[day].state == Comparison.State.FAILED)


def _is_due(comparison: Comparison | None, now: datetime) -> bool:
    """While the provider holds messages back, the day is looked at once more a night, for their delay."""
    if comparison is None or comparison.state != Comparison.State.COMPLETED:
        return True
    return comparison.unsent > 0 and comparison.started_at < now - timedelta(hours=20)


def compare_due(channel: Channel, client: GatewayClient, *, clock: Clock) -> list[Comparison]:
    """Compare every day that is due. Whatever is wrong with one day alone holds up no other; a provider
    that cannot be asked at all is left alone until the next round."""
    done: list[Comparison] = []
    if not client.gateway.can_list:
        return done
    for day in days_due(channel, clock()):
        tried = _try_day(channel, client, day, by=None, clock=clock)
        if tried is None:
            break
        comparison, failure = tried
        done.append(comparison)
        if isinstance(failure, GatewayError) and _is_of_every_day(failure):
            break
    return done


def _is_of_every_day(failure: GatewayError) -> bool:
    """Whether the provider cannot be reached, or refuses, whichever day it is asked for."""
    is_down = isinstance(failure, NotSent) and failure.trouble is Trouble.PROVIDER
    return is_down or failure.trouble in {Trouble.NETWORK, Trouble.ACCOUNT}


@contextmanager
def _alone(channel: Channel) -> Iterator[bool]:
    """One comparison of a channel at a time; the lock goes with the connection if a worker dies."""
    [(is_alone,)] = fetch("SELECT pg_try_advisory_lock(%s, %s)", [_COMPARING, channel.pk])
    try:
        yield is_alone
    finally:
        if is_alone:
            execute("SELECT pg_advisory_unlock(%s, %s)", [_COMPARING, channel.pk])


@transaction.atomic
def _begin(channel: Channel, day: date, now: datetime) -> Comparison:
    """A new try. Whatever still says that it is under way died: the lock is ours."""
    Comparison.objects.filter(channel=channel, state=Comparison.State.RUNNING).update(
        state=Comparison.State.FAILED, finished_at=now, error="interrupted"
    )
    return Comparison.objects.create(channel=channel, day=day, started_at=now)


def _compare(
    comparison: Comparison, tables: DayTables, client: GatewayClient, *, by: Any, clock: Clock
) -> None:
    tables.open()
    readable = 0
    for part in client.list_messages(tables.start, tables.end):
        tables.load(part.messages)
        readable += len(part.messages)
        comparison.unreadable += part.unreadable
    if comparison.unreadable and not readable:
        raise GatewayError("answer_not_understood")
    with transaction.atomic():
        tables.match(
            hours_since(comparison.channel, Purpose.PROMOTIONAL, tables.start - timedelta(minutes=1))
        )
        now = clock()
        _complete(comparison, record_findings(comparison, now), by=by, now=now)


def _complete(comparison: Comparison, found: dict[str, int], *, by: Any, now: datetime) -> None:
    for name in COUNTED:
        setattr(comparison, name, found[name])
    comparison.state, comparison.finished_at = Comparison.State.COMPLETED, now
    comparison.save(update_fields=[*COUNTED, "unreadable", "state", "finished_at"])
    data = {"channel": comparison.channel.code, "day": str(comparison.day), **found}
    record(by=by, action="sends.compared", obj=comparison, data=data, now=now)


@transaction.atomic
def _fail(comparison: Comparison, code: str, *, by: Any, now: datetime) -> None:
    comparison.state, comparison.finished_at, comparison.error = Comparison.State.FAILED, now, code[:60]
    comparison.save(update_fields=["unreadable", "state", "finished_at", "error"])
    data = {"channel": comparison.channel.code, "day": str(comparison.day), "code": comparison.error}
    record(by=by, action="sends.not_compared", obj=comparison, data=data, now=now)
