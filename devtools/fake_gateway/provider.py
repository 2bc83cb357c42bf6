"""What the two fake providers have in common: a call as it came, and how a message fares with time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from devtools.fake_gateway.faults import Fault
from devtools.fake_gateway.store import Ledger
from gateways.reading import from_provider_time, last_ten
from persian.jalali import TEHRAN

NEVER: Final = "0001-01-01T00:00:00"


class CallRefused(Exception):
    """The provider refuses the call with this status, in the shape of its method."""

    def __init__(self, status: str | int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its number in this run, when it came (epoch seconds), its fields, its faults."""

    number: int
    at: float
    params: Mapping[str, Any]
    faults: Sequence[Fault]
    chance: Callable[[], float]

    def get(self, name: str) -> str:
        value = self.params.get(name, "")
        if isinstance(value, list):
            return ",".join(str(one) for one in value)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        return integer(self.get(name), default)

    def numbers(self, name: str) -> list[str]:
        """The last ten digits of each telephone number in a list, '' for one that is none."""
        return [last_ten(number) for number in self.get(name).split(",") if number.strip()]

    def has(self, fault: str) -> bool:
        return any(active.name == fault for active in self.faults)

    def value(self, fault: str) -> str:
        return next((active.value for active in self.faults if active.name == fault), "")

    def hit(self, fault: str) -> bool:
        """Whether one recipient belongs to the share that the fault takes."""
        share = self.value(fault)
        return bool(share) and self.chance() < float(share)


@dataclass(frozen=True, slots=True)
class Fate:
    """How accepted messages fare: final after `seconds`; the shares are of all messages."""

    seconds: float = 5.0
    undelivered: float = 0.05
    blacklisted: float = 0.0

    def draw(self, message_id: int) -> float:
        """A number from 0 to 1 that is always the same for a message."""
        return (message_id * 2_654_435_761 % 2**32) / 2**32


class FakeProvider(Protocol):
    """One provider's part of the fake: it answers with a JSON value, or None for an unknown method."""

    ledger: Ledger
    sending: frozenset[str]

    def methods(self) -> Mapping[str, Callable[[Call], Any]]: ...

    def refusal(self, method: str, fault: Fault, call: Call) -> Any:
        """A fault of the account, the provider or the hours in its own words; `GOES_ON` if it has none."""
        ...

    def refused(self, method: str, status: str | int) -> Any:
        """The answer of a refused method."""
        ...


GOES_ON: Final = object()


@dataclass
class Inbox:
    """Inbound messages; `fresh` ones are handed out once."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    fresh: list[dict[str, Any]] = field(default_factory=list)

    def add(self, mobile: str, text: str, line: str, at: float) -> dict[str, Any]:
        """Take in a message from a number in any spelling. Raises ValueError for no number."""
        number = last_ten(mobile)
        if not number:
            raise ValueError(f"{mobile!r} is no telephone number")
        message = {
            "ReceiveMessageID": str(int(at * 1000) + len(self.messages)),
            "Mobile": "0" + number,
            "LineNumber": line,
            "SMSMessageText": text,
            "RecieveDateTime": fractional_stamp(at),
        }
        self.messages.append(message)
        self.fresh.append(message)
        return message

    def take(self, count: int) -> list[dict[str, Any]]:
        taken, self.fresh = self.fresh[:count], self.fresh[count:]
        return taken


def local_stamp(at: float) -> str:
    """An instant as the providers show it: Tehran's clock, no offset."""
    return datetime.fromtimestamp(at, UTC).astimezone(TEHRAN).strftime("%Y-%m-%dT%H:%M:%S")


def fractional_stamp(at: float) -> str:
    """The same as AmootSMS writes it: with hundredths of a second, their final zeros left out."""
    hundredths = f".{int(at * 100) % 100:02d}".rstrip("0").rstrip(".")
    return local_stamp(at) + hundredths


def local(value: str) -> datetime | None:
    """A provider's date and time on Tehran's clock, None if it is none."""
    instant = from_provider_time(value)
    return instant.astimezone(TEHRAN) if instant else None


def epoch(value: str) -> float | None:
    """The instant of a provider's date and time, None if it is none."""
    instant = from_provider_time(value)
    return instant.timestamp() if instant else None


def integer(value: str, default: int = 0) -> int:
    return int(value) if value.lstrip("-").isdigit() and len(value) < 20 else default
