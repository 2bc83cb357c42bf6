"""The fake gateway's faults: written as options, picked call by call, repeatable by a seed.

`[sms.|avanak.]name[:value][@probability][xCOUNT]`, for example `hang-after-accept@0.05`,
`account:CreditNotEnoughx10`, `avanak.latency:2`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from gateways.statuses import CODES


class FaultStage(Enum):
    DOOR = auto()  # before anything is read: the port is shut
    BEFORE = auto()  # read, and nobody accepted
    REFUSAL = auto()  # answered in the provider's own words, and nobody accepted
    DURING = auto()  # some recipients are treated differently, or the answer names them wrongly
    AFTER = auto()  # everybody accepted, and the answer is spoilt
    BESIDE = auto()  # the call goes as it would, and something beside it is wrong


class Value(Enum):
    NONE = auto()
    SECONDS = auto()  # optional unless the fault's default is None
    SHARE = auto()  # of the recipients, 0 to 1
    HTTP_STATUS = auto()
    STATUS = auto()  # a provider's status: its name or number
    WORD = auto()  # in a field of the call, or in the answer


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """A fault that can be chosen. `default` stands for a missing value; None makes it required."""

    stage: FaultStage
    value: Value
    default: str | None
    help: str


FOREVER: Final = "600"

KINDS: Final[dict[str, FaultSpec]] = {
    "refuse": FaultSpec(
        FaultStage.DOOR, Value.SECONDS, "1", "shut the port so long, at the start and after a call"
    ),
    "latency": FaultSpec(FaultStage.BEFORE, Value.SECONDS, None, "wait so long, then go on"),
    "5xx": FaultSpec(FaultStage.BEFORE, Value.HTTP_STATUS, "503", "this HTTP status, nobody accepted"),
    "reset": FaultSpec(FaultStage.BEFORE, Value.NONE, "", "reset the connection, nobody accepted"),
    "hang": FaultSpec(
        FaultStage.BEFORE, Value.SECONDS, FOREVER, "never answer; with seconds: accept and answer late"
    ),
    "html": FaultSpec(FaultStage.BEFORE, Value.NONE, "", "a web page with HTTP 200, nobody accepted"),
    "chokes": FaultSpec(
        FaultStage.BEFORE, Value.WORD, None, "HTTP 503 to calls that hold this word, nobody accepted"
    ),
    "account": FaultSpec(FaultStage.REFUSAL, Value.STATUS, None, "refuse with this status of the account"),
    "provider": FaultSpec(FaultStage.REFUSAL, Value.STATUS, "-300", "refuse with 500 or -300"),
    "hours": FaultSpec(FaultStage.REFUSAL, Value.NONE, "", "refuse with -6 (Avanak only)"),
    "audio": FaultSpec(
        FaultStage.REFUSAL, Value.WORD, "pending", "every audio is pending or rejected (Avanak only)"
    ),
    "partial": FaultSpec(
        FaultStage.DURING, Value.SHARE, None, "refuse this share of the recipients with 101"
    ),
    "partial-unanswered": FaultSpec(
        FaultStage.DURING, Value.SHARE, None, "accept this share and leave it out of Data"
    ),
    "no-data": FaultSpec(FaultStage.DURING, Value.NONE, "", "accept, answer Success with an empty Data"),
    "huge-id": FaultSpec(FaultStage.DURING, Value.NONE, "", "accept, answer with an id of 2^63"),
    "extra-numbers": FaultSpec(
        FaultStage.DURING, Value.NONE, "", "accept, name numbers that nobody sent as well"
    ),
    "unknown-status": FaultSpec(
        FaultStage.DURING, Value.STATUS, "Whatever", "accept, answer with this status"
    ),
    "5xx-after-accept": FaultSpec(
        FaultStage.AFTER, Value.HTTP_STATUS, "503", "accept, then this HTTP status"
    ),
    "reset-after-accept": FaultSpec(FaultStage.AFTER, Value.NONE, "", "accept, then reset the connection"),
    "hang-after-accept": FaultSpec(
        FaultStage.AFTER, Value.SECONDS, FOREVER, "accept, then never answer, or so late"
    ),
    "html-after-accept": FaultSpec(FaultStage.AFTER, Value.NONE, "", "accept, then a web page with HTTP 200"),
    "half-json": FaultSpec(FaultStage.AFTER, Value.NONE, "", "accept, then half of the answer"),
    "clock": FaultSpec(
        FaultStage.BESIDE, Value.SECONDS, None, "the answer's Date differs by so much, also backwards"
    ),
    "unquoted": FaultSpec(FaultStage.BESIDE, Value.WORD, None, "an answer that holds this word is no JSON"),
    "oversize": FaultSpec(FaultStage.AFTER, Value.NONE, "", "accept, then an answer of 40 MB"),
}

_SYNTAX: Final = re.compile(
    r"(?:(?P<provider>sms|avanak)\.)?(?P<name>[a-z0-9-]+?)"
    r"(?::(?P<value>[A-Za-z0-9_.+-]+?))?(?:@(?P<probability>[0-9.]+))?(?:x(?P<count>[0-9]+))?"
)


class FaultError(ValueError):
    """A fault option that cannot be understood; the message says what is wrong and what there is."""


@dataclass(slots=True)
class Fault:
    """A chosen fault. `left` is how often it may still act, None for always."""

    name: str
    value: str
    probability: float
    left: int | None
    provider: str = ""

    @property
    def kind(self) -> FaultSpec:
        return KINDS[self.name]

    @property
    def number(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        text = f"{self.provider}.{self.name}" if self.provider else self.name
        text += f":{self.value}" if self.value else ""
        text += f"@{self.probability:g}" if self.probability < 1 else ""
        return text + (f"x{self.left}" if self.left is not None else "")


def parse_fault(option: str) -> Fault:
    """Read one option. Raises `FaultError` naming what is wrong and every valid fault."""
    match = _SYNTAX.fullmatch(option.strip())
    kind = KINDS.get(match["name"]) if match else None
    if match is None or kind is None:
        raise FaultError(f"“{option}” is no fault.\n{describe_faults()}")
    probability = _float(match["probability"] or "1")
    if probability is None or not 0 < probability <= 1:
        raise FaultError(f"“{option}”: the probability must be more than 0 and at most 1.")
    value = match["value"] if match["value"] is not None else kind.default
    problem = _problem_of(kind, value)
    if problem:
        raise FaultError(f"“{option}”: {problem}")
    count = int(match["count"]) if match["count"] else None
    return Fault(match["name"], value or "", probability, count, match["provider"] or "")


def _problem_of(kind: FaultSpec, value: str | None) -> str:
    """What is wrong with a value, '' if nothing is."""
    if value is None:
        return "a value is missing; write it as name:value."
    if kind.value is Value.NONE:
        return "it takes no value." if value else ""
    if kind is KINDS["audio"]:
        return "" if value in {"pending", "rejected"} else "the audio is pending or rejected."
    if kind.value is Value.WORD:
        return ""
    if kind.value is Value.STATUS:
        return _status_problem(kind, value)
    number = _float(value)
    if number is None:
        return f"{value} is no number."
    if kind.value is Value.SHARE and not 0 <= number <= 1:
        return "the share must lie between 0 and 1."
    if kind.value is Value.HTTP_STATUS and number not in range(500, 600):
        return "the HTTP status must lie between 500 and 599."
    return ""


def _status_problem(kind: FaultSpec, value: str) -> str:
    is_number = value.lstrip("-").isdigit()
    if kind is KINDS["account"] and not is_number and value not in CODES:
        return f"{value} is no status of the providers; there are {', '.join(CODES)}, or a number."
    if kind is KINDS["provider"] and value not in {"500", "-300", "ServerError", "System_Disabled"}:
        return "the status must be 500 or -300."
    return ""


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _concerns(fault: Fault, params: Mapping[str, Any]) -> bool:
    """Whether a fault that is about a word in the call is about this one."""
    about_a_word = fault.kind.value is Value.WORD and fault.kind.stage is FaultStage.BEFORE
    return not about_a_word or any(fault.value in str(value) for value in params.values())


def describe_faults() -> str:
    """The list of faults, one a line, as the command shows it."""
    lines = ["Write [sms.|avanak.]name[:value][@probability][xCOUNT]; the faults are:"]
    for name, kind in KINDS.items():
        value = "" if kind.value is Value.NONE else f":{kind.value.name}"
        shown = f"[{value}]" if value and kind.default is not None else value
        lines.append(f"  {name + shown:32} {kind.help}")
    return "\n".join(lines)


class Faults:
    """The faults in force. The same seed and the same calls give the same choices."""

    def __init__(self, options: Iterable[str] = (), *, seed: int = 0) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable by intention
        self.active: list[Fault] = []
        self.replace(options)

    def replace(self, options: Iterable[str]) -> None:
        """Put these in the place of all. Raises `FaultError` and changes nothing."""
        self.active = [parse_fault(option) for option in options]

    def pick(self, provider: str, *, sending: bool, params: Mapping[str, Any]) -> list[Fault]:
        """The faults that act on this call, counted down; those about recipients on sending calls only."""
        stages = set(FaultStage) - {FaultStage.DOOR}
        if not sending:
            stages -= {FaultStage.DURING, FaultStage.AFTER}
        return [
            fault
            for fault in self.active
            if fault.provider in {"", provider} and _concerns(fault, params) and self._acts(fault, stages)
        ]

    def shut_for(self) -> float:
        """Seconds for which the port is to be shut now, 0 for not at all."""
        acting = [fault.number for fault in self.active if self._acts(fault, {FaultStage.DOOR})]
        return max(acting, default=0)

    def _acts(self, fault: Fault, stages: set[FaultStage]) -> bool:
        if fault.kind.stage not in stages or fault.left == 0 or self.random.random() >= fault.probability:
            return False
        if fault.left is not None:
            fault.left -= 1
        return True
