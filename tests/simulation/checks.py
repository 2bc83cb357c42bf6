"""What must hold after every step, by the model's memory, the provider's accounts and the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from tests.simulation.provider import Entry
from tests.simulation.reference import REFUSALS, Memory, Note, Person
from tests.simulation.world import Row

# The diagram of the dispatch's design, typed off once more.
MOVES: Final = {
    "queued": {"sending", "suppressed", "expired", "cancelled"},
    "sending": {"accepted", "rejected", "queued", "unknown"},
    "unknown": {"accepted", "queued", "abandoned"},
    "accepted": {"delivered", "undelivered", "unreported"},
    "unreported": {"delivered", "undelivered"},
}
AT_THE_PROVIDER: Final = {"accepted", "delivered", "undelivered", "unreported"}
UNDER_WAY: Final = {"queued", "sending", "unknown"}


def reachable(old: str) -> set[str]:
    """Where one step of the machine may bring a delivery: it may hold several moves."""
    found, waiting = {old}, [old]
    while waiting:
        for state in MOVES.get(waiting.pop(), set()) - found:
            found.add(state)
            waiting.append(state)
    return found


def person_of(memory: Memory, address: str) -> Person | None:
    return memory.people.get(address)


def check_moves(before: dict[int, Row], rows: Iterable[Row]) -> None:
    """No delivery vanishes, and none moves but along the diagram."""
    after = {row.pk: row for row in rows}
    assert before.keys() <= after.keys(), "a delivery vanished"
    for pk, old in before.items():
        new = after[pk].state
        assert new in reachable(old.state), f"{old.address}: {old.state} → {new}"


def check_row(row: Row, memory: Memory) -> None:
    """A delivery is in exactly one state that explains itself."""
    if row.state == "queued":
        assert row.call is None, f"waits and belongs to a call: {row}"
        own = memory.people[row.address].call_open and row.reason == "voc_call_open"
        assert row.not_before is not None or own, f"waits for nothing: {row}"
        assert row.status != "finished", f"waits in a finished message: {row}"
        assert row.status != "cancelled" or row.finished_at is None, f"waits in an ended message: {row}"
    elif row.state == "sending":
        assert row.outcome == "pending", f"sending without a call under way: {row}"
        assert row.status != "finished", f"sending in a finished message: {row}"
    elif row.state == "unknown":
        assert row.outcome == "unknown", f"unknown, and its call is not: {row}"
        assert row.status != "finished", f"unknown in a finished message: {row}"
    elif row.state in ("suppressed", "expired", "cancelled"):
        assert REFUSALS.get(row.reason) == row.state, f"not sent without a reason: {row}"


def check_refusals(before: dict[int, Row], rows: Iterable[Row], memory: Memory) -> None:
    """Whoever was refused in this step was refused for what the memory says, too."""
    for row in rows:
        if row.state not in ("suppressed", "expired", "cancelled") or row.reason == "duplicate":
            continue
        if row.pk in before and before[row.pk].state == row.state:
            continue
        allowed = memory.refusals(memory.notes[row.message], person_of(memory, row.address))
        assert row.reason in allowed, f"refused for {row.reason}, and the memory says {allowed}: {row}"


def check_ledger(rows: Iterable[Row], memory: Memory, ledger: Iterable[Entry]) -> None:
    """What is said to be accepted was taken, and what was taken is said to be, or is unknown.

    By text and number, as the provider knows them: two messages of one text are one to it.
    """
    taken = Counter((entry.text, entry.address) for entry in ledger)
    said: Counter[tuple[str, str]] = Counter()
    perhaps: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = (memory.notes[row.message].text, row.address)
        said[key] += row.state in AT_THE_PROVIDER
        perhaps[key] += row.state in AT_THE_PROVIDER or row.state in ("sending", "unknown")
    for key in said:
        assert said[key] <= taken[key], f"said to be accepted, and never taken: {key}"
    for key, times in taken.items():
        assert times <= perhaps[key], f"taken, and nobody knows: {key}"


def check_plan(note: Note, rows: list[Row], memory: Memory, *, at_rest: bool) -> None:
    """Every recipient that the audience names has one delivery, judged as the reference judges (but for
    a plan not `at_rest`, whose recipients have moved on since)."""
    seen: set[str] = set()
    expected: Counter[tuple[str, str]] = Counter()
    for person in recipients(note, memory):
        address = person.address if isinstance(person, Person) else person
        customer = person if isinstance(person, Person) else None
        refusals = memory.refusals(note, customer, again=address in seen)
        seen.add(address)
        own = "voc_call_open" if "voc_call_open" in memory.holds(note, customer) else ""
        expected[address, (refusals[0] if refusals else own) if at_rest else ""] += 1
    found = Counter((row.address, row.reason if at_rest else "") for row in rows if row.message == note.pk)
    assert found == expected, f"planned {found}, meant {expected}"


def recipients(note: Note, memory: Memory) -> list[Person | str]:
    """Customers, and lines that are no number."""
    if note.everybody:
        chosen = memory.people.values()
        return [p for p in chosen if note.everybody == "all" or "vip" in p.tags]
    return [memory.people.get(line, line) for line in note.lines]
