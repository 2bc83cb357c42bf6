"""A customer refused something: what waits for that customer is stopped in the same transaction.

This is what makes an acknowledged opt-out final (docs/adr/0004). The update waits for a claim that
holds one of the rows, and a claim re-reads a row that this changed. A plan whose snapshot is older
inserts rows that the claim judges by the number's restrictions; and since a claim could still run on a
snapshot from before the commit, the sweep is done once more after it, before anybody is told "done".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from common.sql import execute, fetch
from contacts.hooks import Event, RefusalForecast, StoppedDeliveries
from messaging.actions.stop_calls import stop_calls_to
from messaging.evaluation.facts import FactsSnapshot
from messaging.evaluation.sql import IS_HELD, consent_refusal, recipient_hold, restrictions_of, state_case
from messaging.models import Message
from messaging.policy.reasons import Reason

# What was accepted longer ago has been delivered or dropped: a caller need not hear of it.
STILL_ARRIVES: Final = timedelta(days=1)

# In the order of their ids: two who share a number may refuse at the same time.
_TIGHTEN = f"""
    WITH waiting AS MATERIALIZED (
        SELECT d.id FROM messaging_delivery d
         WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s) AND d.state = 'queued'
         ORDER BY d.id FOR UPDATE
    ), judged AS MATERIALIZED (
        SELECT d.id, {consent_refusal("m.purpose", "m.id = ANY(%(lifted)s)", None)} AS refusal,
               {recipient_hold("m.purpose")} AS hold
          FROM waiting JOIN messaging_delivery d ON d.id = waiting.id
          JOIN messaging_message m ON m.id = d.message_id
         {restrictions_of("d.address")})
    UPDATE messaging_delivery d
       SET state = {state_case("j.refusal")}, reason = coalesce(j.refusal, j.hold),
           not_before = NULL, updated_at = %(now)s
      FROM judged j
     WHERE d.id = j.id AND d.state = 'queued'
       AND (j.refusal IS NOT NULL OR d.reason <> j.hold)
"""

_LOOSEN = f"""
    UPDATE messaging_delivery d SET reason = '', not_before = %(now)s, updated_at = %(now)s
     WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s)
       AND d.state = 'queued' AND d.reason = '{Reason.VOC_CALL_OPEN}' AND NOT {IS_HELD}
"""


# Everybody who has or had one of the customers' numbers, and what they refused.
_SHARERS = """
    SELECT theirs.contact_id, theirs.number, c.no_messages
      FROM contacts_number own
      JOIN contacts_number theirs ON theirs.number = own.number
      JOIN contacts_contact c ON c.id = theirs.contact_id
     WHERE own.contact_id = ANY(%s)
"""

# Messages with an override, whatever became of it, that wait for these people.
_OVERRIDDEN = """
    SELECT DISTINCT o.message_id
      FROM messaging_delivery d JOIN messaging_override o ON o.message_id = d.message_id
     WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s) AND d.state = 'queued'
"""

# What waits for these people, and what nobody can call back, promotional or not, by the customer asked for.
_FORECAST = """
    WITH asked AS MATERIALIZED (
        SELECT own.contact_id AS asked, theirs.contact_id, theirs.number
          FROM contacts_number own JOIN contacts_number theirs ON theirs.number = own.number
         WHERE own.contact_id = ANY(%(asked)s))
    SELECT a.asked, m.purpose = 'promotional',
           count(*) FILTER (WHERE d.state = 'queued' AND NOT (
               m.purpose <> 'promotional' AND m.id = ANY(%(lifted)s))),
           count(*) FILTER (WHERE d.state IN ('sending', 'unknown')
                               OR (d.state = 'accepted' AND d.updated_at > %(since)s))
      FROM asked a JOIN messaging_delivery d ON d.contact_id = a.contact_id AND d.address = a.number
      JOIN messaging_message m ON m.id = d.message_id
     WHERE d.state IN ('queued', 'sending', 'unknown', 'accepted')
     GROUP BY 1, 2
"""

# What nobody can call back: under way, unknown, or taken by the provider and not reported yet. A voice
# message may wait there for a day.
_MAY_STILL_ARRIVE = """
    SELECT count(*)
      FROM messaging_delivery d JOIN messaging_message m ON m.id = d.message_id
     WHERE d.contact_id = ANY(%(people)s) AND d.address = ANY(%(numbers)s)
       AND (d.state IN ('sending', 'unknown') OR (d.state = 'accepted' AND d.updated_at > %(since)s))
       AND (%(refused_all)s OR m.purpose = 'promotional')
"""


def _lifted_messages(messages: list[int], now: datetime) -> list[int]:
    if not messages:
        return []
    found = list(Message.objects.filter(pk__in=messages).select_related("channel"))
    facts = FactsSnapshot.load(found)
    return [message.pk for message in found if facts.message(message).is_lifted(now)]


def forecast(contact_ids: Sequence[int], now: datetime) -> dict[int, RefusalForecast]:
    """The forecast of `contacts.hooks`: what `consent_changed` would stop for each of these customers."""
    asked = list(contact_ids)
    sharers = fetch(_SHARERS, [asked])
    params: dict[str, Any] = {
        "asked": asked,
        "people": sorted({pk for pk, _number, _refused in sharers}),
        "numbers": sorted({number for _pk, number, _refused in sharers}),
        "since": now - STILL_ARRIVES,
    }
    lifted = _lifted_messages([message for (message,) in fetch(_OVERRIDDEN, params)], now)
    found: dict[int, RefusalForecast] = defaultdict(RefusalForecast)
    for contact_id, is_promotional, waiting, in_flight in fetch(_FORECAST, {**params, "lifted": lifted}):
        count = StoppedDeliveries(waiting, in_flight)
        found[contact_id] += RefusalForecast(count if is_promotional else StoppedDeliveries(), count)
    return dict(found)


def consent_changed(event: Event, contact_id: int, now: datetime) -> StoppedDeliveries:
    """The hook of `contacts.hooks`: stops or releases what waits for any number of one customer.

    A delivery to such a number names a customer who has or had it: theirs are looked at, so that no index
    of waiting addresses is needed. `stopped` counts deliveries that will not go (or, for an open call,
    wait); `in_flight` those already handed to the provider that may still arrive.
    """
    with transaction.atomic(savepoint=False):
        sharers = fetch(_SHARERS, [[contact_id]])
        params: dict[str, Any] = {
            "people": sorted({pk for pk, _number, _refused in sharers}),
            "numbers": sorted({number for _pk, number, _refused in sharers}),
            "now": now,
        }
        if event is Event.LOOSENED:
            execute(_LOOSEN, params)
            return StoppedDeliveries(stopped=0, in_flight=0)
        lifted = _lifted_messages([message for (message,) in fetch(_OVERRIDDEN, params)], now)
        stopped = execute(_TIGHTEN, {**params, "lifted": lifted})
    refused_all = any(pk == contact_id and refused for pk, _number, refused in sharers)
    if refused_all:
        stop_calls_to([contact_id], now=now)
    # Of the rest nothing was refused.
    lately = {"since": now - STILL_ARRIVES, "refused_all": refused_all}
    [(in_flight,)] = fetch(_MAY_STILL_ARRIVE, {**params, **lately})
    return StoppedDeliveries(stopped=stopped, in_flight=in_flight)
