"""The dispatch as a state machine: people, stops, hours, workers and a provider in any order of steps.

What people did is remembered (`reference.Memory`) by what the actions acknowledged. What the machine does
is judged when the provider takes a recipient (`_took`), at every claim, and after every step (`checks`).
At the end of each sequence everything is drained, and nobody may be left without an explanation.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from gateways.base import Batch
from messaging.dispatch.claim import Claim
from messaging.models import Override
from tests.guards import as_owner
from tests.simulation import checks
from tests.simulation.acts import Acts
from tests.simulation.provider import Entry, Telling, Turn
from tests.simulation.reference import ANY_TIME, Memory, Person, next_begin, within_the_procedure
from tests.simulation.steps import (
    DRAIN_ROUNDS,
    HOUR,
    LANDLINE,
    MOBILES,
    QUIET_SECONDS,
    Edge,
    Wish,
    hours,
    late_turns,
    some_turns,
    waits,
    which,
    wishes,
)
from tests.simulation.world import Row, Worker


@dataclass(frozen=True)
class Leave:
    """What the memory said at the instant of a claim."""

    memory: Memory

    def check(self, note_pk: int, entry: Entry) -> None:
        """The provider took somebody: it was allowed when the claim was made, and still is in time."""
        note = self.memory.notes[note_pk]
        person = self.memory.people.get(entry.address)
        assert person is not None, f"nobody has this number: {entry}"
        refusals = self.memory.refusals(note, person)
        assert not refusals, f"taken in spite of {refusals}: {entry}"
        holds = [h for h in self.memory.holds(note, person) if h != "operator_down" or self.memory.declared]
        assert not holds, f"taken in spite of {holds}: {entry}"
        ends = self.memory.leave_ends(note)
        assert ends is None or entry.at < ends, f"taken after the leave ended at {ends}: {entry}"


def note_of(reference: str) -> int:
    """The message that a call was made for, from the call's name at the provider."""
    return int(reference.split("-")[1])


class DispatchMachine(Acts):
    """The rules, and what must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves: dict[str, Leave] = {}
        self.before: dict[int, Row] = {}
        self.seen: list[Row] = []

    @initialize(
        flags=st.lists(st.sampled_from([*[""] * 6, "no_promotional", "no_messages"]), max_size=5),
        promotional=hours,
        others=st.sampled_from([(), (), ANY_TIME]),
        can_lookup=st.sampled_from([True, True, True, False]),
        max_batch=st.integers(1, 4),
        first=st.lists(wishes, min_size=1, max_size=2),
    )
    def begin(
        self,
        flags: list[str],
        promotional: Any,
        others: Any,
        can_lookup: bool,
        max_batch: int,
        first: list[Wish],
    ) -> None:
        with self._step():
            self.world.provider.can_lookup = can_lookup
            self.world.provider.max_batch = max_batch
            for n, address in enumerate((*MOBILES, LANDLINE)):
                self.memory.people[address] = Person(address, ("vip",) if n % 2 else ())
            for address, flag in zip(MOBILES, flags, strict=False):
                if flag:
                    setattr(self.memory.people[address], flag, True)
            self.world.add_people(self.memory.people.values())
            self._set_hours("promotional", promotional)
            if others:
                self._set_hours("survey", others)
            for wish in first:
                self._submit(wish)
            self._plan()

    @rule(wait=waits, pick=which)
    def time_passes(self, wait: int | Edge, pick: int) -> None:
        with self._step():
            if isinstance(wait, Edge):
                self._wait_until_something_ends(wait.seconds, pick)
            else:
                self._advance(wait)

    @rule(
        pick=which,
        flag=st.sampled_from(["no_promotional", "no_messages", "call_open"]),
        value=st.booleans(),
    )
    def customer_decides(self, pick: int, flag: str, value: bool) -> None:
        with self._step():
            address = self._address(pick)
            if flag != "call_open":
                self._set_flag(address, flag, value)
            elif value:
                self._open_call(address)
            else:
                self._close_call(address)

    @precondition(lambda self: len(self.memory.notes) < 6)
    @rule(wish=wishes, is_planned=st.booleans())
    def somebody_submits(self, wish: Wish, is_planned: bool) -> None:
        with self._step():
            self._submit(wish)
            if is_planned:
                self._plan()

    @rule(pick=which, what=st.sampled_from([*["pause"] * 3, *["resume"] * 8, "cancel"]))
    def somebody_stops(self, pick: int, what: str) -> None:
        with self._step():
            self._stop(self._note(pick), what)

    @rule(
        pick=which,
        what=st.sampled_from(["ask", *["approve"] * 4, "approve other content", "revoke"]),
        life=st.sampled_from([HOUR, 24 * HOUR]),
    )
    def emergency(self, pick: int, what: str, life: int) -> None:
        """Rows, since the chain of decisions is not built yet (C7.4)."""
        with self._step():
            note, now = self._note(pick), self.world.now
            if note.approval is None:
                if what == "ask":
                    self._ask_for_override(note)
            elif what == "revoke" and not note.approval.revoked:
                with as_owner():
                    Override.objects.filter(message_id=note.pk).update(revoked_at=now)
                note.approval.revoked = True
            elif what.startswith("approve") and note.approval.is_pending():
                self._approve(note, now + timedelta(seconds=life), what == "approve")

    @rule(purpose=st.sampled_from(["promotional", "promotional", "survey"]), given=hours)
    def hours_change(self, purpose: str, given: Any) -> None:
        with self._step():
            self._set_hours(purpose, given)

    @rule(what=st.sampled_from(["begins", *["ends"] * 6, *["is probed"] * 3, "is probed in vain"]))
    def outage(self, what: str) -> None:
        with self._step():
            if what == "begins":
                self._declare()
            elif what == "ends":
                self._end_outages()
            else:
                self.world.provider.is_back = what == "is probed"
                self.world.probe()

    @rule(pick=which, of=which)
    def worker_looks(self, pick: int, of: int) -> None:
        with self._step():
            worker = self._worker(pick)
            if not worker.is_busy:
                self._look(worker, of)

    @rule(pick=which, of=which, limit=st.integers(1, 4))
    def worker_claims(self, pick: int, of: int, limit: int) -> None:
        with self._step():
            self._claim(self._worker(pick), of, limit)

    @precondition(lambda self: any(w.is_busy for w in self.world.workers))
    @rule(pick=which, turn=some_turns | late_turns)
    def worker_sends(self, pick: int, turn: Turn) -> None:
        with self._step():
            busy = [w for w in self.world.workers if w.is_busy]
            self._send(busy[pick % len(busy)], turn)

    @rule(pick=which, of=which, limit=st.integers(1, 4), turn=some_turns)
    def worker_claims_and_sends(self, pick: int, of: int, limit: int, turn: Turn) -> None:
        with self._step():
            worker = self._worker(pick)
            self._claim(worker, of, limit)
            if worker.is_busy:
                self._send(worker, turn)

    @rule(pick=which, given=st.lists(some_turns, max_size=4))
    def pump_turns(self, pick: int, given: list[Turn]) -> None:
        """A whole turn of a pump: plan, claim and send until nothing may go, sweep."""
        with self._step():
            self._pump(self._worker(pick), given)

    @rule(
        what=st.sampled_from(["plan", "sweep", *Telling, *Telling, *[Telling.COMPLETE] * 2]),
        wait=st.sampled_from([0, 31, 61, 92]),
    )
    def beat(self, what: str, wait: int) -> None:
        with self._step():
            if what == "plan":
                self._plan()
            elif what == "sweep":
                self.world.sweep()
            else:
                self._advance(wait)
                self.world.recover()
                self.world.provider.telling = Telling(what)
                self.world.settle()
                self.world.provider.telling = Telling.COMPLETE

    # The workers

    def _worker(self, pick: int) -> Worker:
        return self.world.workers[pick % len(self.world.workers)]

    def _look(self, worker: Worker, of: int) -> bool:
        worker.hours = dict(self.memory.hours)
        return self.world.look(worker, of)

    def _claim(self, worker: Worker, of: int, limit: int) -> None:
        if worker.is_busy or (worker.looked is None and not self._look(worker, of)):
            return
        # Hours are read when the worker looks; everything else once more in the claim.
        leave = Leave(deepcopy(self.memory))
        leave.memory.hours = worker.hours
        waiting = {row.pk: row for row in self.world.rows() if row.state == "queued"}
        made = self.world.claim(worker, limit)
        self._check_claim(leave, waiting, worker, made, limit)

    def _check_claim(
        self, leave: Leave, waiting: dict[int, Row], worker: Worker, made: Claim | None, limit: int
    ) -> None:
        """Each row that the claim touched is where the reference would have put it."""
        assert worker.looked is not None
        touched = 0
        memory, note = leave.memory, leave.memory.notes[worker.looked.message.pk]
        for row in self.world.rows():
            old = waiting.get(row.pk)
            if old is None or (old.state, old.reason, old.not_before) == (
                row.state,
                row.reason,
                row.not_before,
            ):
                continue
            touched += 1
            assert row.message == note.pk, f"the claim of another message moved it: {row}"
            assert old.not_before is not None, f"claimed, though it waits for an event: {old}"
            assert old.not_before <= self.world.now, f"claimed too early: {old}"
            person = memory.people[row.address]
            refusals, holds = memory.refusals(note, person), memory.holds(note, person)
            if row.state == "sending":
                assert not refusals, f"claimed in spite of {refusals}: {row}"
                assert not holds, f"claimed in spite of {holds}: {row}"
            elif row.state == "queued":
                assert not refusals, f"held instead of refused for {refusals}: {row}"
                assert holds == ["voc_call_open"] == [row.reason], f"held in spite of {holds}: {row}"
            else:
                assert refusals[:1] == [row.reason], f"refused instead of {refusals}: {row}"
        assert touched == (made.touched if made else 0), "the claim says something else than it did"
        assert touched <= limit, "the claim took more than it may"
        if made is not None:
            self.leaves[f"amoot-{note.pk}-{made.call_id}"] = leave

    def _send(self, worker: Worker, turn: Turn) -> None:
        self.world.provider.turns = [turn]
        self.world.send(worker)
        self.world.provider.turns = []
        self._learn_pauses()

    def _pump(self, worker: Worker, given: list[Turn]) -> None:
        self.world.provider.turns = list(given)
        report = self.world.turn(worker)
        self.world.provider.turns = []
        self._learn_pauses()
        self._learn()
        self._check_plans(at_rest=False, died=report is None)
        if report is not None and not report.failures:
            self._nothing_waits_that_may_go(worker)

    def _nothing_waits_that_may_go(self, worker: Worker) -> None:
        """A turn without a failure leaves nobody waiting but for a reason."""
        if worker.pump.chooser.resting:
            return
        for row in self.world.rows():
            note = self.memory.notes[row.message]
            if row.state != "queued" or row.not_before is None or row.not_before > self.world.now:
                continue
            person = self.memory.people[row.address]
            ends = self.memory.leave_ends(note)
            too_near = ends is not None and ends - self.world.now <= timedelta(seconds=21)
            explained = self.memory.refusals(note, person) or self.memory.holds(note, person) or too_near
            assert explained, f"may go, and was left waiting: {row}"

    def _learn_pauses(self) -> None:
        """A provider that refuses the content has the machine pause the message."""
        for row in self.world.rows():
            self.memory.notes[row.message].paused |= row.status == "paused"

    # The judgement

    def _took(self, entry: Entry, batch: Batch) -> None:
        """The provider took somebody: the moment of truth."""
        message_pk = note_of(entry.reference)
        leave = self.leaves.get(entry.reference) or Leave(self.memory)
        leave.check(message_pk, entry)
        times = Counter((note_of(e.reference), e.address) for e in self.world.provider.ledger)
        assert times[message_pk, entry.address] == 1, f"taken twice: {entry}"

    def _meanwhile(self, what: str, batch: Batch) -> None:
        """What others do while a call is under way."""
        if what == "opted out":
            self._set_flag(batch.addresses[0], "no_messages", True)
        elif what == "cancelled":
            self._stop(self.memory.notes[note_of(batch.reference)], "cancel")
        elif what == "swept":
            self.world.sweep()
        elif what == "outage":
            self._declare()
        elif what:
            self._late(what)

    def _late(self, what: str) -> None:
        self._advance(31)
        self.world.recover()
        if what.startswith("settled"):
            self._advance(61)
            self.world.settle()
        if what == "settled and sent":
            turns, self.world.provider.turns = self.world.provider.turns, []
            self._end_outages()
            self._pump(self.world.new_worker(), turns)

    @invariant()
    def everybody_is_explained(self) -> None:
        if self.is_broken:
            return
        with self._step():
            rows = self.world.rows()
            if rows is self.seen:
                return
            self._learn()
            checks.check_moves(self.before, rows)
            checks.check_refusals(self.before, rows, self.memory)
            for row in rows:
                checks.check_row(row, self.memory)
            checks.check_ledger(rows, self.memory, self.world.provider.ledger)
            self.before, self.seen = {row.pk: row for row in rows}, rows

    def teardown(self) -> None:
        try:
            if not self.is_broken and self.memory.people:
                self._drain()
        finally:
            self.world.close()

    def _drain(self) -> None:
        """Every obstacle is taken away; then each recipient has to come to an end."""
        self.world.workers = [self.world.new_worker()]
        self.world.provider.is_back = True
        for purpose in ("promotional", *self.memory.hours):
            self._set_hours(purpose, ANY_TIME)
        for address, person in self.memory.people.items():
            if person.call_open:
                self._close_call(address)
        for note in self.memory.notes.values():
            if note.approval is not None and note.approval.is_pending():
                with as_owner():
                    Override.objects.filter(message_id=note.pk).update(revoked_at=self.world.now)
                note.approval.revoked = True
            if note.paused:
                self._stop(note, "resume")
        for settled in (False, False, False, *[True] * DRAIN_ROUNDS):
            self._advance(self._until_something_is_due() if settled else QUIET_SECONDS)
            self._drain_once()
            if self._is_over():
                return
        waiting = [row for row in self.world.rows() if row.state in checks.UNDER_WAY]
        raise AssertionError(f"not over: {waiting}")

    def _until_something_is_due(self) -> float:
        now = self.world.now
        due = [note.scheduled_at for note in self.memory.notes.values()]
        due += [row.not_before for row in self.world.rows() if row.state == "queued"]
        due.append(next_begin(within_the_procedure(ANY_TIME), now))  # promotion waits for the morning
        return (min((at for at in due if at and at > now), default=now) - now).total_seconds()

    def _drain_once(self) -> None:
        self.world.recover()
        self.world.settle()
        self._end_outages()
        self._pump(self.world.new_worker(), [])
        self.world.commit()
        self.everybody_is_explained()

    def _is_over(self) -> bool:
        """Whether nobody is under way any more, but for those of whom the provider cannot tell."""
        ended = {row.message: row.finished_at is not None for row in self.world.rows()}
        texts = Counter(note.text for note in self.memory.notes.values())
        for row in self.world.rows():
            shared = texts[self.memory.notes[row.message].text] > 1
            unknown = row.state == "unknown" and (shared or not self.world.provider.can_lookup)
            if row.state in checks.UNDER_WAY and not unknown:
                return False
            if unknown:
                ended[row.message] = True
        return all(ended.values())
