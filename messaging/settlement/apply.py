"""What the provider said of a call of unknown outcome is written down: one call, one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from audit.actions import record
from common.failpoints import Point, failpoint
from common.sql import execute, fetch
from common.timeouts import REFUSED_PAUSE, REQUEST_TO_RECORD
from gateways.base import Lookup, RecipientOutcome
from gateways.provider_text import are_alike
from messaging.models import Delivery, GatewayCall, Message
from messaging.models.report_schedule import expect_reports
from messaging.settlement.proof import HOPELESS, Obstacle, ProofResult, judge
from messaging.states import DeliveryState

# So often a provider that cannot tell is asked, a day and a half in all; then only by a press.
ROUNDS: Final = 24

# The first key of the advisory lock; the second is the channel.
_SETTLING: Final = 5_774

_FOUND = """
    UPDATE messaging_delivery d
       SET state = 'accepted', provider_id = v.provider_id, provider_status = v.status, reason = '',
           updated_at = %(now)s
      FROM unnest(%(ids)s::bigint[], %(provider_ids)s::text[], %(statuses)s::text[])
           AS v(id, provider_id, status)
     WHERE d.id = v.id AND d.call_id = %(call)s AND d.state = 'unknown'
"""

_ABSENT = """
    UPDATE messaging_delivery
       SET state = 'queued', call_id = NULL, reason = 'retry', not_before = %(now)s, updated_at = %(now)s
     WHERE id = ANY(%(ids)s) AND call_id = %(call)s AND state = 'unknown'
"""

# Other deliveries to the same numbers, by whichever of the customers who share a number: those that hold
# one of the ids, those that may own a record without holding its id, and those whose first copy a person
# did not wait for, which may be there all the same. By the contacts' index, and only for numbers of which
# the provider has a record at all.
_OTHERS = """
    WITH people AS MATERIALIZED (
        SELECT id FROM contacts_contact WHERE address = ANY(%(numbers)s)
        UNION SELECT id FROM contacts_contact WHERE phone = ANY(%(numbers)s)
    ), others AS MATERIALIZED (
        SELECT d.id, d.address, d.provider_id, d.state, d.updated_at, d.message_id
          FROM people JOIN messaging_delivery d ON d.contact_id = people.id
          JOIN messaging_message m ON m.id = d.message_id
         WHERE d.id <> ALL(%(ids)s) AND d.address = ANY(%(numbers)s) AND d.attempts > 0
           AND m.channel_id = %(channel)s)
    SELECT address, provider_id, message_id FROM others
     WHERE provider_id = ANY(%(provider_ids)s)
        OR (provider_id = '' AND updated_at >= %(since)s
            AND state IN
                ('sending', 'unknown', 'accepted', 'delivered', 'undelivered', 'unreported', 'abandoned'))
    UNION ALL
    SELECT o.address, '', o.message_id
      FROM others o
      JOIN messaging_decideddelivery x ON x.delivery_id = o.id
      JOIN messaging_doubtdecision y ON y.id = x.decision_id AND y.choice = 'resend'
      JOIN messaging_gatewaycall k ON k.id = x.call_id AND k.finished_at >= %(since)s
"""


@dataclass
class Settlement:
    """How many deliveries of unknown outcome were found at the provider, proven absent, or stay unknown."""

    found: int = 0
    absent: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What a provider said of some calls, the first of which was made at `since`. `obstacle`: what kept it
    from telling all; `code` its error."""

    since: datetime
    lookup: Lookup | None = None
    obstacle: Obstacle | None = None
    code: str = ""


@dataclass
class _Verdicts:
    present: list[tuple[int, RecipientOutcome]] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    open: int = 0
    obstacle: Obstacle | None = None


def settle_call(call: GatewayCall, word: ProviderAnswer, now: datetime, result: Settlement) -> None:
    """Move the call's recipients as far as the word proves anything, and say when it is asked next."""
    with transaction.atomic():
        # One settlement of a channel at a time, or two would take one record of the provider for theirs.
        execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SETTLING, call.channel_id])
        locked = GatewayCall.objects.select_for_update().get(pk=call.pk)
        if locked.outcome != GatewayCall.Outcome.UNKNOWN:
            return
        waiting = list(
            Delivery.objects.filter(call=call, state=DeliveryState.UNKNOWN).values_list("pk", "address")
        )
        verdicts = _verdicts(call, waiting, word)
        _move(call, verdicts, now)
        if verdicts.open:
            _postpone(locked, verdicts.obstacle, word.code, now)
        else:
            locked.outcome = GatewayCall.Outcome.SETTLED
            locked.save(update_fields=["outcome"])
        if verdicts.present or verdicts.absent:
            data = {
                "found": len(verdicts.present),
                "absent": len(verdicts.absent),
                "waiting": len(waiting),
            }
            record(by=None, action="call.settled", obj=call, data=data, now=now)
        failpoint(Point.SETTLE_WRITTEN)
    failpoint(Point.SETTLE_COMMITTED)
    result.found += len(verdicts.present)
    result.absent += len(verdicts.absent)
    result.unknown += verdicts.open


def _verdicts(call: GatewayCall, waiting: list[tuple[int, str]], word: ProviderAnswer) -> _Verdicts:
    """Each recipient's verdict. Absence is believed only where the same look found nobody of the call:
    what a provider has begun to take, it may not have finished yet."""
    verdicts = _Verdicts(obstacle=word.obstacle)
    lookup = word.lookup
    if lookup is None:
        verdicts.open = len(waiting)
        return verdicts
    complete = lookup.complete and word.obstacle is None
    held, rivals = _others(call, waiting, lookup, word.since)
    for pk, address in waiting:
        verdict, outcome = judge(
            lookup.records_of(address),
            held=held.get(address, ()),
            rivals=rivals.get(address, 0),
            complete=complete,
        )
        if outcome is not None:
            verdicts.present.append((pk, outcome))
        elif verdict is ProofResult.ABSENT:
            verdicts.absent.append(pk)
    if verdicts.present and verdicts.absent:
        verdicts.absent, verdicts.obstacle = [], Obstacle.PARTLY
    verdicts.open = len(waiting) - len(verdicts.present) - len(verdicts.absent)
    verdicts.obstacle = verdicts.obstacle or Obstacle.SHARED
    return verdicts


def _others(
    call: GatewayCall, waiting: list[tuple[int, str]], lookup: Lookup, since: datetime
) -> tuple[dict[str, set[str]], dict[str, int]]:
    """By number: the provider's ids that other deliveries hold, and how many may own one without it.

    Of the whole period that was asked about, which begins before the first of the calls asked about."""
    ours = {address: lookup.records_of(address) for _pk, address in waiting}
    numbers = [address for address, records in ours.items() if records]
    held: dict[str, set[str]] = {}
    rivals: dict[str, int] = {}
    if not numbers:
        return held, rivals
    others = fetch(
        _OTHERS,
        {
            "numbers": numbers,
            "ids": [pk for pk, _address in waiting],
            "channel": call.channel_id,
            "provider_ids": sorted({r.provider_id for n in numbers for r in ours[n] if r.provider_id}),
            "since": since - REQUEST_TO_RECORD,
        },
    )
    alike = _alike(call.message, {message for _address, provider_id, message in others if not provider_id})
    for address, provider_id, message in others:
        if provider_id:
            held.setdefault(address, set()).add(provider_id)
        elif message in alike:
            rivals[address] = rivals.get(address, 0) + 1
    return held, rivals


def _alike(message: Message, others: set[int]) -> set[int]:
    """Those of other messages whose records might be taken for this one's."""
    texts = Message.objects.filter(pk__in=others).values_list("pk", "text")
    return {pk for pk, text in texts if are_alike(message.text, text)}


def _move(call: GatewayCall, verdicts: _Verdicts, now: datetime) -> None:
    execute(
        _FOUND,
        {
            "ids": [pk for pk, _o in verdicts.present],
            "provider_ids": [o.provider_id[:40] for _pk, o in verdicts.present],
            "statuses": [o.status[:60] for _pk, o in verdicts.present],
            "call": call.pk,
            "now": now,
        },
    )
    execute(_ABSENT, {"ids": verdicts.absent, "call": call.pk, "now": now})
    expect_reports(call.pk, [outcome.provider_id for _pk, outcome in verdicts.present], now)


def _postpone(call: GatewayCall, obstacle: Obstacle | None, code: str, now: datetime) -> None:
    """Ask later, after a pause that doubles; no more by itself when nothing else is to be expected.

    A provider that is away has not been asked at all, and one that is just taking the call goes on
    telling: neither counts. One that refuses to be asked counts, so that a person hears of it, and is asked
    all the same: an access is renewed some day.
    """
    quiet = timedelta(seconds=settings.SETTLE_QUIET_SECONDS)
    pause = min(quiet * 2 ** min(call.settle_rounds, 12), timedelta(hours=2))
    if obstacle is Obstacle.UNREACHABLE:
        pause = min(quiet * 2, timedelta(minutes=5))  # it is not its word that is missing
    elif obstacle is Obstacle.PARTLY:
        pause = quiet
    else:
        call.settle_rounds += 1
    call.settle_said = f"{obstacle}:{code}"[:60] if code else str(obstacle or "")
    if obstacle is Obstacle.REFUSED:
        pause = min(pause, REFUSED_PAUSE)
    call.settle_due_at = now + pause
    if obstacle in HOPELESS or (call.settle_rounds >= ROUNDS and obstacle is not Obstacle.REFUSED):
        call.settle_given_up_at, call.settle_due_at = call.settle_given_up_at or now, None
    call.save(update_fields=["settle_rounds", "settle_said", "settle_due_at", "settle_given_up_at"])
