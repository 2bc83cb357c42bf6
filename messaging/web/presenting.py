"""Counts of a plan as the rows, sums and shares that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy

from channels.hours import span_words
from common.media import BY_MEDIUM, LengthUnit, Medium
from common.wording import Label
from gateways.sms_parts import SmsLength, count_parts
from messaging.audience.kept_progress import Progress
from messaging.audience.planning import Plan
from messaging.evaluation.facts import MessageDecision
from messaging.policy.hours import hours_of
from messaging.policy.reasons import Reason
from messaging.states import REACHED_PROVIDER, DeliveryState
from messaging.web.explaining import NOT_SENT
from messaging.web.labels import HOLDS, REASONS, WAITING_NAMES, ReasonLabel
from persian.jalali import TEHRAN


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


# The parts of the bar, in order: what each is called, and the states that it counts.
BAR: Final[tuple[tuple[str, Label, frozenset[DeliveryState]], ...]] = (
    ("delivered", gettext_lazy("delivered"), frozenset({DeliveryState.DELIVERED})),
    (
        "sent",
        gettext_lazy("sent, no report yet"),
        frozenset({DeliveryState.ACCEPTED, DeliveryState.UNREPORTED}),
    ),
    (
        "failed",
        gettext_lazy("did not get it"),
        frozenset({DeliveryState.UNDELIVERED, DeliveryState.REJECTED, DeliveryState.ABANDONED}),
    ),
    ("unknown", gettext_lazy("outcome unknown"), frozenset({DeliveryState.UNKNOWN})),
    ("by-rule", gettext_lazy("not sent"), NOT_SENT),
    ("waiting", gettext_lazy("waiting"), frozenset({DeliveryState.QUEUED, DeliveryState.SENDING})),
)
# The width of the whole bar, in its own units.
BAR_WIDTH: Final = 1000


@dataclass(frozen=True, slots=True)
class BarPart:
    """A part of the progress bar: `begins` and `width` of `BAR_WIDTH`."""

    code: str
    label: Label
    count: int
    begins: int
    width: int


@dataclass(frozen=True, slots=True)
class ProgressView:
    """A plan, ready to be shown: before submission as foresight, afterwards as progress.

    `at` is the instant that a large message was counted at (`Progress.counts_at`).
    """

    plan: Plan
    at: datetime | None = None

    @classmethod
    def of(cls, progress: Progress) -> ProgressView:
        return cls(progress.plan, progress.counts_at)

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
            if (Reason(code) in HOLDS) is holds
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
        return self._sum(NOT_SENT)

    @property
    def reached(self) -> int:
        """Those for whom the provider has taken it."""
        return self._sum(REACHED_PROVIDER)

    @property
    def bar(self) -> list[BarPart]:
        """The recipients as one bar of parts, by state; parts without anybody are left out."""
        parts: list[BarPart] = []
        counted = 0
        for code, label, states in BAR:
            count = self._sum(states)
            begins = BAR_WIDTH * counted // max(self.plan.total, 1)
            counted += count
            width = BAR_WIDTH * counted // max(self.plan.total, 1) - begins
            if count:
                parts.append(BarPart(code, label, count, begins, width))
        return parts

    @property
    def waiting_name(self) -> Label:
        """What all that is left waits for, in place of "under way"; '' where something goes."""
        reason = Reason(self.plan.held_by) if self.plan.held_by else None
        return WAITING_NAMES.get(reason, "") if reason is not None and self.plan.waiting else ""

    @property
    def unknown(self) -> int:
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
class ClosedSchedule:
    """A chosen time at which the message may not go: `goes_at` is when it does, `last` the last minute before
    the chosen one that would do. Each is None where there is none."""

    chosen: datetime
    spans: list[str]
    goes_at: datetime | None
    last: datetime | None


def closed_schedule(message_decision: MessageDecision) -> ClosedSchedule | None:
    """Whether the time that the sender chose lies outside the hours (C7.6); None where it does not."""
    chosen, hours = message_decision.facts.message.scheduled_at, hours_of(message_decision.facts)
    if chosen is None or hours is None or hours.is_open(chosen):
        return None
    last = hours.last_minute(chosen)
    day = chosen.astimezone(TEHRAN).weekday()
    return ClosedSchedule(
        chosen,
        [span_words(o, c) for weekday, o, c in hours.windows.intervals() if weekday == day],
        hours.next_open(chosen),
        last if last is not None and last >= message_decision.facts.now else None,
    )


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a text for its medium. A voice message has no parts."""

    medium: Medium
    characters: int
    sms: SmsLength | None

    @classmethod
    def of(cls, text: str, medium: Medium) -> Length:
        return cls(
            medium, len(text), count_parts(text) if BY_MEDIUM[medium].length_unit is LengthUnit.PART else None
        )

    def parts_for(self, recipients: int) -> int:
        return self.sms.parts * recipients if self.sms else 0
