"""A customer refused something: what waits for that customer is stopped in the same transaction.

This is what makes an acknowledged opt-out final (docs/adr/0004). The update waits for a claim that
holds one of the rows, and a claim re-reads a row that this changed. A plan whose snapshot is older
inserts rows that the claim judges by the number's restrictions; and since a claim could still run on a
snapshot from before the commit, the sweep is done once more after it, before anybody is told "done".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q

from contacts.hooks import Effect, Event
from contacts.models import Contact, Number
from messaging.actions.stop_calls import stop_calls_to
from messaging.evaluation.facts import Known
from messaging.evaluation.sql import IS_HELD, consent_refusal, recipient_hold, restrictions_of, state_case
from messaging.models import Delivery, Message
from messaging.policy.facts import Purpose
from messaging.policy.reasons import Reason
from messaging.querysets import DeliveryQuerySet
from messaging.states import DeliveryState

# So long a provider may take with what it accepted, before the outcome is of no interest to a caller.
LONGEST_WAY: Final = timedelta(days=1)

# In the order of their ids: two who share a number may refuse at the same time.
_TIGHTEN = f"""
    WITH waiting AS MATERIALIZED (
        SELECT d.id FROM messaging_delivery d
         WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s) AND d.state = 'queued'
         ORDER BY d.id FOR UPDATE
    ), judged AS MATERIALIZED (
        SELECT d.id, {consent_refusal("m.purpose", "m.id = ANY(%(lifted)s)", "d.contact_id")} AS refusal,
               {recipient_hold("m.purpose")} AS hold
          FROM waiting JOIN messaging_delivery d ON d.id = waiting.id
          JOIN messaging_message m ON m.id = d.message_id
         {restrictions_of("d.address")})
    UPDATE messaging_delivery d
       SET state = {state_case("j.refusal")}, reason = coalesce(j.refusal, j.hold),
           not_before = NULL, updated_at = %(now)s
      FROM judged j
     WHERE d.id = j.id AND d.state = 'queued'
       AND (j.refusal IS NOT NULL OR (j.hold IS NOT NULL AND d.reason <> j.hold))
"""

_LOOSEN = f"""
    UPDATE messaging_delivery d SET reason = '', not_before = %(now)s, updated_at = %(now)s
     WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s)
       AND d.state = 'queued' AND d.reason = '{Reason.VOC_CALL_OPEN}' AND NOT {IS_HELD}
"""


def _lifted_messages(theirs: DeliveryQuerySet, now: datetime) -> list[int]:
    """Messages waiting for the customer that an approved override covers now."""
    waiting = theirs.filter(state=DeliveryState.QUEUED).values("message_id")
    messages = list(Message.objects.filter(pk__in=waiting, override__isnull=False).select_related("channel"))
    facts = Known.of(messages)
    return [message.pk for message in messages if facts.message(message).is_lifted(now)]


def _may_still_arrive(now: datetime) -> Q:
    """What nobody can call back: under way, in doubt, or taken by the provider and not reported yet. A
    voice message may wait there for a day."""
    taken = Q(state=DeliveryState.ACCEPTED, updated_at__gt=now - LONGEST_WAY)
    return taken | Q(state__in=[DeliveryState.SENDING, DeliveryState.UNKNOWN])


def consent_changed(event: Event, contact_id: int, now: datetime) -> Effect:
    """The hook of `contacts.hooks`: stops or releases what waits for any number of one customer.

    A delivery to such a number names a customer who has or had it: theirs are looked at, so that no index
    of waiting addresses is needed. `stopped` counts deliveries that will not go (or, for an open call,
    wait); `in_flight` those already handed to the provider that may still arrive.
    """
    numbers = list(Number.objects.filter(contact_id=contact_id).values_list("number", flat=True))
    people = list(Number.objects.filter(number__in=numbers).values_list("contact_id", flat=True).distinct())
    params: dict[str, Any] = {"people": people, "numbers": numbers, "now": now}
    if event is Event.LOOSENED:
        with connection.cursor() as cursor:
            cursor.execute(_LOOSEN, params)
        return Effect(stopped=0, in_flight=0)
    theirs = Delivery.objects.filter(contact_id__in=people, address__in=numbers)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TIGHTEN, {**params, "lifted": _lifted_messages(theirs, now)})
        stopped = cursor.rowcount
    gone = theirs.filter(_may_still_arrive(now))
    if Contact.objects.only("no_messages").get(pk=contact_id).no_messages:
        stop_calls_to([contact_id], now=now)
    else:
        gone = gone.filter(message__purpose=Purpose.PROMOTIONAL)  # of the rest nothing was refused
    return Effect(stopped=stopped, in_flight=gone.count())
