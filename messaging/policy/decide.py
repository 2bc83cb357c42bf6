"""May this message go to this recipient now, and if not, why, and until when?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from messaging.policy.facts import Facts
from messaging.policy.hours import hours_of
from messaging.policy.reasons import Reason
from messaging.policy.rules import RULES, RuleEffect


class Verdict(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's ruling, with the rule's name and clause."""

    rule: str
    clause: str
    effect: RuleEffect
    reason: Reason | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer.

    A refusal's `reason` is the first of `refusals`. A hold's `until` is the exact instant from which the
    message may go if nothing else changes, None where an event must happen first; its `reason` is the
    hold that sets this instant, or the first one that waits for an event. An allowance ends at `until`
    (the last instant for a request before the window's close, the expiry, the override's end), None
    where it does not end.
    """

    verdict: Verdict
    reason: Reason | None
    until: datetime | None
    findings: tuple[Finding, ...]

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Every rule that refuses or holds, refusals first."""
        refused = [f for f in self.findings if f.effect is RuleEffect.REFUSE]
        return (*refused, *(f for f in self.findings if f.effect is RuleEffect.HOLD))


def _earliest(facts: Facts, holds: list[Finding]) -> datetime:
    """Before this instant the clock alone does not allow it, whatever events the holds wait for besides.

    Windows that never open, or that are not on record, set no later instant: somebody must set some.
    """
    return max([facts.now, *(f.until for f in holds if f.until is not None)])


def _allowed_until(facts: Facts, findings: tuple[Finding, ...]) -> datetime | None:
    ends = [f.until for f in findings if f.effect is RuleEffect.LIFTED and f.until is not None]
    if facts.message.expires_at is not None:
        ends.append(facts.message.expires_at)
    hours = hours_of(facts)
    last_begin = hours.last_begin(facts.now) if hours is not None else None
    if last_begin is not None:
        ends.append(last_begin)
    return min(ends, default=None)


def closes_at(facts: Facts) -> datetime | None:
    """When the message's hours close: from then on no provider may accept it. None where they do not."""
    hours = hours_of(facts)
    return hours.windows.closes_at(facts.now) if hours is not None else None


def decide(facts: Facts) -> Decision:
    """Run every rule on the facts. Pure; `facts.now` is the only clock.

    A hold that could only end at or after the message's expiry is a refusal: it would never go. That
    is the whole message's own end, so it is found whatever else is refused.
    """
    findings = tuple(
        Finding(rule.name, rule.clause, ruling.effect, ruling.reason, ruling.until)
        for rule in RULES
        for ruling in [rule.judge(facts)]
    )
    holds = [f for f in findings if f.effect is RuleEffect.HOLD]
    earliest = _earliest(facts, holds)
    expires_at = facts.message.expires_at
    if expires_at is not None and facts.now < expires_at <= earliest:
        findings = _too_late(findings, earliest)
    refused = [f for f in findings if f.effect is RuleEffect.REFUSE]
    if refused:
        return Decision(Verdict.REFUSE, refused[0].reason, None, findings)
    if not holds:
        return Decision(Verdict.ALLOW, None, _allowed_until(facts, findings), findings)
    # The first that waits for an event, else the one with the latest instant.
    last = max(holds, key=lambda hold: (hold.until is None, hold.until or facts.now))
    return Decision(Verdict.HOLD, last.reason, last.until, findings)


def _too_late(findings: tuple[Finding, ...], earliest: datetime) -> tuple[Finding, ...]:
    """With `expired` refusing ahead of time; its `until` is when the message could go at the earliest."""
    return tuple(
        replace(f, effect=RuleEffect.REFUSE, reason=Reason.EXPIRES_FIRST, until=earliest)
        if f.rule == "expired"
        else f
        for f in findings
    )
