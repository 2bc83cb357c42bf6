"""What people and time do: every act is the product's own, and remembered once it was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from hypothesis.stateful import RuleBasedStateMachine

from channels.actions import declare_outage, end_outage, set_windows
from channels.models import Outage
from contacts.consent.actions import close_call, open_call, set_consent
from gateways.base import Batch
from messaging.actions.plan import plan_waiting
from messaging.actions.stop import cancel, pause, resume
from messaging.actions.submit import Draft, submit
from messaging.evaluation.facts import content_hash
from messaging.models import Override
from tests.guards import as_owner, unguarded
from tests.simulation import checks
from tests.simulation.provider import Entry
from tests.simulation.reference import (
    ANY_TIME,
    Approval,
    Memory,
    Note,
    Person,
    turns,
    within_the_procedure,
)
from tests.simulation.steps import Wish
from tests.simulation.world import Stage, World


class Acts(RuleBasedStateMachine):
    """One sequence's world and memory. `stage` is set by the test: the rows that all sequences share."""

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.stage, self._took, self._meanwhile)
        self.memory = Memory(self.world.now)
        self.last_text = ""
        self.is_broken = False

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

    def _advance(self, seconds: float) -> None:
        self.world.clock.advance(max(seconds, 0))
        self.memory.now = self.world.now
        for worker in self.world.workers:
            if not worker.is_busy:
                worker.looked = None  # believed for half a second only

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

    def _address(self, pick: int) -> str:
        addresses = sorted(self.memory.people)
        return addresses[pick % len(addresses)]

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
        # An expert's decision, also one that changes nothing, ends the call that it is about (reading 15).
        self.memory.people[address].call_open = False
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

    def _close_call(self, address: str) -> None:
        close_call(contact=self.world.contact(address), by=self.stage.voc, now=self.world.now)
        self.world.commit()
        self.memory.people[address].call_open = False

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
        message = submit(draft=draft, by=self.stage.sender, now=self.world.now)
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

    def _check_plans(self, *, at_rest: bool = True, died: bool = False) -> None:
        """Whoever `died` may have died before it planned."""
        new = [n for n in self.memory.notes.values() if not n.planned and not n.cancelled]
        rows = self.world.rows() if new else []
        begun = {row.message for row in rows}
        for note in new:
            if died and note.pk not in begun:
                continue
            checks.check_plan(note, rows, self.memory, at_rest=at_rest)
            note.planned = True

    def _note(self, pick: int) -> Note:
        return list(self.memory.notes.values())[pick % len(self.memory.notes)]

    def _stop(self, note: Note, what: str) -> None:
        message = self.world.message(note.pk)
        act = {"pause": pause, "resume": resume, "cancel": cancel}[what]
        try:
            act(message=message, by=self.stage.sender, now=self.world.now)
        except ValidationError:
            return
        note.cancelled = note.cancelled or what == "cancel"
        note.paused = what == "pause" or (note.paused and what == "cancel")

    def _ask_for_override(self, note: Note) -> None:
        message = self.world.message(note.pk)
        with as_owner():
            Override.objects.create(
                message=message,
                reason="قطع سراسری",
                content_hash=content_hash(message),
                requested_by=self.stage.sender,
                requested_at=self.world.now,
            )
        note.approval = Approval()

    def _approve(self, note: Note, ends: datetime, same_content: bool) -> None:
        override = Override.objects.filter(message_id=note.pk)
        with as_owner():
            override.update(approved_at=self.world.now, approved_by=self.stage.senior, expires_at=ends)
        if not same_content:
            with unguarded():
                override.update(content_hash="0" * 64)
        note.approval = Approval(self.world.now, ends, same_content=same_content)

    def _set_hours(self, purpose: str, given: Any) -> None:
        if purpose == "promotional":
            given = within_the_procedure(given)
        set_windows(
            channel=self.world.channel,
            purpose=purpose,
            intervals=given,
            reason="ساعت‌های تازه",
            by=self.stage.senior,
            now=self.world.now,
        )
        self.memory.hours[purpose] = given

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

    def _meanwhile(self, what: str, batch: Batch) -> None:
        """What others do while a call is under way."""
        raise NotImplementedError

    def _took(self, entry: Entry, batch: Batch) -> None:
        """The provider took somebody."""
        raise NotImplementedError
