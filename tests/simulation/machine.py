"""The dispatch as a state machine: people, stops, hours, workers and a provider in any order of steps.

What people did is remembered (`reference.Memory`) by what the actions acknowledged. What the machine does
is judged when the provider takes a recipient (`_took`), at every claim, and after every step (`checks`).
At the end of each sequence everything is drained, and nobody may be left without an explanation.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from channels.actions import declare_outage, end_outage, set_windows
from channels.models import Outage
from contacts.actions.consent import close_call, open_call, set_consent
from contacts.models import Contact
from messaging.actions.plan import plan_waiting
from messaging.actions.stop import cancel, pause, resume
from messaging.actions.submit import Draft, submit
from messaging.audience import Audience, everybody, from_lines, with_tag
from messaging.dispatch.claim import Claim
from messaging.facts import content_hash
from messaging.gateways.base import Batch
from messaging.models import Override
from tests.simulation import checks
from tests.simulation.provider import Entry, Fate, SimulatedProvider, Telling, Turn
from tests.simulation.reference import ANY_TIME, Approval, Memory, Note, Person, turns
from tests.simulation.world import Row, Stage, Worker, World

HOUR = 3600
PURPOSES = ("promotional", "notification", "survey")
MOBILES = tuple(f"+98912100000{n}" for n in range(5))
LANDLINE = "+982122000001"
STRANGERS = ("+989121000077", "+989121000088")
LINES = (*MOBILES[:3], MOBILES[0], LANDLINE, *STRANGERS, "سلام", "12")
DRAIN_ROUNDS = 60

every_day = st.tuples(st.sampled_from([0, 480, 720, 721]), st.sampled_from([722, 780, 1320, 1440])).map(
    lambda span: tuple((day, *span) for day in range(7))
)
# Noon of the first day is where every sequence begins.
some_day = st.sampled_from([(), ((0, 0, 722), (1, 480, 1440))]) | every_day
hours = st.sampled_from([True, True, True, False]).flatmap(lambda always: st.just(ANY_TIME) if always else some_day)
which = st.integers(0, 5)


@dataclass(frozen=True)
class Edge:
    """So many seconds from the instant at which something begins or ends."""

    seconds: int


# The last instants of a lease, a deadline, an answer and a window are where mistakes live.
waits = st.sampled_from([1, 7, 8, 9, 21, 31, 61, 61, 61, 120, 16 * 60, HOUR, 24 * HOUR]) | st.sampled_from(
    [-29, -28, -22, -21, -20, -9, -1, 0, 1]
).map(Edge)


@dataclass(frozen=True)
class Wish:
    """What somebody submits; `starts` and `lives` in seconds."""

    purpose: str
    audience: str
    lines: tuple[str, ...]
    starts: int | None
    lives: int | None
    same_text: bool

    def meant(self) -> Audience:
        if self.audience == "file":
            return from_lines(["شماره", *self.lines], "f.csv")
        return everybody() if self.audience == "all" else with_tag("vip")


wishes = st.builds(
    Wish,
    purpose=st.sampled_from(["promotional", "promotional", "notification", "survey"]),
    audience=st.sampled_from(["all", "all", "all", "tag", "file"]),
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=5).map(tuple),
    starts=st.sampled_from([*[None] * 9, 30, 600, 26 * HOUR]),
    lives=st.sampled_from([*[None] * 7, 25, 300, 2 * HOUR, 30 * HOUR]),
    same_text=st.sampled_from([False, False, False, True]),
)
fates = st.sampled_from([*Fate, *[Fate.ACCEPTED] * 5, Fate.LOST, Fate.LOST, Fate.DIES_AFTER])
# How long a provider takes at most (`GATEWAY_TIMEOUT_SECONDS`), and until it shows what it took:
# together no longer than the quiet period, else it could not be settled with at all.
some_turns = st.builds(
    Turn,
    fate=fates,
    taken=st.sampled_from([0, 1, 2, 5, 0xFF]),
    delay=st.sampled_from([0, 0, 7, 20]),
    lag=st.sampled_from([0, 0, 40]),
    meanwhile=st.sampled_from([*[""] * 8, "opted out", "cancelled", "swept", "outage"]),
)
# Only a worker that was stopped in mid-call hears so late.
late_turns = st.builds(
    Turn,
    fate=fates,
    taken=st.sampled_from([0, 1, 2, 5, 0xFF]),
    meanwhile=st.sampled_from(["lease over", "settled", "settled and sent"]),
)


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


class DispatchMachine(RuleBasedStateMachine):
    """One sequence. `stage` is set by the test: the rows that all sequences share."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.stage, self._make_provider)
        self.memory = Memory(self.world.now)
        self.leaves: dict[str, Leave] = {}
        self.before: dict[int, Row] = {}
        self.seen: list[Row] = []
        self.last_text = ""
        self.is_broken = False

    def _make_provider(self, world: World) -> SimulatedProvider:
        return SimulatedProvider(world.clock, time.monotonic, self._meanwhile, self._took)

    @contextmanager
    def _step(self) -> Iterator[None]:
        """A sequence that failed is not drained: the first failure is the one to read."""
        try:
            yield
            self.world.commit()
        except BaseException:
            self.is_broken = True
            raise

    def _learn(self) -> None:
        """What the machine did by itself: an outage that it detected, a message that it paused."""
        origins = set(Outage.objects.open().values_list("origin", flat=True))
        self.memory.detected = "detected" in origins
        assert self.memory.declared == ("declared" in origins)

    # The day

    @initialize(
        flags=st.lists(
            st.sampled_from(["", "", "", "no_promotional", "no_messages", "call_open"]), max_size=5
        ),
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
            Contact.objects.bulk_create(
                Contact(
                    mobile=p.address if p.is_mobile else None,
                    phone=None if p.is_mobile else p.address,
                    tags=list(p.tags),
                    created_at=self.world.now,
                    updated_at=self.world.now,
                )
                for p in self.memory.people.values()
            )
            for address, flag in zip(MOBILES, flags, strict=False):
                if flag == "call_open":
                    self._open_call(address)
                elif flag:
                    self._set_flag(address, flag, True)
            self._set_hours("promotional", promotional)
            self._set_hours("survey", others)
            for wish in first:
                self._submit(wish)
            self._plan()

    def _advance(self, seconds: float) -> None:
        self.world.clock.advance(max(seconds, 0))
        self.memory.now = self.world.now
        for worker in self.world.workers:
            if not worker.is_busy:
                worker.looked = None  # believed for half a second only

    @rule(wait=waits, pick=which)
    def time_passes(self, wait: int | Edge, pick: int) -> None:
        with self._step():
            if isinstance(wait, Edge):
                self._wait_until_something_ends(wait.seconds, pick)
            else:
                self._advance(wait)

    def _wait_until_something_ends(self, edge: int, pick: int) -> None:
        """To just before, at or after an opening, a close, a schedule, an expiry, an override's end."""
        now = self.world.now
        ends = {turns(h, now)[0] for h in self.memory.hours.values() if h and h != ANY_TIME}
        for note in self.memory.notes.values():
            approval_ends = note.approval.expires_at if note.approval else None
            ends |= {at for at in (note.scheduled_at, note.expires_at, approval_ends) if at and at > now}
        if ends:
            chosen = sorted(ends)[pick % len(ends)] + timedelta(seconds=edge)
            self._advance((chosen - now).total_seconds())

    # People

    def _set_flag(self, address: str, flag: str, value: bool) -> None:
        set_consent(
            contact=self.world.contact(address),
            flag=flag,
            value=value,
            reason="چنین گفت",
            by=self.stage.voc,
            now=self.world.now,
        )
        self.world.commit()
        setattr(self.memory.people[address], flag, value)
        if value:
            self._nothing_waits_that_is_refused(address)

    def _nothing_waits_that_is_refused(self, address: str) -> None:
        person = self.memory.people[address]
        for row in self.world.rows():
            if row.address == address and row.state == "queued":
                refusals = self.memory.refusals(self.memory.notes[row.message], person)
                own = {"no_messages", "no_promotional"} & set(refusals)
                assert not own, f"acknowledged, and still waiting in spite of {own}: {row}"

    def _open_call(self, address: str) -> None:
        open_call(contact=self.world.contact(address), by=self.stage.voc, now=self.world.now)
        self.world.commit()
        self.memory.people[address].call_open = True

    def _address(self, pick: int) -> str:
        addresses = sorted(self.memory.people)
        return addresses[pick % len(addresses)]

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

    def _close_call(self, address: str) -> None:
        close_call(contact=self.world.contact(address), by=self.stage.voc, now=self.world.now)
        self.world.commit()
        self.memory.people[address].call_open = False

    # Messages

    @precondition(lambda self: len(self.memory.notes) < 6)
    @rule(wish=wishes, is_planned=st.booleans())
    def somebody_submits(self, wish: Wish, is_planned: bool) -> None:
        with self._step():
            self._submit(wish)
            if is_planned:
                self._plan()

    def _submit(self, wish: Wish) -> None:
        if not (wish.same_text and self.last_text):
            self.last_text = f"متن {len(self.memory.notes)}"
        scheduled_at = None if wish.starts is None else self.world.now + timedelta(seconds=wish.starts)
        expires_at = (
            None if wish.lives is None else (scheduled_at or self.world.now) + timedelta(seconds=wish.lives)
        )
        draft = Draft(
            self.world.channel, wish.purpose, self.last_text, wish.meant(), scheduled_at, expires_at
        )
        message = submit(draft, by=self.stage.sender, now=self.world.now)
        note = Note(message.pk, wish.purpose, self.last_text, scheduled_at, expires_at)
        if wish.audience == "file":
            note.lines = wish.lines
            for line in wish.lines:
                if line.startswith("+98"):
                    self.memory.people.setdefault(line, Person(line))
        else:
            note.everybody = wish.audience
        self.memory.notes[message.pk] = note

    def _plan(self) -> None:
        plan_waiting(self.stage.channel.code, now=self.world.now)
        self._check_plans()

    def _check_plans(self) -> None:
        new = [n for n in self.memory.notes.values() if not n.planned and not n.cancelled]
        rows = self.world.rows() if new else []
        for note in new:
            checks.check_plan(note, rows, self.memory)
            note.planned = True

    def _note(self, pick: int) -> Note:
        return list(self.memory.notes.values())[pick % len(self.memory.notes)]

    @rule(pick=which, what=st.sampled_from([*["pause"] * 3, *["resume"] * 8, "cancel"]))
    def somebody_stops(self, pick: int, what: str) -> None:
        with self._step():
            self._stop(self._note(pick), what)

    def _stop(self, note: Note, what: str) -> None:
        message = self.world.message(note.pk)
        act = {"pause": pause, "resume": resume, "cancel": cancel}[what]
        try:
            act(message, by=self.stage.sender, now=self.world.now)
        except ValidationError:
            return
        note.cancelled = note.cancelled or what == "cancel"
        note.paused = what == "pause" or (note.paused and what == "cancel")

    @rule(
        pick=which,
        what=st.sampled_from(["ask", *["approve"] * 4, "approve other content", "revoke"]),
        life=st.sampled_from([HOUR, 24 * HOUR]),
    )
    def emergency(self, pick: int, what: str, life: int) -> None:
        """Rows, since the chain of decisions is not built yet (C7.4)."""
        with self._step():
            note, now = self._note(pick), self.world.now
            message = self.world.message(note.pk)
            asked = Override.objects.filter(message=message).first()
            if what == "ask" and asked is None:
                self._ask_for_override(message, note)
            elif what == "revoke" and asked is not None and not note.approval.revoked:
                Override.objects.filter(pk=asked.pk).update(revoked_at=now)
                note.approval.revoked = True
            elif what.startswith("approve") and asked is not None and note.approval.is_pending():
                ends, same = now + timedelta(seconds=life), what == "approve"
                Override.objects.filter(pk=asked.pk).update(
                    approved_at=now,
                    approved_by=self.stage.senior,
                    expires_at=ends,
                    content_hash=content_hash(message) if same else "0" * 64,
                )
                note.approval = Approval(now, ends, same_content=same)

    def _ask_for_override(self, message: Any, note: Note) -> None:
        Override.objects.create(
            message=message,
            reason="قطع سراسری",
            content_hash=content_hash(message),
            requested_by=self.stage.sender,
            requested_at=self.world.now,
        )
        note.approval = Approval()

    # The channel

    def _set_hours(self, purpose: str, given: Any) -> None:
        set_windows(
            channel=self.world.channel,
            purpose=purpose,
            intervals=given,
            by=self.stage.admin,
            now=self.world.now,
        )
        self.memory.hours[purpose] = given

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

    def _declare(self) -> None:
        if not self.memory.declared:
            declare_outage(
                channel=self.world.channel, reason="قطع شبکه", by=self.stage.it, now=self.world.now
            )
            self.memory.declared = True

    def _end_outages(self) -> None:
        for outage in Outage.objects.open():
            end_outage(outage=outage, by=self.stage.it, now=self.world.now)
        self.memory.declared = self.memory.detected = False

    # The workers

    def _worker(self, pick: int) -> Worker:
        return self.world.workers[pick % len(self.world.workers)]

    @rule(pick=which, of=which)
    def worker_looks(self, pick: int, of: int) -> None:
        with self._step():
            worker = self._worker(pick)
            if not worker.is_busy:
                self._look(worker, of)

    def _look(self, worker: Worker, of: int) -> bool:
        worker.hours = dict(self.memory.hours)
        return self.world.look(worker, of)

    @rule(pick=which, of=which, limit=st.integers(1, 4))
    def worker_claims(self, pick: int, of: int, limit: int) -> None:
        with self._step():
            self._claim(self._worker(pick), of, limit)

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

    @precondition(lambda self: any(w.is_busy for w in self.world.workers))
    @rule(pick=which, turn=some_turns | late_turns)
    def worker_sends(self, pick: int, turn: Turn) -> None:
        with self._step():
            busy = [w for w in self.world.workers if w.is_busy]
            self._send(busy[pick % len(busy)], turn)

    def _send(self, worker: Worker, turn: Turn) -> None:
        self.world.provider.turns = [turn]
        self.world.send(worker)
        self.world.provider.turns = []
        self._learn_pauses()

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

    def _pump(self, worker: Worker, given: list[Turn]) -> None:
        self.world.provider.turns = list(given)
        report = self.world.turn(worker)
        self.world.provider.turns = []
        self._learn_pauses()
        self._learn()
        self._check_plans()
        if report is not None and not report.failures:
            self._nothing_waits_that_may_go(worker)

    def _nothing_waits_that_may_go(self, worker: Worker) -> None:
        """A turn without a failure leaves nobody waiting but for a reason."""
        if worker.pump._resting:
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

    def _took(self, entry: Entry, batch: Batch) -> None:
        """The provider took somebody: the moment of truth."""
        message_pk = int(entry.reference.split("-")[1])
        leave = self.leaves.get(entry.reference) or Leave(self.memory)
        leave.check(message_pk, entry)
        times = Counter((e.reference.split("-")[1], e.address) for e in self.world.provider.ledger)
        assert times[str(message_pk), entry.address] == 1, f"taken twice: {entry}"

    def _meanwhile(self, what: str) -> None:
        """What others do while a call is under way."""
        if what == "opted out":
            self._set_flag(MOBILES[0], "no_messages", True)
        elif what == "cancelled":
            self._stop(self._note(0), "cancel")
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

    # The beat

    @rule(what=st.sampled_from(["plan", "sweep", *Telling, *[Telling.COMPLETE] * 3]))
    def beat(self, what: str) -> None:
        with self._step():
            if what == "plan":
                self._plan()
            elif what == "sweep":
                self.world.sweep()
            else:
                self.world.recover()
                self.world.provider.telling = Telling(what)
                self.world.settle()
                self.world.provider.telling = Telling.COMPLETE

    # What must hold

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

    # The end of the day

    def _drain(self) -> None:
        """Every obstacle is taken away; then each recipient has to come to an end."""
        self.world.workers = [self.world.new_worker()]
        self.world.provider.is_back = True
        for purpose in PURPOSES:
            self._set_hours(purpose, ANY_TIME)
        for address, person in self.memory.people.items():
            if person.call_open:
                self._close_call(address)
        for note in self.memory.notes.values():
            if note.approval is not None and note.approval.is_pending():
                Override.objects.filter(message_id=note.pk).update(revoked_at=self.world.now)
                note.approval.revoked = True
            if note.paused:
                self._stop(note, "resume")
        for _n in range(DRAIN_ROUNDS):
            self._drain_once()
            if self._is_over():
                return
        raise AssertionError(
            f"not over: {[row for row in self.world.rows() if row.state in checks.UNDER_WAY]}"
        )

    def _drain_once(self) -> None:
        later = [n.scheduled_at for n in self.memory.notes.values() if n.scheduled_at]
        coming = min((at for at in later if at > self.world.now), default=self.world.now)
        self._advance(max(61, 0 if self._is_anybody_due() else (coming - self.world.now).total_seconds()))
        self.world.recover()
        self.world.settle()
        self._end_outages()
        self._pump(self.world.new_worker(), [])
        self.world.commit()
        self.everybody_is_explained()

    def _is_anybody_due(self) -> bool:
        return any(row.state in ("sending", "unknown") for row in self.world.rows())

    def _is_over(self) -> bool:
        """Whether nobody is under way any more, but for those of whom the provider cannot tell."""
        ended = {row.message: row.finished_at is not None for row in self.world.rows()}
        texts = Counter(note.text for note in self.memory.notes.values())
        for row in self.world.rows():
            shared = texts[self.memory.notes[row.message].text] > 1
            in_doubt = row.state == "unknown" and (shared or not self.world.provider.can_lookup)
            if row.state in checks.UNDER_WAY and not in_doubt:
                return False
            if in_doubt:
                ended[row.message] = True
        return all(ended.values())
