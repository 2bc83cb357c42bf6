"""Who gets a message and who does not: one `SELECT` for the preview, the same as `INSERT … SELECT`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from common.sql import execute, fetch
from messaging.evaluation.facts import MessageDecision
from messaging.evaluation.sql import (
    address_refusal,
    address_refusals,
    consent_refusal,
    message_refusal,
    recipient_hold,
    restricted_among,
    restrictions_by_number,
    state_case,
    state_of_refusal,
)
from messaging.policy.decide import Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState


@dataclass(frozen=True, slots=True)
class Source:
    """The recipients as SQL: `from_sql` yields alias `c` (the customer); the three expressions are
    the address as it is written down, the E.164 number in it ('' if there is none), and whether the
    row repeats an earlier one. `params` belong to `from_sql`. With `newcomers`, a number without a
    customer is one that submission will make a customer of. `of_customers`: each row is a customer at the
    customer's own address, which nobody else has."""

    from_sql: str
    address: str
    number: str
    duplicate: str
    params: Mapping[str, Any] = field(default_factory=dict)
    newcomers: bool = False
    of_customers: bool = False


def _customers(from_sql: str, params: Mapping[str, Any] | None = None) -> Source:
    return Source(from_sql, "c.address", "c.address", "FALSE", params or {}, of_customers=True)


EVERYBODY = _customers("contacts_contact c")


def tagged(tag: str) -> Source:
    return _customers(
        "(SELECT * FROM contacts_contact WHERE contacts_tag_keys(tags) @> ARRAY[contacts_key(%(tag)s)]) c",
        {"tag": tag},
    )


def of_import(import_id: int) -> Source:
    return _customers(
        """(SELECT k.* FROM contacts_importedcustomers i CROSS JOIN LATERAL unnest(i.contact_ids) u(id)
              JOIN contacts_contact k ON k.id = u.id WHERE i.imported_id = %(imported)s) c""",
        {"imported": import_id},
    )


# A number's customer: who is reached at it, else who has it now, else who gave it once; the oldest of them.
# What they refused is not asked here: a refusal is the number's own.
_CONTACT_OF = """
    SELECT k.id FROM contacts_number n JOIN contacts_contact k ON k.id = n.contact_id
     WHERE n.number = {address}
     ORDER BY (k.address = n.number) DESC, (n.until IS NULL) DESC, k.id
     LIMIT 1
"""


def _of_lines(lines: str, params: Mapping[str, Any], *, newcomers: bool = False) -> Source:
    """Recipients from lines of a file: `lines` yields (line, raw, address), address '' if invalid."""
    return Source(
        f"""(SELECT l.*, coalesce(nullif(l.address, ''), l.raw) AS recipient,
                    row_number() OVER (PARTITION BY coalesce(nullif(l.address, ''), l.raw)
                                       ORDER BY l.line) AS nth
               FROM ({lines}) l) a
            LEFT JOIN LATERAL ({_CONTACT_OF.format(address="a.address")}) c ON TRUE""",
        "a.recipient",
        "a.address",
        "a.nth > 1",
        params,
        newcomers,
    )


def of_message_file(message_id: int) -> Source:
    return _of_lines(
        "SELECT line, raw, address FROM messaging_audiencemember WHERE message_id = %(file_of)s",
        {"file_of": message_id},
    )


def of_given_lines(raws: list[str], addresses: list[str]) -> Source:
    """The lines of a file that is only looked at: raw texts and their E.164 numbers ('' if invalid).

    A number that nobody has yet counts as a new customer, as it will be one at submission.
    """
    return _of_lines(
        "SELECT * FROM unnest(%(raws)s::text[], %(addresses)s::text[])"
        " WITH ORDINALITY AS u(raw, address, line)",
        {"raws": raws, "addresses": addresses},
        newcomers=True,
    )


def _verdict(source: Source, message_decision: MessageDecision) -> str:
    """SQL: (contact_id, address, refusal, hold) of every recipient."""
    message = message_decision.facts.message
    lifted = "TRUE" if message.is_lifted(message_decision.facts.now) else "FALSE"
    purpose = f"'{message.purpose}'"
    refusal = ", ".join(
        (
            f"CASE WHEN {source.duplicate} THEN '{Reason.DUPLICATE}' END",
            address_refusal(message.medium, source.number),
            message_refusal(message_decision.decision),
            consent_refusal(purpose, lifted, None if source.newcomers else "c.id"),
        )
    )
    return (
        f"SELECT c.id AS contact_id, {source.address} AS address,"
        f" coalesce({refusal}) AS refusal, {recipient_hold(purpose)} AS hold"
        f" FROM {source.from_sql} {restrictions_by_number(source.number)}"
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """How many recipients, by state, and by the reason of those who do not get it now.

    `held_by` and `held_until` are the whole message's hold: the waiting ones that no reason of
    their own keeps back go then.
    """

    total: int
    by_state: dict[str, int]
    by_reason: dict[str, int]
    held_by: str = ""
    held_until: datetime | None = None
    # Customers who stand in a file with several numbers, and get the message at each; of a look ahead alone.
    at_several: int = 0

    @property
    def waiting(self) -> int:
        return self.by_state.get(DeliveryState.QUEUED, 0)

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "by_state": self.by_state,
            "by_reason": self.by_reason,
            "held_by": self.held_by or None,
            "held_until": self.held_until.isoformat() if self.held_until else None,
        }


# Holds of a whole message that come before a recipient's own (the order of `RULES`).
BEFORE_THE_OWN = (Reason.AWAITING_APPROVAL, Reason.PAUSED)


def summarise(
    rows: list[tuple[str, str, int]], message_decision: MessageDecision, at_several: int = 0
) -> Plan:
    """A plan from (state, reason, count): a row that waits without a reason of its own waits for the
    message's. A hold that comes before the recipient's own is named instead."""
    by_state: dict[str, int] = {}
    by_reason: dict[str, int] = {}
    held = message_decision.decision.reason if message_decision.decision.verdict is Verdict.HOLD else None
    for state, own, count in rows:
        by_state[state] = by_state.get(state, 0) + count
        reason = own
        if state == DeliveryState.QUEUED and held is not None:
            reason = held if held in BEFORE_THE_OWN or own != Reason.VOC_CALL_OPEN else own
        if reason:
            by_reason[reason] = by_reason.get(reason, 0) + count
    return Plan(
        total=sum(by_state.values()),
        by_state=by_state,
        by_reason=by_reason,
        held_by=held or "",
        held_until=message_decision.decision.until if held is not None else None,
        at_several=at_several,
    )


def has_at_most(source: Source, count: int) -> bool:
    """Whether the source yields no more than `count` rows; reads no further than that."""
    first = f"SELECT count(*) FROM (SELECT FROM {source.from_sql} LIMIT %(limit)s) first"
    found: int = fetch(first, {**source.params, "limit": count + 1})[0][0]
    return found <= count


# Not a state: the row of `preview` that counts those with several numbers.
_AT_SEVERAL = "at_several"


def preview(source: Source, message_decision: MessageDecision) -> Plan:
    """What a plan would come to, without writing anything."""
    if source.of_customers:
        return summarise(_count_customers(source, message_decision), message_decision)
    sql = (
        f"WITH v AS ({_verdict(source, message_decision)})"
        f" SELECT {state_case('v.refusal')} AS state, coalesce(v.refusal, v.hold, '') AS reason, count(*)"
        " FROM v GROUP BY 1, 2"
    )
    if source.newcomers:
        sql += (
            f" UNION ALL SELECT '{_AT_SEVERAL}', '', count(*) FROM (SELECT FROM v WHERE v.refusal IS NULL"
            " AND v.contact_id IS NOT NULL GROUP BY v.contact_id HAVING count(*) > 1) t"
        )
    rows = fetch(sql, source.params)
    counts = [(state, reason, n) for state, reason, n in rows if state != _AT_SEVERAL]
    return summarise(counts, message_decision, sum(n for state, _reason, n in rows if state == _AT_SEVERAL))


def _count_customers(source: Source, message_decision: MessageDecision) -> list[tuple[str, str, int]]:
    """What `_verdict` says of customers, counted by (state, reason) in one statement:

    1. all of them by what the address and the whole message say, as if no number were restricted;
    2. the restricted ones by that and by the whole verdict, which takes each from its group to the right one.

    Grouping all of them by their verdict takes several times as long: PostgreSQL expects a group a customer,
    and so neither shares the work nor keeps it small (docs/performance.md).
    """
    refusals = address_refusals(message_decision.facts.message.medium, source.number)
    with transaction.atomic():
        # Both indexes are sorted by the number: reading them side by side takes half of hashing a million.
        execute("SET LOCAL enable_hashjoin = off")
        rows = fetch(_customers_sql(source, message_decision), source.params)
        execute("SET LOCAL enable_hashjoin = on")
    refused = (
        message_decision.decision.reason if message_decision.decision.verdict is Verdict.REFUSE else None
    )
    found: dict[tuple[str | None, str], int] = defaultdict(int)
    for is_everybody, before, refusal, hold, (n, *by_address) in rows:
        if is_everybody:
            found[refused, ""] += n - sum(by_address)
            for reason, met in zip(refusals, by_address, strict=True):
                found[reason, ""] += met
        else:
            found[before, ""] -= n
            found[refusal, "" if refusal else hold or ""] += n
    return [
        (state_of_refusal(Reason(refusal)) if refusal else DeliveryState.QUEUED, refusal or hold, n)
        for (refusal, hold), n in found.items()
        if n
    ]


def _customers_sql(source: Source, message_decision: MessageDecision) -> str:
    """SQL: one row of (TRUE, NULL, NULL, NULL, [all, those of each reason of the address]), the restricted
    ones as (FALSE, refusal but for that, refusal, hold, [number]), in any order: PostgreSQL may work
    out the parts of a `UNION ALL` side by side."""
    message = message_decision.facts.message
    lifted = "TRUE" if message.is_lifted(message_decision.facts.now) else "FALSE"
    purpose, whole = f"'{message.purpose}'", message_refusal(message_decision.decision)
    # A customer has a number (CHECK), so that no row meets two of them.
    refusals = address_refusals(message.medium, source.number).values()
    each = ", ".join(f"count(*) FILTER (WHERE {met})" for met in refusals)
    before = f"coalesce({address_refusal(message.medium, 'r.address')}, {whole})"
    return (
        f"SELECT TRUE, NULL, NULL, NULL, ARRAY[count(*), {each}] FROM {source.from_sql}"
        " UNION ALL SELECT FALSE, v.before, coalesce(v.before, v.consent), v.hold, ARRAY[count(*)] FROM"
        f" (SELECT {before} AS before, {consent_refusal(purpose, lifted, None)} AS consent,"
        f" {recipient_hold(purpose)} AS hold FROM {restricted_among(source.from_sql)}) v GROUP BY 2, 3, 4"
    )


def insert_deliveries(
    message_id: int, source: Source, message_decision: MessageDecision, now: datetime
) -> int:
    """Write one delivery a recipient, each with its state and reason; returns their number.

    A recipient held by an event of his own has no `not_before`; one who waits for the whole
    message's sake is due, and the gate keeps him back (docs/adr/0005).
    """
    sql = (
        "INSERT INTO messaging_delivery (message_id, contact_id, address, state, reason, not_before,"
        " attempts, provider_id, provider_status, updated_at)"
        f" SELECT %(message)s, v.contact_id, left(v.address, 64), {state_case('v.refusal')},"
        " coalesce(v.refusal, v.hold, ''),"
        " CASE WHEN v.refusal IS NULL AND v.hold IS NULL THEN %(now)s END,"
        f" 0, '', '', %(now)s FROM ({_verdict(source, message_decision)}) v"
    )
    return execute(sql, {**source.params, "message": message_id, "now": now})
