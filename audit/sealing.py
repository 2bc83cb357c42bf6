"""The chain over the audit trail: a short periodic seal (security bar, 9).

Entries go in freely. Every minute `seal_entries` takes those without a link, in the order of their ids, and
gives each one `SHA-256(digest of the link before + canonical JSON of the entry)`. A link names its
entry, so an entry that commits late is simply sealed later: the order of commits need not be the order
of ids. Each run ends with a signed statement (`audit.signing`) of how many links there are, the last
one's digest and the instant, which also goes to the file of heads. `audit.verifying` checks all of it.
"""

from __future__ import annotations

import fcntl
import logging
from datetime import datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from audit import heads
from audit.chain import GENESIS, link_digest
from audit.models import Entry, Link, Seal
from audit.signing import Statement, key_id, public_keys, signing_key
from common.copying import ROWS_AT_ONCE
from common.locks import take_lock

logger = logging.getLogger(__name__)


def seal_entries(*, now: datetime, batch: int = ROWS_AT_ONCE) -> int:
    """Seal every entry that has no link yet; how many were sealed.

    Only one seal runs at a time, across all machines; another one returns at once. Raises
    ImproperlyConfigured without a key or a place for the heads.
    """
    key, place = signing_key(), heads.place()
    sealed = 0
    while count := _seal_batch(key, now, batch):
        sealed += count
    _write_heads(place)
    return sealed


def seal_if_keyed(*, now: datetime) -> int:
    """`seal_entries` where this process was given the signing key; production gives it to one process."""
    if not settings.AUDIT_SIGNING_KEY:
        return _left_to_another_process()
    return seal_entries(now=now)


@cache
def _left_to_another_process() -> int:
    """Said once a process, since it is no fault of most."""
    logger.warning("the audit trail is not sealed here: AUDIT_SIGNING_KEY is not set")
    return 0


def without_link() -> QuerySet[Entry]:
    return Entry.objects.filter(~Exists(Link.objects.filter(entry_id=OuterRef("pk"))))


def _seal_batch(key: Ed25519PrivateKey, now: datetime, batch: int) -> int:
    with transaction.atomic():
        if not take_lock(b"audi"):
            return 0
        # An anti-join over two primary keys: exact whatever the order of commits, and the trail holds
        # people's acts, not deliveries.
        entries = list(without_link().order_by("id")[:batch])
        last = Link.objects.order_by("id").last()
        number, digest = (last.pk, bytes(last.digest)) if last else (0, GENESIS)
        links = []
        for number, entry in enumerate(entries, start=number + 1):  # noqa: B020 (goes on from the last)
            digest = link_digest(digest, entry)
            links.append(Link(id=number, entry_id=entry.pk, digest=digest, sealed_at=now))
        Link.objects.bulk_create(links)
        newest = links[-1] if links else last
        if newest is not None:
            _sign(key, newest, now)
    return len(links)


def _sign(key: Ed25519PrivateKey, newest: Link, now: datetime) -> None:
    """Sign the chain up to its newest link, unless the last seal says as much already."""
    before = Seal.objects.order_by("id").last()
    if before is not None and before.links == newest.pk:
        return
    said = Statement((before.pk if before else 0) + 1, newest.pk, newest.entry_id, bytes(newest.digest), now)
    Seal.objects.create(
        id=said.seal,
        links=said.links,
        last_entry=said.last_entry,
        head=said.head,
        sealed_at=said.sealed_at,
        key=key_id(key.public_key()),
        signature=key.sign(said.signed_bytes()),
    )


def _write_heads(place: Path) -> None:
    """Bring the file of heads up to the newest seal; what could not be written is written next time."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.with_name(f"{place.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            newest = heads.newest_in(place, public_keys())
            missing = [row.as_head() for row in Seal.objects.filter(pk__gt=newest).order_by("id")]
            if missing:
                heads.append(place, missing)
    except OSError as error:
        logger.error("the heads of the audit trail cannot be written", extra={"error": type(error).__name__})
