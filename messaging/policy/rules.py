"""The rules of PR_MA_04 about one message to one recipient, one function each, in order.

The order is the order in which reasons are named: what concerns the recipient for good comes
before what only holds. `decide` runs all of them and keeps every finding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from common.media import BY_MEDIUM, Purpose
from messaging.policy.facts import AddressKind, Facts
from messaging.policy.hours import hours_of
from messaging.policy.reasons import Reason


class RuleEffect(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    LIFTED = "lifted"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule says. `until` is the instant at which a hold of this rule alone ends; None
    where only an event (a decision, a call's end) can end it."""

    effect: RuleEffect
    reason: Reason | None = None
    until: datetime | None = None


PASS: Final = Ruling(RuleEffect.PASS)


def _refuse(reason: Reason) -> Ruling:
    return Ruling(RuleEffect.REFUSE, reason)


def duplicate(facts: Facts) -> Ruling:
    """A recipient named twice in one message gets it once."""
    return _refuse(Reason.DUPLICATE) if facts.recipient.duplicate else PASS


def address(facts: Facts) -> Ruling:
    """The number can take the medium: a landline takes a voice message, never an SMS."""
    kind = facts.recipient.address
    if kind is None:
        return _refuse(Reason.FACTS_MISSING)
    if kind is AddressKind.INVALID:
        return _refuse(Reason.INVALID_ADDRESS)
    if kind is AddressKind.LANDLINE and not BY_MEDIUM[facts.message.medium].takes_landlines:
        return _refuse(Reason.LANDLINE)
    return PASS


def cancelled(facts: Facts) -> Ruling:
    """A cancelled message goes to nobody."""
    return _refuse(Reason.CANCELLED) if facts.message.cancelled else PASS


def expired(facts: Facts) -> Ruling:
    """From its expiry on, a message is too late to be useful."""
    expires_at = facts.message.expires_at
    return _refuse(Reason.EXPIRED) if expires_at is not None and facts.now >= expires_at else PASS


def no_messages(facts: Facts) -> Ruling:
    """C7.3 "no message at all is sent" stops every purpose; an approved override lifts it (C7.4)."""
    flag = facts.recipient.no_messages
    if flag is None:
        return _refuse(Reason.FACTS_MISSING)
    if not flag:
        return PASS
    override = facts.message.emergency
    if override is not None and override.lifts(facts.now):
        return Ruling(RuleEffect.LIFTED, Reason.NO_MESSAGES, override.expires_at)
    return _refuse(Reason.NO_MESSAGES)


def no_promotional(facts: Facts) -> Ruling:
    """C7.3 "promotional messages are not sent" stops promotional messages only (reading 4)."""
    flag = facts.recipient.no_promotional
    if flag is None:
        return _refuse(Reason.FACTS_MISSING)
    if flag and facts.message.purpose is Purpose.PROMOTIONAL:
        return _refuse(Reason.NO_PROMOTIONAL)
    return PASS


def approval(facts: Facts) -> Ruling:
    """C7.4: nothing of an emergency leaves before senior management's decision."""
    override = facts.message.emergency
    is_pending = override is not None and override.is_pending()
    return Ruling(RuleEffect.HOLD, Reason.AWAITING_APPROVAL) if is_pending else PASS


def paused(facts: Facts) -> Ruling:
    """A paused message waits until somebody resumes it."""
    return Ruling(RuleEffect.HOLD, Reason.PAUSED) if facts.message.paused else PASS


def voc_call(facts: Facts) -> Ruling:
    """From the customer's call until the VOC expert decides, promotional messages wait (reading 7)."""
    is_open = facts.recipient.voc_call_open
    if is_open is None:
        return _refuse(Reason.FACTS_MISSING)
    if is_open and facts.message.purpose is Purpose.PROMOTIONAL:
        return Ruling(RuleEffect.HOLD, Reason.VOC_CALL_OPEN)
    return PASS


def operator(facts: Facts) -> Ruling:
    """C7.5: while the operator is down, everything waits."""
    if facts.channel.operator_down is None:
        return _refuse(Reason.FACTS_MISSING)
    return Ruling(RuleEffect.HOLD, Reason.OPERATOR_DOWN) if facts.channel.operator_down else PASS


def schedule(facts: Facts) -> Ruling:
    """Not before the instant that the sender asked for."""
    at = facts.message.scheduled_at
    return Ruling(RuleEffect.HOLD, Reason.SCHEDULED, at) if at is not None and facts.now < at else PASS


def window(facts: Facts) -> Ruling:
    """C7.6: a promotional message leaves inside the procedure's hours only, and inside its channel's window.

    The procedure sets hours for promotional messages alone (reading 1), so without windows on
    record other purposes go at any hour, and a promotional one waits until there are some. A message
    that is scheduled into closed hours waits for the first ones after its time.
    """
    hours = hours_of(facts)
    if hours is None:
        if facts.message.purpose is Purpose.PROMOTIONAL:
            return Ruling(RuleEffect.HOLD, Reason.WINDOW_CLOSED)
        return PASS
    start = max(facts.now, facts.message.scheduled_at or facts.now)
    if not hours.is_open(start):
        return Ruling(RuleEffect.HOLD, Reason.WINDOW_CLOSED, hours.next_open(start))
    if not hours.is_open(facts.now):
        return Ruling(RuleEffect.HOLD, Reason.WINDOW_CLOSED, hours.next_open(facts.now))
    return PASS


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's name, the clause it enforces, and its function."""

    name: str
    clause: str
    judge: Callable[[Facts], Ruling]


RULES: Final[tuple[Rule, ...]] = (
    Rule("duplicate", "C7.1", duplicate),
    Rule("address", "C7.1", address),
    Rule("cancelled", "C7.1", cancelled),
    Rule("expired", "C7.1", expired),
    Rule("no_messages", "C7.3", no_messages),
    Rule("no_promotional", "C7.3", no_promotional),
    Rule("approval", "C7.4", approval),
    Rule("paused", "C7.1", paused),
    Rule("voc_call", "C7.2", voc_call),
    Rule("operator", "C7.5", operator),
    Rule("schedule", "C7.1", schedule),
    Rule("window", "C7.6", window),
)
