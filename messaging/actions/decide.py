"""People decide about unknown outcomes that the machine cannot settle; and ask the provider again.

A decision is one statement however many it is about, and moves only what is still unknown in the calls
that the press was shown: what was settled meanwhile, by the provider's word or by a colleague, is left
alone, and what became unknown later waits for a press of its own.

`abandoned` is final. An answer that comes after all is kept on the call, and changes no delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from channels.actions import REASON_MAX_LENGTH
from common.sql import execute, fetch
from messaging.actions.wake import wake_settlement, wake_worker
from messaging.models import DoubtDecision, GatewayCall, Message
from messaging.models.report_schedule import expect_reports_of
from messaging.states import DeliveryState, MessageStatus
from staff.models import User

Choice = DoubtDecision.Choice

_NEW_STATE = {
    Choice.RESEND: DeliveryState.QUEUED,
    Choice.ABANDON: DeliveryState.ABANDONED,
    Choice.SENT: DeliveryState.ACCEPTED,
}

# A recipient who waits again is judged again by the claim: refusals, hours, expiry.
_DECIDE = """
    WITH unsettled AS MATERIALIZED (
        SELECT id, call_id FROM messaging_delivery
         WHERE call_id = ANY(%(calls)s) AND state = 'unknown'
           AND (%(delivery)s::bigint IS NULL OR id = %(delivery)s)
           FOR UPDATE
    ), moved AS (
        UPDATE messaging_delivery d
           SET state = %(state)s, updated_at = %(now)s,
               reason = CASE WHEN %(resend)s THEN 'retry' ELSE '' END,
               not_before = CASE WHEN %(resend)s THEN %(now)s ELSE d.not_before END,
               call_id = CASE WHEN %(resend)s THEN NULL ELSE d.call_id END
          FROM unsettled WHERE d.id = unsettled.id
        RETURNING d.id
    )
    INSERT INTO messaging_decideddelivery (decision_id, delivery_id, call_id)
    SELECT %(decision)s, unsettled.id, unsettled.call_id FROM unsettled JOIN moved USING (id)
"""

_NEXT_ID = "SELECT nextval(pg_get_serial_sequence('messaging_doubtdecision', 'id'))"

_CLOSE = """
    UPDATE messaging_gatewaycall k SET outcome = 'settled'
     WHERE k.id = ANY(%(calls)s) AND k.outcome = 'unknown'
       AND NOT EXISTS (SELECT FROM messaging_delivery d WHERE d.call_id = k.id AND d.state = 'unknown')
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a press was shown: how many people, and the instant at which the last of their calls became
    unknown. `delivery` is its id where the press is about one of them alone."""

    people: int
    until: datetime
    delivery: int | None = None


def _check(message: Message, by: User) -> None:
    may = by.may("messaging.settle_doubt")
    if not may or not Message.objects.visible_to(by).filter(pk=message.pk).exists():
        raise PermissionDenied(
            _("%(user)s may not decide about recipients of this message.") % {"user": by.username}
        )


def decide_outcome(
    *, message: Message, choice: DoubtDecision.Choice, shown: Shown, by: User, reason: str, now: datetime
) -> int:
    """Decide about the people whom the press was shown; how many of them were still unknown.

    Raises `ValidationError` without a reason, and for sending again a message that has ended.
    """
    _check(message, by)
    reason = reason.strip()[:REASON_MAX_LENGTH]
    if not reason:
        raise ValidationError(_("Give the reason."))
    if shown.people < 1:
        raise ValidationError(_("No outcome of this message is unknown."))
    with transaction.atomic():
        # No lock: a row queued while the message is being cancelled is swept with the others.
        message.refresh_from_db(fields=["status"])
        if choice == Choice.RESEND and message.status in (MessageStatus.CANCELLED, MessageStatus.FINISHED):
            raise ValidationError(_("The message has ended: it is not sent to anybody any more."))
        people = _move(message, choice, shown, by=by, reason=reason, now=now)
        wake_worker(message.channel.code)
        return people


def _locked_calls(message: Message, shown: Shown) -> list[int]:
    """The calls' rows first, always: recording and settling take the same order."""
    calls = GatewayCall.objects.filter(
        message=message, outcome=GatewayCall.Outcome.UNKNOWN, finished_at__lte=shown.until
    )
    if shown.delivery is not None:
        calls = calls.filter(deliveries=shown.delivery)
    return list(calls.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _move(message: Message, choice: str, shown: Shown, *, by: User, reason: str, now: datetime) -> int:
    ids = _locked_calls(message, shown)
    [(decision_id,)] = fetch(_NEXT_ID)
    people = execute(
        _DECIDE,
        {
            "calls": ids,
            "delivery": shown.delivery,
            "state": _NEW_STATE[DoubtDecision.Choice(choice)],
            "resend": choice == Choice.RESEND,
            "decision": decision_id,
            "now": now,
        },
    )
    if not people:
        return 0
    execute(_CLOSE, {"calls": ids})
    if choice == Choice.SENT:
        expect_reports_of(ids, now)
    DoubtDecision.objects.create(
        pk=decision_id,
        message=message,
        at=now,
        by=by,
        choice=choice,
        reason=reason,
        seen=max(shown.people, people),
        people=people,
    )
    data = {"choice": str(choice), "reason": reason, "recipients": people}
    record(by=by, action="message.doubt_decided", obj=message, data=data, now=now)
    return people


def ask_again(*, message: Message, by: User, now: datetime) -> int:
    """Let the provider be asked at the next round about every call of the message that is unknown, as if
    for the first time; how many calls."""
    _check(message, by)
    with transaction.atomic():
        calls = GatewayCall.objects.filter(message=message, outcome=GatewayCall.Outcome.UNKNOWN).update(
            settle_due_at=now, settle_rounds=0, settle_given_up_at=None
        )
        if calls:
            record(by=by, action="message.doubt_asked", obj=message, data={"calls": calls}, now=now)
            wake_settlement(message.channel.code)
    return calls
