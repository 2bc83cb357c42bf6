"""May this message go to this recipient now, and if not, why, and until when?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from messaging.policy.facts import Facts
from messaging.policy.reasons import Reason
from messaging.policy.rules import RULES, Effect, Rule, Ruling


class Verdict(StrEnum):
    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's ruling, with the rule's name and clause."""

    rule: str
    clause: str
    effect: Effect
    reason: Reason | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer.

    `reason` is the first of `refusals`. A hold's `until` is the exact instant from which the
    message may go if nothing else changes; None where an event must happen first. An allowance
    ends at `until` (the window's close, the expiry, the override's end), None where it does not end.
    """

    verdict: Verdict
    reason: Reason | None
    until: datetime | None
    findings: tuple[Finding, ...]

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Every rule that refuses or holds, refusals first."""
        refused = [f for f in self.findings if f.effect is Effect.REFUSE]
        return (*refused, *(f for f in self.findings if f.effect is Effect.HOLD))


def _finding(rule: Rule, ruling: Ruling) -> Finding:
    return Finding(rule.name, rule.clause, ruling.effect, ruling.reason, ruling.until)


def _waits_for_event(holds: list[Finding]) -> bool:
    return any(f.until is None for f in holds)


def _earliest(facts: Facts, holds: list[Finding]) -> datetime:
    """Before this instant the clock alone does not allow it, whatever events the holds wait for besides.

    Windows that never open, or that are not on record, set no later instant: somebody must set some.
    """
    start = max([facts.now, *(f.until for f in holds if f.reason is Reason.SCHEDULED and f.until)])
    windows = facts.channel.windows
    return (windows.next_open(start) if windows is not None else None) or start


def _allowed_until(facts: Facts, findings: tuple[Finding, ...]) -> datetime | None:
    ends = [f.until for f in findings if f.effect is Effect.LIFTED and f.until is not None]
    if facts.message.expires_at is not None:
        ends.append(facts.message.expires_at)
    if facts.channel.windows is not None:
        close = facts.channel.windows.closes_at(facts.now)
        if close is not None:
            ends.append(close)
    return min(ends, default=None)


def decide(facts: Facts) -> Decision:
    """Run every rule on the facts. Pure; `facts.now` is the only clock.

    A hold that could only end at or after the message's expiry is a refusal: it would never go. That
    is the whole message's own end, so it is found whatever else is refused.
    """
    findings = tuple(_finding(rule, rule.judge(facts)) for rule in RULES)
    holds = [f for f in findings if f.effect is Effect.HOLD]
    earliest = _earliest(facts, holds)
    expires_at = facts.message.expires_at
    if expires_at is not None and earliest >= expires_at:
        findings = _too_late(findings)
    refused = [f for f in findings if f.effect is Effect.REFUSE]
    if refused:
        return Decision(Verdict.REFUSE, refused[0].reason, None, findings)
    if not holds:
        return Decision(Verdict.ALLOW, None, _allowed_until(facts, findings), findings)
    until = None if _waits_for_event(holds) else earliest
    return Decision(Verdict.HOLD, holds[0].reason, until, findings)


def _too_late(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(f.rule, f.clause, Effect.REFUSE, Reason.EXPIRED, None) if f.rule == "expired" else f
        for f in findings
    )
