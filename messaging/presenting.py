"""Counts of a plan as the rows, sums and shares that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateways.sms_parts import SmsLength, count_parts
from messaging.labels import REASONS, Label, ReasonLabel
from messaging.planning import Plan
from messaging.policy.facts import Medium
from messaging.policy.reasons import Reason
from messaging.states import DONE, REACHED_PROVIDER, DeliveryState


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """One reason with the number of recipients; `until` is the instant at which they may go, if known."""

    code: Reason
    label: ReasonLabel
    count: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StateRow:
    code: str
    label: Label
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """A plan, ready to be shown: before submission as foresight, afterwards as progress."""

    plan: Plan

    def _sum(self, states: frozenset[DeliveryState]) -> int:
        return sum(self.plan.by_state.get(state, 0) for state in states)

    @property
    def states(self) -> list[StateRow]:
        return [
            StateRow(state.value, state.label, self.plan.by_state[state])
            for state in DeliveryState
            if self.plan.by_state.get(state)
        ]

    def _reasons(self, *, holds: bool) -> list[ReasonRow]:
        rows = [
            ReasonRow(
                Reason(code),
                REASONS[Reason(code)],
                count,
                self.plan.held_until if code == self.plan.held_by else None,
            )
            for code, count in self.plan.by_reason.items()
            if REASONS[Reason(code)].holds is holds
        ]
        return sorted(rows, key=lambda row: (-row.count, row.code))

    @property
    def waiting_reasons(self) -> list[ReasonRow]:
        return self._reasons(holds=True)

    @property
    def refused_reasons(self) -> list[ReasonRow]:
        return self._reasons(holds=False)

    @property
    def on_hold(self) -> int:
        """Those who wait for something."""
        return sum(row.count for row in self.waiting_reasons)

    @property
    def go_now(self) -> int:
        """Those whom nothing keeps back."""
        return self.plan.waiting - self.on_hold

    @property
    def refused(self) -> int:
        """Those to whom it does not go, by rule."""
        return self._sum(
            frozenset({DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED})
        )

    @property
    def reached(self) -> int:
        """Those for whom the provider has taken it."""
        return self._sum(REACHED_PROVIDER)

    @property
    def done(self) -> int:
        """Those for whom nothing more happens by the machine's own doing."""
        return self._sum(DONE)

    @property
    def in_doubt(self) -> int:
        return self.plan.by_state.get(DeliveryState.UNKNOWN, 0)

    @property
    def unsent(self) -> int:
        """Those who have not got it yet, and still would."""
        return self.plan.waiting

    @property
    def held(self) -> ReasonLabel | None:
        """What holds the whole message, if anything does."""
        return REASONS[Reason(self.plan.held_by)] if self.plan.held_by else None


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a text for its medium. A voice message has no parts."""

    medium: Medium
    characters: int
    sms: SmsLength | None

    @classmethod
    def of(cls, text: str, medium: Medium) -> Length:
        return cls(medium, len(text), count_parts(text) if medium is Medium.SMS else None)

    def parts_for(self, recipients: int) -> int:
        return self.sms.parts * recipients if self.sms else 0
