"""What other apps do when a customer's consent changes; `contacts` knows none of them.

An app registers a hook in its `AppConfig.ready`. A hook is called inside the transaction of the change
and, when consent was tightened, once more after its commit: a plan that committed in between was made
from the older flags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.db import transaction


class Event(StrEnum):
    # a flag was set, an opt-out call was opened, or somebody who refused got a further number
    TIGHTENED = "tightened"
    LOOSENED = "loosened"  # a flag was cleared, or the call was closed


@dataclass(frozen=True, slots=True)
class StoppedDeliveries:
    """How many deliveries to the customer were stopped, and how many are at the provider's door already."""

    stopped: int = 0
    in_flight: int = 0

    def __add__(self, other: StoppedDeliveries) -> StoppedDeliveries:
        return StoppedDeliveries(self.stopped + other.stopped, self.in_flight + other.in_flight)


class Hook(Protocol):
    def __call__(self, event: Event, contact_id: int, now: datetime, /) -> StoppedDeliveries: ...


@dataclass(frozen=True, slots=True)
class RefusalForecast:
    """What a customer's refusal would stop now: of promotional messages alone, and of all."""

    promotional: StoppedDeliveries = StoppedDeliveries()
    everything: StoppedDeliveries = StoppedDeliveries()

    def __add__(self, other: RefusalForecast) -> RefusalForecast:
        return RefusalForecast(self.promotional + other.promotional, self.everything + other.everything)


class Forecast(Protocol):
    """Says beforehand, by customer, what a hook would do if they refused. It writes nothing."""

    def __call__(self, contact_ids: Sequence[int], now: datetime, /) -> dict[int, RefusalForecast]: ...


_hooks: list[Hook] = []
_forecasts: list[Forecast] = []


def register_forecast(forecast: Forecast) -> None:
    """Have `forecast` asked before a decision. Registering twice is registering once."""
    if forecast not in _forecasts:
        _forecasts.append(forecast)


def forecast_refusals(contact_ids: Sequence[int], now: datetime) -> dict[int, RefusalForecast]:
    """What a refusal of each of these customers would stop now; of everybody in `contact_ids`."""
    total = dict.fromkeys(contact_ids, RefusalForecast())
    for forecast in _forecasts:
        for contact_id, found in forecast(contact_ids, now).items():
            total[contact_id] += found
    return total


def register(hook: Hook) -> None:
    """Have `hook` called at every change of consent. Registering twice is registering once."""
    if hook not in _hooks:
        _hooks.append(hook)


def unregister(hook: Hook) -> None:
    _hooks.remove(hook)


def run(event: Event, contact_id: int, now: datetime) -> StoppedDeliveries:
    """Call every hook and add up what they did."""
    total = StoppedDeliveries()
    for hook in _hooks:
        total += hook(event, contact_id, now)
    return total


def announce(event: Event, contact_id: int, now: datetime) -> StoppedDeliveries:
    """Call every hook in the transaction of a change, and once more after its commit if it tightened."""
    effect = run(event, contact_id, now)
    if event is Event.TIGHTENED:
        # A plan that was being committed read the older flags; what it placed is swept as well. Should
        # this fail, the change stands: the claim reads the restrictions once more before anything is sent.
        # No partial: Django logs the `__qualname__` of what failed, and a partial has none.
        transaction.on_commit(lambda: run(event, contact_id, now), robust=True)
    return effect
