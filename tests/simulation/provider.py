"""The provider's world: what it truly took and when, and what it says of it (not always the same)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from gateways.base import (
    Account,
    Answer,
    Batch,
    BatchRefused,
    GatewayError,
    Lookup,
    NotSent,
    OutcomeUnknown,
    RecipientOutcome,
    Result,
    Trouble,
)


class Fate(StrEnum):
    """What becomes of one call."""

    ACCEPTED = "accepted"
    REJECTED_IN_PART = "rejected in part"
    ANSWERED_IN_PART = "answered in part"  # took all, tells of some
    STRANGERS = "strangers"  # took all, names each twice and somebody nobody sent
    LOST = "lost"  # took some, and the answer never came
    NEVER_CAME = "never came"  # took nobody, and no answer either
    NOT_SENT = "not sent"
    ACCOUNT = "account"
    HOURS = "hours"
    CONTENT = "content"
    BATCH_REFUSED = "batch refused"
    DIES_BEFORE = "dies before"  # the worker, before the first byte
    DIES_AFTER = "dies after"  # the worker, after the provider took it


class Telling(StrEnum):
    """How a provider answers a question about the past."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILS = "fails"


@dataclass(frozen=True)
class Turn:
    """One call's fate. Of a batch it takes every recipient whose place is in `taken` (modulo 8), after
    `delay` seconds, and shows them in its list `lag` seconds later. `meanwhile` happens after that and
    before the answer."""

    fate: Fate = Fate.ACCEPTED
    taken: int = 0xFF
    delay: int = 0
    lag: int = 0
    meanwhile: str = ""


class WorkerDied(BaseException):
    """kill -9 in mid-call: nothing of ours runs any more for this call."""


@dataclass(frozen=True)
class Entry:
    """One message that the provider took."""

    pk: str
    address: str
    text: str
    reference: str
    at: datetime
    visible_at: datetime


_FAILURES: dict[Fate, Callable[[], GatewayError]] = {
    Fate.NOT_SENT: lambda: NotSent("refused", trouble=Trouble.NETWORK),
    Fate.ACCOUNT: lambda: NotSent("credit", trouble=Trouble.ACCOUNT),
    Fate.HOURS: lambda: NotSent("time_not_allowed", trouble=Trouble.HOURS),
    Fate.CONTENT: lambda: NotSent("text_not_allowed", trouble=Trouble.CONTENT),
    Fate.NEVER_CAME: lambda: OutcomeUnknown("timeout", trouble=Trouble.NETWORK),
}


@dataclass
class SimulatedProvider:
    """A `Gateway` whose accounts are open to the test. `clock` reads the simulated instant,
    `monotonic` the reading that belongs to it."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    meanwhile: Callable[[str, Batch], None]
    took: Callable[[Entry, Batch], None]
    code: str = "sms"
    max_batch: int = 3
    rate: float = 0.0
    can_lookup: bool = True
    can_list: bool = False
    can_receive: bool = False
    can_stop: bool = False
    needs_audio: bool = False
    telling: Telling = Telling.COMPLETE
    is_back: bool = True
    turns: list[Turn] = field(default_factory=list)
    ledger: list[Entry] = field(default_factory=list)
    ids: count[int] = field(default_factory=lambda: count(1))

    async def send(self, batch: Batch) -> Answer:
        turn = self.turns.pop(0) if self.turns else Turn()
        # A claim hands them out in the order of the database's plan, which is not the same every time.
        batch = replace(batch, addresses=sorted(batch.addresses))
        if batch.write_before is not None and self.monotonic() >= batch.write_before:
            raise NotSent("deadline_passed", trouble=Trouble.LATE)
        if turn.fate is Fate.DIES_BEFORE:
            raise WorkerDied
        if turn.fate in _FAILURES:
            self.meanwhile(turn.meanwhile, batch)
            raise _FAILURES[turn.fate]()
        if turn.fate is Fate.BATCH_REFUSED:
            self.meanwhile(turn.meanwhile, batch)
            return self._refuse(batch)
        taken = [self._take(address, batch, turn) for address in self._chosen(batch, turn)]
        self.meanwhile(turn.meanwhile, batch)
        if turn.fate is Fate.DIES_AFTER:
            raise WorkerDied
        if turn.fate is Fate.LOST:
            raise OutcomeUnknown("read_timeout", trouble=Trouble.NETWORK)
        return self._answer(batch, turn, taken)

    def _chosen(self, batch: Batch, turn: Turn) -> list[str]:
        in_part = turn.fate in (Fate.REJECTED_IN_PART, Fate.LOST, Fate.DIES_AFTER)
        return [a for n, a in enumerate(batch.addresses) if not in_part or turn.taken >> (n % 8) & 1]

    def _refuse(self, batch: Batch) -> Answer:
        if len(batch.addresses) > 1:
            raise BatchRefused("mobile_not_valid")
        return Answer({batch.addresses[0]: RecipientOutcome(Result.REJECTED, status="mobile_not_valid")})

    def _take(self, address: str, batch: Batch, turn: Turn) -> Entry:
        at = self.clock() + timedelta(seconds=turn.delay)
        entry = Entry(
            str(next(self.ids)),
            address,
            batch.text,
            batch.reference,
            at,
            at + timedelta(seconds=turn.lag),
        )
        self.ledger.append(entry)
        self.took(entry, batch)
        return entry

    def _answer(self, batch: Batch, turn: Turn, taken: Sequence[Entry]) -> Answer:
        outcomes = {e.address: RecipientOutcome(Result.ACCEPTED, e.pk, "Success") for e in taken}
        if turn.fate is Fate.ANSWERED_IN_PART:
            outcomes = {
                e.address: outcomes[e.address] for n, e in enumerate(taken) if turn.taken >> (n % 8) & 1
            }
        if turn.fate is Fate.REJECTED_IN_PART:
            refused = RecipientOutcome(Result.REJECTED, status="MobileBlacklisted")
            outcomes = {a: outcomes.get(a, refused) for a in batch.addresses}
        if turn.fate is Fate.STRANGERS:
            stranger = RecipientOutcome(Result.ACCEPTED, "999999", "Success")
            outcomes |= {"+989999999999": stranger, "": stranger}
        return Answer(outcomes, campaign_id=f"c{batch.reference}", raw="{}")

    async def account(self) -> Account:
        if not self.is_back:
            raise NotSent("refused", trouble=Trouble.NETWORK)
        return Account("شرکت", 1_000_000)

    async def make_audio(self, text: str, title: str) -> int:
        raise NotSent("no_audio_for_sms", trouble=Trouble.CONTENT)

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """What its list shows now of this text to these numbers. Honest: complete is complete."""
        if self.telling is Telling.FAILS:
            raise OutcomeUnknown("http_502")
        now = self.clock()
        slack = timedelta(minutes=2)
        # Two messages of one text may have gone to one number: each is a record of its own.
        records: dict[str, list[RecipientOutcome]] = {}
        for e in self.ledger:
            is_meant = e.text == batch.text and e.address in set(batch.addresses)
            if is_meant and e.visible_at <= now and since - slack <= e.at <= until + slack:
                records.setdefault(e.address, []).append(RecipientOutcome(Result.ACCEPTED, e.pk, "found"))
        is_complete = self.telling is not Telling.INCOMPLETE
        if not is_complete:
            records = dict(list(records.items())[: len(records) // 2])
        found = {address: rows[-1] for address, rows in records.items()}
        return Lookup(complete=is_complete, found=found, records=records)

    async def close(self) -> None:
        return None
