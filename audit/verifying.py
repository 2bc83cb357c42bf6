"""The verification of the chain over the audit trail: what was edited, deleted, moved, cut off or slipped in.

1. Each link is the digest of the link before and of its entry as it stands now.
2. Each seal is signed by a key that is believed here, and says what the chain said at its link.
3. Each entry was recorded by the database before its seal, and after the seal before: what is put in later
   with an earlier instant is found. What was sealed late for want of a seal is named only.
4. Each head of the file on the other volume is a seal of the database, and each seal is in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from audit import heads
from audit.chain import GENESIS, UNSEALED_AFTER, link_digest
from audit.models import Entry, Link, Seal
from audit.sealing import without_link
from audit.signing import PublicKeys, is_signed
from common.copying import ROWS_AT_ONCE
from common.paging import NEWEST


class FaultKind(StrEnum):
    LINK_MISSING = "link_missing"
    DELETED = "deleted"
    CHANGED = "changed"
    UNSEALED = "unsealed"
    SEAL_MISSING = "seal_missing"
    SEAL_WRONG = "seal_wrong"
    SEALED_AT_CHANGED = "sealed_at_changed"
    BACKDATED = "backdated"
    HEADS_ABSENT = "heads_absent"
    HEADS_DAMAGED = "heads_damaged"
    HEADS_BEHIND = "heads_behind"
    HEAD_MISSING = "head_missing"


@dataclass(frozen=True, slots=True)
class TrailFault:
    """The first thing that is wrong. `entry_id` is None where no entry can be named."""

    kind: FaultKind
    entry_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class TrailReport:
    """The result of a walk: `fresh` entries wait for the next seal, `head` is the last link's digest.

    `late` counts entries that were sealed more than ten minutes after they were recorded: until then
    somebody with the highest rights could have changed them unseen. `late_entries` names the first.
    """

    links: int
    fresh: int
    head: bytes
    fault: TrailFault | None
    late: int = 0
    late_entries: tuple[int, ...] = ()


def verify_trail(*, now: datetime, keys: PublicKeys, file: Path | None, history: bool = False) -> TrailReport:
    """Walk the whole chain and name the first fault, if there is one.

    `file` is the file of heads; None leaves out step 4, without which a cut end is not found. `history`
    allows acts told as of another time than they were recorded (demo data).
    """
    walk = _Walk(keys, history)
    for links in _batches(Link.objects.order_by("id").iterator(chunk_size=ROWS_AT_ONCE)):
        fault = walk.check(links)
        if fault:
            return walk.verdict(0, fault)
    fault = walk.end_fault()
    if fault is None and file is not None:
        fault = _heads_fault(file, keys, walk, now)
    return walk.verdict(without_link().count(), fault or _unsealed_fault(now))


@dataclass
class _Walk:
    keys: PublicKeys
    history: bool
    links: int = 0
    head: bytes = GENESIS
    late: list[int] = field(default_factory=list)
    # The bytes that each seal signed, by its number; the seal that is coming, and the one before.
    said: dict[int, bytes] = field(default_factory=dict)
    newest_at: datetime | None = None
    _coming: Iterator[Seal] = field(
        default_factory=lambda: Seal.objects.order_by("id").iterator(chunk_size=ROWS_AT_ONCE)
    )
    _seal: Seal | None = None

    def __post_init__(self) -> None:
        self._seal = next(self._coming, None)

    def verdict(self, fresh: int, fault: TrailFault | None) -> TrailReport:
        return TrailReport(self.links, fresh, self.head, fault, len(self.late), tuple(self.late[:NEWEST]))

    def check(self, links: list[Link]) -> TrailFault | None:
        """Go on over some links; the first fault among them."""
        entries = Entry.objects.in_bulk([link.entry_id for link in links])
        for link in links:
            fault = self._step(link, entries.get(link.entry_id))
            if fault:
                return fault
        return None

    def end_fault(self) -> TrailFault | None:
        """A seal that covers links which are not there."""
        if self._seal is None:
            return None
        detail = _("seal %(seal)s covers %(links)s links, and there are %(found)s: the end was cut off")
        said = {"seal": self._seal.pk, "links": self._seal.links, "found": self.links}
        return _fault(FaultKind.LINK_MISSING, None, detail, **said)

    def _step(self, link: Link, entry: Entry | None) -> TrailFault | None:
        if link.pk != self.links + 1:
            detail = _("link %(link)s is missing before the link of entry %(entry)s")
            return _fault(FaultKind.LINK_MISSING, link.entry_id, detail, link=self.links + 1)
        if entry is None:
            return _fault(FaultKind.DELETED, link.entry_id, _("entry %(entry)s was sealed and is gone"))
        digest = link_digest(self.head, entry)
        if digest != bytes(link.digest):
            detail = _("entry %(entry)s (%(action)s, %(actor)s) is not what link %(link)s sealed")
            said = {"action": entry.action, "actor": entry.actor, "link": link.pk}
            return _fault(FaultKind.CHANGED, entry.pk, detail, **said)
        self.links, self.head = link.pk, digest
        return self._seal_fault(link, entry)

    def _seal_fault(self, link: Link, entry: Entry) -> TrailFault | None:
        seal = self._seal
        if seal is None or seal.pk != len(self.said) + 1:
            detail = _("seal %(seal)s, which covers entry %(entry)s, is missing")
            return _fault(FaultKind.SEAL_MISSING, entry.pk, detail, seal=len(self.said) + 1)
        fault = self._instant_fault(seal, link, entry)
        if fault or link.pk < seal.links:
            return fault
        said = seal.as_head()
        is_of_chain = (seal.links, seal.last_entry, said.statement.head) == (link.pk, entry.pk, self.head)
        if not is_of_chain or not is_signed(said.statement, said.key, said.signature, self.keys):
            detail = _("seal %(seal)s, after entry %(entry)s, is not of this chain or of no known key")
            return _fault(FaultKind.SEAL_WRONG, entry.pk, detail, seal=seal.pk)
        self.said[seal.pk] = said.statement.signed_bytes()
        self.newest_at = seal.sealed_at
        self._seal = next(self._coming, None)
        return None

    def _instant_fault(self, seal: Seal, link: Link, entry: Entry) -> TrailFault | None:
        """What the instants of an entry, its link and its seal say against each other."""
        recorded = entry.recorded_at
        if recorded is None:
            # From before the column: covered by the first seal, whose signature says no more of the instants.
            return None if not self.said else self._backdated(entry)
        if link.sealed_at != seal.sealed_at:
            detail = _("the instant of link %(link)s (entry %(entry)s) is not that of seal %(seal)s")
            return _fault(FaultKind.SEALED_AT_CHANGED, entry.pk, detail, link=link.pk, seal=seal.pk)
        passed_by = self.newest_at is not None and recorded < self.newest_at - UNSEALED_AFTER
        # An act may tell the instant of its beginning, and a machine's clock may be wrong by a little.
        told_otherwise = not self.history and abs(entry.at - recorded) > timedelta(hours=1)
        if entry.pk < 1 or passed_by or told_otherwise or recorded > seal.sealed_at + UNSEALED_AFTER:
            return self._backdated(entry)
        if seal.sealed_at - recorded > UNSEALED_AFTER:
            self.late.append(entry.pk)
        return None

    def _backdated(self, entry: Entry) -> TrailFault:
        detail = _("entry %(entry)s (%(action)s, %(actor)s) was put in at another time than it says")
        return _fault(FaultKind.BACKDATED, entry.pk, detail, action=entry.action, actor=entry.actor)


def _heads_fault(file: Path, keys: PublicKeys, walk: _Walk, now: datetime) -> TrailFault | None:
    """What the file of heads and the seals of the database say against each other."""
    try:
        known, unsigned = heads.heads_in(file, keys)
    except FileNotFoundError:
        if not walk.said:
            return None
        return _fault(FaultKind.HEADS_ABSENT, None, _("the file of heads %(file)s is not there"), file=file)
    if unsigned:
        detail = _("the file of heads holds a line for seal %(seal)s that no known key signed")
        return _fault(FaultKind.HEADS_DAMAGED, None, detail, seal=unsigned[0].statement.seal)
    for head in known:
        if walk.said.get(head.statement.seal) != head.statement.signed_bytes():
            detail = _(
                "seal %(seal)s (head %(head)s) stands in the file of heads and not in the chain:"
                " its end was cut off or remade"
            )
            said = head.statement
            return _fault(FaultKind.HEAD_MISSING, None, detail, seal=said.seal, head=heads.written(said.head))
    return _lag_fault({head.statement.seal for head in known}, walk, now)


def _lag_fault(written: set[int], walk: _Walk, now: datetime) -> TrailFault | None:
    missing = walk.said.keys() - written
    if not missing:
        return None
    if min(missing) < max(written, default=0):
        detail = _("seal %(seal)s is missing in the file of heads")
        return _fault(FaultKind.HEADS_DAMAGED, None, detail, seal=min(missing))
    if walk.newest_at is not None and walk.newest_at < now - UNSEALED_AFTER:
        detail = _("the file of heads ends before seal %(seal)s; can it be written?")
        return _fault(FaultKind.HEADS_BEHIND, None, detail, seal=min(missing))
    return None


def _fault(kind: FaultKind, entry: int | None, detail: str, **said: object) -> TrailFault:
    return TrailFault(kind, entry, detail % {"entry": entry, **said})


def _unsealed_fault(now: datetime) -> TrailFault | None:
    entry = without_link().filter(recorded_at__lt=now - UNSEALED_AFTER).order_by("id").first()
    if entry is None:
        return None
    detail = _(
        "entry %(entry)s (%(action)s) has had no link for more than %(minutes)s minutes; does beat run?"
    )
    minutes = int(UNSEALED_AFTER.total_seconds() // 60)
    return _fault(FaultKind.UNSEALED, entry.pk, detail, action=entry.action, minutes=minutes)


def _batches(links: Iterable[Link]) -> Iterator[list[Link]]:
    links = iter(links)
    while batch := list(islice(links, ROWS_AT_ONCE)):
        yield batch
