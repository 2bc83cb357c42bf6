"""The policy's set-based twin: the same verdicts as SQL expressions, for a million rows at once.

`messaging.policy` is the oracle; `tests/messaging/test_twin.py` holds these expressions to it. What
concerns the whole message (window, outage, approval, pause, expiry) is decided once by the pure
policy (`messaging.evaluation.facts.gate`); only what differs between recipients is expressed here.

Every expression expects the contact's row as alias `c` (a left join: no row means unknown).
"""

from __future__ import annotations

from messaging.policy.decide import Decision, Verdict
from messaging.policy.facts import Medium, Purpose
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState

# Refusals of the whole message, by the state that they leave a delivery in.
STATE_OF_REFUSAL = {
    Reason.CANCELLED: DeliveryState.CANCELLED,
    Reason.EXPIRED: DeliveryState.EXPIRED,
}


def state_of_refusal(reason: Reason) -> DeliveryState:
    return STATE_OF_REFUSAL.get(reason, DeliveryState.SUPPRESSED)


def address_refusal(medium: Medium, number: str) -> str:
    """SQL for the rule `address`: the reason, or NULL where the number can take the medium.

    `number` is an SQL expression: E.164, or '' for what is no number.
    """
    mobile = f"{number} ~ '^\\+989[0-9]{{9}}$'"
    valid = mobile if medium is Medium.SMS else f"{number} <> ''"
    return f"CASE WHEN NOT ({valid}) THEN '{Reason.INVALID_ADDRESS}' END"


def consent_refusal(purpose: str, lifted: str, *, newcomers: bool = False) -> str:
    """SQL for the rules `no_messages` and `no_promotional`: the reason, or NULL.

    `purpose` and `lifted` are SQL expressions: the message's purpose, and whether an approved
    override lifts (`override_lifts`). A recipient without a customer's row is refused, unless
    `newcomers` says that it will get one.
    """
    promotional = f"{purpose} = '{Purpose.PROMOTIONAL}'"
    stranger = "" if newcomers else f" WHEN c.id IS NULL THEN '{Reason.FACTS_MISSING}'"
    return (
        f"CASE{stranger}"
        f" WHEN c.no_messages AND NOT ({lifted}) THEN '{Reason.NO_MESSAGES}'"
        f" WHEN c.no_promotional AND {promotional} THEN '{Reason.NO_PROMOTIONAL}'"
        " END"
    )


def shared_refusal(purpose: str, lifted: str) -> str:
    """SQL for the same two rules, of a delivery `d` to a number that is not its customer's own.

    Several customers may have one landline as a second number: the plan went by the strictest of them
    (`messaging.planning`), and whoever refuses later is the strictest then.
    """
    promotional = f"{purpose} = '{Purpose.PROMOTIONAL}'"
    return (
        "CASE WHEN d.address <> c.address THEN (SELECT CASE"
        f" WHEN bool_or(k.no_messages) AND NOT ({lifted})"
        f" THEN '{Reason.NO_MESSAGES}'"
        f" WHEN bool_or(k.no_promotional) AND {promotional} THEN '{Reason.NO_PROMOTIONAL}' END"
        " FROM contacts_contact k WHERE k.phone = d.address) END"
    )


def _is_emergency(override: str, purpose: str) -> str:
    """SQL: the override (an alias, from a left join) counts for a message of this purpose (reading 5)."""
    return f"{override}.id IS NOT NULL AND {purpose} <> '{Purpose.PROMOTIONAL}'"


def override_lifts(override: str, purpose: str) -> str:
    """SQL for `MessageFacts.is_lifted` at %(now)s of the message whose hash is %(content_hash)s.

    `override` is the alias of the message's override, from a left join; `purpose` an SQL expression.
    """
    return (
        f"({_is_emergency(override, purpose)} AND coalesce({override}.approved_at <= %(now)s"
        f" AND {override}.expires_at > %(now)s AND {override}.revoked_at IS NULL"
        f" AND {override}.content_hash = %(content_hash)s, FALSE))"
    )


def override_pending(override: str, purpose: str) -> str:
    """SQL for the rule `approval`: an emergency was asked for, and neither approved nor withdrawn (C7.4)."""
    return (
        f"({_is_emergency(override, purpose)}"
        f" AND {override}.approved_at IS NULL AND {override}.revoked_at IS NULL)"
    )


def recipient_hold(purpose: str) -> str:
    """SQL for the rule `voc_call`: the reason that holds this recipient alone, or NULL."""
    return (
        f"CASE WHEN c.voc_call_open AND {purpose} = '{Purpose.PROMOTIONAL}' THEN '{Reason.VOC_CALL_OPEN}' END"
    )


def message_refusal(decision: Decision) -> str:
    """SQL literal of the reason for which the whole message is refused, or NULL."""
    return f"'{decision.reason}'" if decision.verdict is Verdict.REFUSE else "NULL::text"


def state_case(reason: str) -> str:
    """SQL that maps a refusal's reason (an SQL expression, NULL for none) to the delivery's state."""
    special = " ".join(f"WHEN '{r}' THEN '{state}'" for r, state in STATE_OF_REFUSAL.items())
    return (
        f"CASE WHEN {reason} IS NULL THEN '{DeliveryState.QUEUED}'"
        f" ELSE CASE {reason} {special} ELSE '{DeliveryState.SUPPRESSED}' END END"
    )
