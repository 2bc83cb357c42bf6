"""The claim: a batch of a message's waiting recipients is taken for one request, in one statement.

1. Read the message and the instant's facts: running, not stopped, no outage, not expired. Its row is
   locked against a stop, which waits for this claim.
2. Lock the due rows behind `after`, in the queue's order; skip what another worker or an opt-out holds.
3. Judge each by the consent of its number now. A refused row is suppressed, a held one waits.
4. Write the request's record, and move the rows that are left to `sending`.

The `LIMIT` sits in a materialized CTE: under a nested loop a plain sub-select could claim more (ADR 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from common.failpoints import Point, failpoint
from common.sql import fetch
from messaging.evaluation.facts import answer_within, content_hash
from messaging.evaluation.sql import (
    consent_refusal,
    override_lifts,
    override_pending,
    recipient_hold,
    restrictions_of,
    state_case,
)
from messaging.models import Message
from messaging.states import DeliveryState

_CLAIM = f"""
WITH gate AS MATERIALIZED (
    SELECT m.id, m.channel_id, m.purpose,
           {override_lifts("o", "m.purpose")} AS lifted
      FROM messaging_message m
      LEFT JOIN messaging_override o ON o.message_id = m.id
     WHERE m.id = %(message)s AND m.status = 'running'
       AND (m.scheduled_at IS NULL OR m.scheduled_at <= %(now)s)
       AND (m.expires_at IS NULL OR m.expires_at > %(now)s)
       AND (%(closes_at)s::timestamptz IS NULL OR %(now)s < %(closes_at)s)
       AND NOT {override_pending("o", "m.purpose")}
       AND NOT EXISTS (SELECT FROM messaging_messagestop s
                        WHERE s.message_id = m.id AND s.lifted_at IS NULL)
       AND NOT EXISTS (SELECT FROM channels_outage x
                        WHERE x.channel_id = m.channel_id AND x.ended_at IS NULL
                          AND x.id IS DISTINCT FROM %(on_trial)s)
       FOR SHARE OF m
), due AS MATERIALIZED (
    SELECT d.id FROM messaging_delivery d
     WHERE d.message_id = %(message)s AND d.state = 'queued' AND d.not_before <= %(now)s
       AND (d.not_before, d.id) > (%(after_at)s::timestamptz, %(after_id)s)
       AND EXISTS (SELECT FROM gate)
     ORDER BY d.not_before, d.id
     LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT d.id, {consent_refusal("gate.purpose", "gate.lifted", "d.contact_id")} AS refusal,
           {recipient_hold("gate.purpose")} AS hold, d.not_before
      FROM due JOIN messaging_delivery d ON d.id = due.id
     CROSS JOIN gate
     {restrictions_of("d.address")}
), call AS (
    INSERT INTO messaging_gatewaycall (channel_id, message_id, worker, intended_at, write_deadline,
           doubtful_at, outcome, size, campaign_id, error, answer)
    SELECT gate.channel_id, gate.id, %(worker)s, %(now)s, %(write_deadline)s, %(doubtful_at)s,
           'pending', fit.n, '', '', ''
      FROM gate, (SELECT count(*) AS n FROM judged WHERE refusal IS NULL AND hold IS NULL) fit
     WHERE fit.n > 0
    RETURNING id
)
UPDATE messaging_delivery d
   SET state = CASE WHEN j.refusal IS NULL AND j.hold IS NULL THEN 'sending'
                    ELSE {state_case("j.refusal")} END,
       reason = coalesce(j.refusal, j.hold, ''),
       not_before = CASE WHEN j.refusal IS NULL AND j.hold IS NULL THEN d.not_before END,
       call_id = CASE WHEN j.refusal IS NULL AND j.hold IS NULL THEN (SELECT id FROM call) END,
       attempts = d.attempts + CASE WHEN j.refusal IS NULL AND j.hold IS NULL THEN 1 ELSE 0 END,
       updated_at = %(now)s
  FROM judged j
 WHERE d.id = j.id
RETURNING d.id, d.address, d.state, d.call_id, j.not_before
"""

# The position of a claim in a message's queue: `not_before` and id of its last row.
Cursor = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Claim:
    """One request to make: `recipients` are (delivery id, E.164 number).

    `write_deadline` is the last instant (database clock) at which the request may begin to be
    written; `turned_away` counts rows that the fresh facts refused or held instead; `cursor` is the
    position of the last row that was judged.
    """

    call_id: int
    recipients: Sequence[tuple[int, str]]
    claimed_at: datetime
    write_deadline: datetime
    turned_away: int
    cursor: Cursor

    @property
    def touched(self) -> int:
        return len(self.recipients) + self.turned_away


def gateway_timeout() -> timedelta:
    """The wait for a provider's answer, in which it may still accept what was written."""
    return timedelta(seconds=settings.GATEWAY_TIMEOUT_SECONDS)


def deadlines(now: datetime, closes_at: datetime | None) -> tuple[datetime, datetime]:
    """(write before, unknown after) of a request claimed at `now`.

    The write must begin while the answer can still come inside the lease, and before the message's
    permission ends: a slow provider must not accept after the close what was written before it. An outcome
    is unknown once the lease is over, and never while the answer may still come.
    """
    lease = timedelta(seconds=settings.SEND_LEASE_SECONDS)
    write_before = now + max(lease - gateway_timeout() - timedelta(seconds=2), timedelta(seconds=1))
    if closes_at is not None:
        write_before = min(write_before, closes_at - gateway_timeout())
    return write_before, max(now + lease, write_before + gateway_timeout() + timedelta(seconds=2))


def claim(
    message: Message,
    *,
    limit: int,
    closes_at: datetime | None,
    worker: str,
    now: datetime,
    on_trial: int | None = None,
    after: Cursor | None = None,
) -> Claim | None:
    """Claim up to `limit` due rows of a message by the four steps above; None if there is none.

    `closes_at` is the end of the policy's permission (window, expiry, override): nothing is claimed whose
    answer could come after it. `on_trial`: ignore this open outage (used by the recovery probe). `after` is
    the cursor of an earlier claim and spares a walk over the index entries of everything sent since the last
    vacuum. It is a hint: rows that came back may lie before it, so a caller who finds none starts again.
    """
    last_instant = closes_at - answer_within() if closes_at is not None else None
    write_deadline, doubtful_at = deadlines(now, closes_at)
    failpoint(Point.CLAIM_BEFORE)
    params: dict[str, Any] = {
        "message": message.pk,
        "limit": limit,
        "now": now,
        "after_at": after[0] if after else "-infinity",
        "after_id": after[1] if after else 0,
        "closes_at": last_instant,
        "content_hash": content_hash(message),
        "worker": worker,
        "on_trial": on_trial,
        "write_deadline": write_deadline,
        "doubtful_at": doubtful_at,
    }
    with transaction.atomic():
        rows = fetch(_CLAIM, params)
        failpoint(Point.CLAIM_WRITTEN)
    failpoint(Point.CLAIM_COMMITTED)
    return _read(rows, now, write_deadline) if rows else None


def _read(rows: Sequence[tuple[Any, ...]], now: datetime, write_deadline: datetime) -> Claim:
    """The claim from the rows that its statement moved."""
    recipients = [(pk, address) for pk, address, state, *_rest in rows if state == DeliveryState.SENDING]
    call_id = next((call for *_rest, call, _at in rows if call is not None), 0)
    return Claim(
        call_id,
        recipients,
        now,
        write_deadline,
        turned_away=len(rows) - len(recipients),
        cursor=max((not_before, pk) for pk, *_rest, not_before in rows),
    )
