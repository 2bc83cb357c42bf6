"""The chain over the audit trail: a short periodic seal, and its verification (security bar, 9).

Entries go in freely. Every minute `seal` takes those without a link, in the order of their ids, and
gives each one `SHA-256(digest of the link before + canonical JSON of the entry)`. A link names its
entry, so an entry that commits late is simply sealed later: the order of commits need not be the order
of ids. Whoever edits, deletes or reorders anything that was sealed breaks a digest. Whoever can rewrite
the whole table could rewrite the chain too; so each seal also writes the head to the log, which leaves
the machine, and `verify` can be given those heads.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from audit.heads import written
from audit.models import Entry, Link

logger = logging.getLogger(__name__)

GENESIS = bytes(32)
BATCH = 2_000
# The seal runs every minute; what is older and has no link was overlooked or slipped in.
UNSEALED_AFTER = timedelta(minutes=10)

_ADVISORY_LOCK = 0x61756469  # "audi"


def digest_of(previous: bytes, entry: Entry) -> bytes:
    """The digest of the link that seals `entry` behind a link with the digest `previous`."""
    content = {
        "id": entry.pk,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "data": entry.data,
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous + canonical.encode()).digest()


def seal(*, now: datetime, batch: int = BATCH) -> int:
    """Seal every entry that has no link yet; how many were sealed.

    Only one seal runs at a time, across all machines; another one returns at once.
    """
    sealed = 0
    while count := _seal_batch(now, batch):
        sealed += count
    return sealed


def _seal_batch(now: datetime, batch: int) -> int:
    with transaction.atomic():
        if not _is_mine():
            return 0
        # An anti-join over two primary keys: exact whatever the order of commits, and the trail holds
        # people's acts, not deliveries.
        entries = list(_without_link().order_by("id")[:batch])
        if not entries:
            return 0
        last = Link.objects.order_by("id").last()
        number, digest = (last.pk, bytes(last.digest)) if last else (0, GENESIS)
        links = []
        for number, entry in enumerate(entries, start=number + 1):  # noqa: B020 (goes on from the last)
            digest = digest_of(digest, entry)
            links.append(Link(id=number, entry_id=entry.pk, digest=digest, sealed_at=now))
        Link.objects.bulk_create(links)
        # After the commit: a head that was rolled back is none.
        told = "audit.sealed entries=%d link=%d head=%s"
        transaction.on_commit(partial(logger.info, told, len(links), number, written(digest)))
    return len(links)


def _is_mine() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        row = cursor.fetchone()
    return bool(row and row[0])


def _without_link() -> QuerySet[Entry]:
    return Entry.objects.filter(~Exists(Link.objects.filter(entry_id=OuterRef("pk"))))


class FaultKind(StrEnum):
    LINK_MISSING = "link_missing"
    DELETED = "deleted"
    CHANGED = "changed"
    UNSEALED = "unsealed"
    HEAD_MISSING = "head_missing"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong. `entry_id` is None where no entry can be named."""

    kind: FaultKind
    entry_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: `fresh` entries wait for the next seal, `head` is the last link's digest."""

    links: int
    fresh: int
    head: bytes
    fault: Fault | None


def verify(*, now: datetime, heads: Iterable[bytes] = ()) -> Verdict:
    """Walk the whole chain and name the first fault, if there is one.

    `heads` are digests that were written down outside the database when they were the newest; each
    must still be in the chain, or its end was cut off (or all of it was made anew).
    """
    walk = _Walk(set(heads))
    for links in _batches(Link.objects.order_by("id").iterator(chunk_size=BATCH)):
        fault = walk.check(links)
        if fault:
            return Verdict(walk.links, 0, walk.head, fault)
    fault = walk.head_fault() or _unsealed_fault(now)
    return Verdict(walk.links, _without_link().count(), walk.head, fault)


class _Walk:
    """The state of one walk along the chain."""

    def __init__(self, heads: set[bytes]) -> None:
        self.missing_heads = heads
        self.links = 0
        self.head = GENESIS

    def check(self, links: list[Link]) -> Fault | None:
        """Go on over some links; the first fault among them."""
        entries = Entry.objects.in_bulk([link.entry_id for link in links])
        for link in links:
            fault = self._step(link, entries.get(link.entry_id))
            if fault:
                return fault
        return None

    def _step(self, link: Link, entry: Entry | None) -> Fault | None:
        if link.pk != self.links + 1:
            detail = _("link %(link)s is missing before the link of entry %(entry)s") % {
                "link": self.links + 1,
                "entry": link.entry_id,
            }
            return Fault(FaultKind.LINK_MISSING, link.entry_id, detail)
        if entry is None:
            detail = _("entry %(entry)s was sealed and is gone") % {"entry": link.entry_id}
            return Fault(FaultKind.DELETED, link.entry_id, detail)
        digest = digest_of(self.head, entry)
        if digest != bytes(link.digest):
            detail = _("entry %(entry)s (%(action)s, %(actor)s) is not what link %(link)s sealed") % {
                "entry": entry.pk,
                "action": entry.action,
                "actor": entry.actor,
                "link": link.pk,
            }
            return Fault(FaultKind.CHANGED, entry.pk, detail)
        self.links, self.head = link.pk, digest
        self.missing_heads.discard(digest)
        return None

    def head_fault(self) -> Fault | None:
        if not self.missing_heads:
            return None
        lost = written(min(self.missing_heads))
        detail = (
            f"head {lost} was written down outside and is not in the chain: its end was cut off or remade"
        )
        return Fault(FaultKind.HEAD_MISSING, None, detail)


def _unsealed_fault(now: datetime) -> Fault | None:
    entry = _without_link().filter(at__lt=now - UNSEALED_AFTER).order_by("id").first()
    if entry is None:
        return None
    minutes = int(UNSEALED_AFTER.total_seconds() // 60)
    detail = (
        f"entry {entry.pk} ({entry.action}) has had no link for more than {minutes} minutes; is beat running?"
    )
    return Fault(FaultKind.UNSEALED, entry.pk, detail)


def _batches(links: Iterator[Link]) -> Iterator[list[Link]]:
    while batch := list(islice(links, BATCH)):
        yield batch
