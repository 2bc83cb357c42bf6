"""The policy's set-based twin: the same verdicts as SQL expressions, for a million rows at once.

`messaging.policy` is the oracle; `tests/messaging/evaluation/test_twin.py` holds these expressions to it.
What concerns the whole message (window, outage, approval, pause, expiry) is decided once by the pure
policy (`messaging.evaluation.facts.decide_message`); only what differs between recipients is expressed here.

What a customer refused is judged by the number that a delivery goes to (`restrictions_of`), not by its
customer.
"""

from __future__ import annotations

from common.media import BY_MEDIUM, Medium, Purpose
from messaging.policy.decide import Decision, Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState

# An Iranian mobile among numbers in E.164, for LIKE: `+989` and nine digits.
_MOBILE = "+989_________"

# Refusals of the whole message, by the state that they leave a delivery in.
STATE_OF_REFUSAL = {
    Reason.CANCELLED: DeliveryState.CANCELLED,
    Reason.EXPIRED: DeliveryState.EXPIRED,
    Reason.EXPIRES_FIRST: DeliveryState.EXPIRED,
}


def state_of_refusal(reason: Reason) -> DeliveryState:
    return STATE_OF_REFUSAL.get(reason, DeliveryState.SUPPRESSED)


def address_refusal(medium: Medium, number: str) -> str:
    """SQL for the rule `address`: the reason, or NULL where the number can take the medium.

    `number` is an SQL expression: E.164, or '' for what is no number.
    """
    cases = " ".join(
        f"WHEN {met} THEN '{reason}'" for reason, met in address_refusals(medium, number).items()
    )
    return f"CASE {cases} END"


def address_refusals(medium: Medium, number: str) -> dict[Reason, str]:
    """SQL conditions of the rule's reasons; the first that holds is the reason. A pattern of LIKE, since the
    digits of a number in E.164 are digits: a regular expression took as long as everything else together."""
    found = {Reason.INVALID_ADDRESS: f"{number} = ''"}
    if not BY_MEDIUM[medium].takes_landlines:
        found[Reason.LANDLINE] = f"{number} NOT LIKE '{_MOBILE}'"
    return found


_ANY_SOURCE = (
    "bool_or(x.stops_all) AS stops_all, bool_or(x.stops_promotional) AS stops_promotional,"
    " bool_or(x.holds_promotional) AS holds_promotional FROM contacts_restriction x"
)


def restricted_among(customers: str) -> str:
    """SQL subquery that yields alias `r`: the restricted addresses among those of customers (`customers`
    yields alias `c`), each with `stops_all`, `stops_promotional` and `holds_promotional`."""
    return f"(SELECT x.address, {_ANY_SOURCE} JOIN {customers} ON c.address = x.address GROUP BY x.address) r"


def restrictions_of(address: str) -> str:
    """SQL join that yields alias `r`: the OR over the restrictions of a number (an SQL expression), whoever
    has it (reading 10); `stops_all`, `stops_promotional` and `holds_promotional` are NULL where none are."""
    return f"CROSS JOIN LATERAL (SELECT {_ANY_SOURCE} WHERE x.address = {address}) r"


def restrictions_by_number(address: str) -> str:
    """The same for very many numbers: all restrictions are read once, since a look-up of each of 1,000,000
    numbers makes a plan slower (docs/adr/0009)."""
    return f"LEFT JOIN (SELECT x.address, {_ANY_SOURCE} GROUP BY x.address) r ON r.address = {address}"


def consent_refusal(purpose: str, lifted: str, contact: str | None) -> str:
    """SQL for the rules `no_messages` and `no_promotional`: the reason, or NULL. Expects alias `r`.

    `purpose` and `lifted` are SQL expressions: the message's purpose, and whether an approved
    override lifts (`override_lifts`). A recipient without a customer (`contact`, an id) is refused;
    None where each gets one.
    """
    promotional = f"{purpose} = '{Purpose.PROMOTIONAL}'"
    stranger = f" WHEN {contact} IS NULL THEN '{Reason.FACTS_MISSING}'" if contact else ""
    return (
        f"CASE{stranger}"
        f" WHEN r.stops_all AND NOT ({lifted}) THEN '{Reason.NO_MESSAGES}'"
        f" WHEN r.stops_promotional AND {promotional} THEN '{Reason.NO_PROMOTIONAL}'"
        " END"
    )


def _may_be_emergency(purpose: str) -> str:
    """SQL: an override counts for a message of this purpose (reading 5)."""
    return f"{purpose} <> '{Purpose.PROMOTIONAL}'"


def override_lifts(override: str, purpose: str) -> str:
    """SQL for `MessageFacts.is_lifted` at %(now)s of the message whose hash is %(content_hash)s.

    `override` is the alias of the message's override, from a left join; `purpose` an SQL expression.
    """
    return (
        f"({_may_be_emergency(purpose)} AND coalesce({override}.approved_at <= %(now)s"
        f" AND {override}.expires_at > %(now)s AND {override}.revoked_at IS NULL"
        f" AND {override}.content_hash = %(content_hash)s, FALSE))"
    )


def override_pending(override: str, purpose: str) -> str:
    """SQL for the rule `approval`: an emergency was asked for, and neither approved nor withdrawn (C7.4)."""
    return (
        f"({override}.id IS NOT NULL AND {_may_be_emergency(purpose)}"
        f" AND {override}.approved_at IS NULL AND {override}.revoked_at IS NULL)"
    )


def recipient_hold(purpose: str) -> str:
    """SQL for the rule `voc_call`: the reason that holds this recipient alone, or NULL. Expects alias `r`."""
    promotional = f"{purpose} = '{Purpose.PROMOTIONAL}'"
    return f"CASE WHEN r.holds_promotional AND {promotional} THEN '{Reason.VOC_CALL_OPEN}' END"


# A number with an open opt-out call: rows that wait for its end go on waiting.
IS_HELD = "EXISTS (SELECT FROM contacts_restriction x WHERE x.address = d.address AND x.holds_promotional)"


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
