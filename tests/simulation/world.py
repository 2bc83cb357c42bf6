"""The one place where the machine touches the product: rows, actions, workers, a clock that obeys.

Every sequence runs in one transaction that is taken back at the end, on one connection: what is
interleaved here are steps. Locks and snapshots of several connections are the matter of the races in
`tests/messaging` and of `tests/faults`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar, cast
from unittest.mock import patch

from django.db import connection, transaction

from channels.models import Channel
from common.monotonic import monotonic
from contacts.models import Contact
from gateways.base import Batch, Gateway
from messaging.actions.sweep import sweep_channel
from messaging.dispatch.claim import Claim, claim
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.pump import Pump, PumpReport
from messaging.dispatch.record import recover
from messaging.dispatch.send import send_claim
from messaging.evaluation.facts import MessageDecision, decision_of
from messaging.models import Message
from messaging.policy.decide import Verdict
from messaging.settlement.ask import settle_channel
from tests.factories import NOW, ChannelFactory, EmployeeFactory, UserFactory
from tests.guards import unguarded
from tests.simulation.provider import Entry, SimulatedProvider, WorkerDied
from tests.simulation.reference import Hours, Person

T = TypeVar("T")

# Long enough that no turn of a pump ends for want of time.
PLENTY_SECONDS = 1e9


class Clock:
    """The database's clock of the simulation: it stands still until somebody moves it forward."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def clock_gettime(self, _which: int) -> float:
        """What `common.monotonic` reads: deadlines and ages pass as the simulated time does, and a busy
        machine changes no sequence."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += timedelta(seconds=seconds)


class PromptClient(GatewayClient):
    """A client whose provider never makes it wait: the coroutine is run to its end without a loop."""

    def ask(self, question: Coroutine[Any, Any, T], *, seconds: float | None = None) -> T:
        try:
            question.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        raise AssertionError("the simulated provider waited")


class Row(NamedTuple):
    """One delivery as it stands."""

    pk: int
    message: int
    address: str
    state: str
    reason: str
    not_before: datetime | None
    call: int | None
    outcome: str | None  # of the call
    status: str  # of the message
    finished_at: datetime | None  # of the message


_ROWS = """SELECT d.id, d.message_id, d.address, d.state, d.reason, d.not_before, d.call_id, k.outcome,
           m.status, m.finished_at
      FROM messaging_delivery d
      JOIN messaging_message m ON m.id = d.message_id
      LEFT JOIN messaging_gatewaycall k ON k.id = d.call_id
     ORDER BY d.id
"""


class Stage:
    """Rows that every sequence shares, committed once a test."""

    def __init__(self) -> None:
        self.channel: Channel = ChannelFactory()
        self.sender = UserFactory(roles=["sender"])
        self.employee = EmployeeFactory(user=self.sender)
        self.voc = UserFactory(roles=["voc"])
        self.it = UserFactory(roles=["it"])
        self.senior = UserFactory(roles=["senior"])


class Looked(NamedTuple):
    """What a worker read of a message a moment ago."""

    message: Message
    message_decision: MessageDecision


@dataclass
class Worker:
    """One worker of many: its pump, what it read last, and a claim that it may have in hand."""

    pump: Pump
    looked: Looked | None = None
    hours: dict[str, Hours] = field(default_factory=dict)  # by the memory, when it looked
    claim: Claim | None = None

    @property
    def is_busy(self) -> bool:
        return self.claim is not None


class World:
    """The product on a simulated day."""

    def __init__(
        self, stage: Stage, took: Callable[[Entry, Batch], None], meanwhile: Callable[[str, Batch], None]
    ) -> None:
        self.stage = stage
        self.clock = Clock(NOW)
        self._stack = ExitStack()
        self._rows: list[Row] | None = None
        self._stack.enter_context(connection.execute_wrapper(self._notice))
        self._stack.enter_context(transaction.atomic())
        # A plan places customers in the order in which they lie in the table. Among what earlier sequences
        # left there, that is a matter of when PostgreSQL tidies up, and no two runs of a seed are alike.
        with unguarded(), connection.cursor() as cursor:  # the ledger may not be emptied
            cursor.execute("TRUNCATE contacts_contact, contacts_number, contacts_restriction CASCADE")
        self._stack.enter_context(patch("common.monotonic.time", self.clock))
        self.provider = SimulatedProvider(self.clock, monotonic, meanwhile, took)
        # It answers what the dispatch asks; nobody asks it for reports or lists.
        self.client = PromptClient(cast("Gateway", self.provider))
        self.workers = [self.new_worker() for _n in range(3)]

    def close(self) -> None:
        connection.run_on_commit = []
        transaction.set_rollback(True)
        self._stack.close()

    def commit(self) -> None:
        """What is run after a commit is run now: the sequence's own transaction has none."""
        while connection.run_on_commit:
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for registered in waiting:
                registered[1]()

    @property
    def now(self) -> datetime:
        return self.clock.now

    @property
    def channel(self) -> Channel:
        # Fresh: hours are read through a cache of the instance.
        channel: Channel = Channel.objects.get(pk=self.stage.channel.pk)
        return channel

    def add_people(self, people: Iterable[Person]) -> None:
        """Customers as an import brings them, some with what they refused in earlier years."""
        Contact.objects.bulk_create(
            Contact(
                mobile=p.address if p.is_mobile else None,
                phone=None if p.is_mobile else p.address,
                tags=list(p.tags),
                no_promotional=p.no_promotional,
                no_messages=p.no_messages,
                created_at=self.now,
                updated_at=self.now,
            )
            for p in people
        )

    def contact(self, address: str) -> Contact:
        contact: Contact = Contact.objects.get(address=address)
        return contact

    def message(self, pk: int) -> Message:
        message: Message = Message.objects.select_related("channel").get(pk=pk)
        return message

    def _notice(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Whatever writes makes the rows that were read old."""
        if not str(sql).lstrip().startswith(("SELECT", "SAVEPOINT", "RELEASE")):
            self._rows = None
        return execute(sql, params, many, context)

    def rows(self) -> list[Row]:
        """Every delivery as it stands: the same list as before if nothing was written since."""
        if self._rows is None:
            with connection.cursor() as cursor:
                cursor.execute(_ROWS)
                self._rows = [Row(*row) for row in cursor.fetchall()]
        return self._rows

    # The workers

    def new_worker(self) -> Worker:
        return Worker(
            Pump(self.stage.channel, self.client, clock=self.clock, worker="simulated", wall=self.clock)
        )

    def look(self, worker: Worker, which: int) -> bool:
        """The worker reads what may go now, and picks one of it."""
        running = list(Message.objects.under_way(self.stage.channel))
        first = which % len(running) if running else 0
        looked = (
            Looked(message, decision_of(message, self.now)) for message in running[first:] + running[:first]
        )
        worker.looked = next(
            (pair for pair in looked if pair.message_decision.decision.verdict is Verdict.ALLOW), None
        )
        return worker.looked is not None

    def claim(self, worker: Worker, limit: int) -> Claim | None:
        """The worker claims of the message that it read; whoever may go is then in its hand."""
        assert worker.looked is not None
        message, message_decision = worker.looked
        made = claim(
            message, limit=limit, closes_at=message_decision.ends_at, worker="simulated", now=self.now
        )
        worker.claim = made if made is not None and made.recipients else None
        return made

    def send(self, worker: Worker) -> bool:
        """The worker makes the call that it has in hand; whether it lives to tell."""
        assert worker.claim is not None
        assert worker.looked is not None
        made, worker.claim = worker.claim, None
        message, message_decision = worker.looked
        # The time that went by since the claim, on the clock by which the deadline is measured.
        started = made.claimed_at.timestamp()
        try:
            failure = send_claim(
                self.client,
                message,
                made,
                clock=self.clock,
                ends_at=message_decision.ends_at,
                started=started,
            )
        except WorkerDied:
            self.kill(worker)
            return False
        worker.pump.sender.outcomes.take(message, made, failure, PumpReport())
        return True

    def kill(self, worker: Worker) -> None:
        """The worker is gone with whatever it had in hand; another one takes its place."""
        self.workers[self.workers.index(worker)] = self.new_worker()

    def turn(self, worker: Worker) -> PumpReport | None:
        """A whole turn of the worker's pump; None if it died in it."""
        try:
            return worker.pump.run(seconds=PLENTY_SECONDS)
        except WorkerDied:
            self.kill(worker)
            return None

    # What the beat does

    def recover(self) -> int:
        return recover(now=self.now)

    def settle(self) -> None:
        settle_channel(self.channel, self.client, clock=self.clock, insist=True)

    def sweep(self) -> None:
        sweep_channel(self.stage.channel.code, now=self.now)

    def probe(self) -> None:
        self.new_worker().pump.recovery.probe(PumpReport())
