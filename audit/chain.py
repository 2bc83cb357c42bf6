"""The digest of a link of the chain over the audit trail."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, timedelta
from typing import Any

from audit.models import Entry

GENESIS = bytes(32)
# The seal runs every minute; an entry that is older and has no link was overlooked or slipped in.
UNSEALED_AFTER = timedelta(minutes=10)


def link_digest(previous: bytes, entry: Entry) -> bytes:
    """The digest of the link that seals `entry` behind a link with the digest `previous`."""
    content: dict[str, Any] = {
        "id": entry.pk,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "data": entry.data,
    }
    # Entries from before the column have none, and keep the digest that they were sealed with.
    if entry.recorded_at is not None:
        content["recorded_at"] = entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(previous + canonical.encode()).digest()
