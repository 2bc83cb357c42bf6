"""What a run of the pump did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateways.base import GatewayError


@dataclass
class PumpReport:
    """Messages planned, requests made, recipients taken by the gateway or turned away, failures' codes."""

    planned: int = 0
    calls: int = 0
    sent: int = 0
    turned_away: int = 0
    failures: list[str] = field(default_factory=list)
    # The failure that was the gateway's own, so that an outage is open.
    gateway_failure: GatewayError | None = None
    _told: tuple[int, int, int] = (0, 0, 0)

    @property
    def moved(self) -> int:
        return self.planned + self.sent + self.turned_away

    def add(self, other: PumpReport) -> None:
        self.planned += other.planned
        self.calls += other.calls
        self.sent += other.sent
        self.turned_away += other.turned_away
        self.failures += other.failures
        self.gateway_failure = self.gateway_failure or other.gateway_failure

    def news(self) -> PumpReport:
        """What was done since this was last asked for."""
        sent, calls, failures = self._told
        self._told = (self.sent, self.calls, len(self.failures))
        return PumpReport(sent=self.sent - sent, calls=self.calls - calls, failures=self.failures[failures:])

    def as_json(self) -> dict[str, Any]:
        return {
            "planned": self.planned,
            "calls": self.calls,
            "sent": self.sent,
            "turned_away": self.turned_away,
            "failures": sorted(set(self.failures)),
        }
