"""The provider's list and the portal's ledger of one day, side by side in temporary tables.

The tables live as long as the connection, not in a transaction: the list is loaded between calls to the
provider. The comparison holds the channel's lock, and drops them in the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from channels.past_hours import PastHours
from common.copying import copy_rows
from common.sanitise import sanitise
from common.sql import execute, fetch
from common.timeouts import REQUEST_TO_LATE_RECORD, REQUEST_TO_RECORD
from gateways.base import Listed
from gateways.provider_text import OurTexts, without_cancellation
from messaging.models import Message
from persian.jalali import TEHRAN

_NAMES: Final = "shadow_raw, shadow_row, shadow_text, shadow_own, shadow_ours, shadow_minute, shadow_found"
_DROP: Final = "DROP TABLE IF EXISTS " + ", ".join(f"pg_temp.{name}" for name in _NAMES.split(", "))

_TABLES: Final = """
    CREATE TEMPORARY TABLE shadow_raw (
        provider_id text, number text, line text, digest text, meant text, at timestamptz,
        sent_at timestamptz);
    CREATE TEMPORARY TABLE shadow_text (digest text PRIMARY KEY, text text);
    CREATE TEMPORARY TABLE shadow_ours (message_id bigint PRIMARY KEY, digest text);
    CREATE TEMPORARY TABLE shadow_minute (minute timestamptz PRIMARY KEY);
"""

# Slices overlap: each message once, and only those of the day.
_ROWS: Final = """
    CREATE TEMPORARY TABLE shadow_row AS
    SELECT DISTINCT ON (provider_id) provider_id, number, line, digest, meant, at, sent_at,
           NULL::bigint AS delivery_id, NULL::bigint AS message_id, FALSE AS is_promotional
      FROM shadow_raw WHERE at >= %(start)s AND at < %(end)s
     ORDER BY provider_id, sent_at DESC NULLS LAST
"""

# What was ever handed to a call of the channel about that day, whatever came of it.
_OWN: Final = """
    CREATE TEMPORARY TABLE shadow_own AS
    SELECT d.id, d.message_id, right(d.address, 10) AS number, t.digest, d.provider_id, k.intended_at,
           FALSE AS is_matched
      FROM messaging_gatewaycall k
      JOIN messaging_delivery d ON d.call_id = k.id AND d.message_id = k.message_id
      JOIN shadow_ours t ON t.message_id = k.message_id
     WHERE k.channel_id = %(channel)s
       AND k.intended_at >= %(start)s - %(clocks)s AND k.intended_at < %(end)s + %(clocks)s
"""

_BY_ID: Final = """
    UPDATE shadow_row r SET delivery_id = o.id, message_id = o.message_id
      FROM shadow_own o
     WHERE o.provider_id = r.provider_id AND o.number = r.number
"""

_MARK: Final = """
    UPDATE shadow_own o SET is_matched = TRUE
      FROM shadow_row r WHERE r.delivery_id = o.id AND NOT o.is_matched
"""

# Whose id was lost, or who is unknown: by number, text and time, the nearest first, one to one.
_BY_TEXT: Final = """
    WITH nearest AS (
        SELECT DISTINCT ON (r.provider_id) r.provider_id, o.id, o.message_id, r.at - o.intended_at AS apart
          FROM shadow_row r
          JOIN shadow_own o ON o.number = r.number AND o.digest = r.meant AND NOT o.is_matched
           AND r.at BETWEEN o.intended_at - %(tolerance)s AND o.intended_at + %(tolerance)s
         WHERE r.message_id IS NULL
         ORDER BY r.provider_id, greatest(r.at - o.intended_at, o.intended_at - r.at), o.id),
    pairs AS (
        SELECT DISTINCT ON (id) * FROM nearest
         ORDER BY id, greatest(apart, -apart), provider_id)
    UPDATE shadow_row r SET delivery_id = pairs.id, message_id = pairs.message_id
      FROM pairs WHERE pairs.provider_id = r.provider_id
"""

# A recipient who was queued again after a call without a clear answer: if that call had been heard
# after all, the second row is the portal's own too, and nobody's breach.
_BY_NUMBER_AND_TIME: Final = """
    UPDATE shadow_row r SET message_id = k.message_id
      FROM (SELECT k.message_id, t.digest, k.intended_at
              FROM messaging_gatewaycall k JOIN shadow_ours t USING (message_id)
             WHERE k.channel_id = %(channel)s AND k.outcome <> 'answered'
               AND k.intended_at >= %(start)s - %(tolerance)s
               AND k.intended_at < %(end)s + %(tolerance)s) k
     WHERE r.message_id IS NULL AND r.meant = k.digest
       AND r.at BETWEEN k.intended_at - %(tolerance)s AND k.intended_at + %(tolerance)s
       AND EXISTS (SELECT FROM messaging_delivery d
                    WHERE d.message_id = k.message_id AND d.address = '+98' || r.number
                      AND (d.attempts > 1 OR d.attempts = 1 AND d.call_id IS NULL))
"""

_PURPOSES: Final = """
    UPDATE shadow_row r SET is_promotional = TRUE
      FROM messaging_message m WHERE m.id = r.message_id AND m.purpose = 'promotional'
"""

_MINUTES: Final = """
    SELECT date_trunc('minute', at) FROM shadow_row
    UNION SELECT date_trunc('minute', sent_at) FROM shadow_row WHERE sent_at IS NOT NULL
"""


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first instant of a day in Tehran, and that of the next."""
    return datetime.combine(day, time(), TEHRAN), datetime.combine(day + timedelta(days=1), time(), TEHRAN)


def digest_of(key: str) -> str:
    """The MD5 of a text's key, in hex: it names, it protects nothing."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


class TextDigests:
    """Two digests of a listed text: its own, and that of the portal's text that may be meant by it.

    Only the second finds a message; what was sent past the portal is named and shown by the first.
    """

    def __init__(self, ours: Iterable[str]) -> None:
        self._ours = OurTexts(ours)

    def __call__(self, text: str) -> tuple[str, str]:
        key = without_cancellation(text)
        return digest_of(key), digest_of(self._ours.meant_by(key))


class DayTables:
    """One channel's day. Load the list, `match`, and what has no message is nobody's of the portal."""

    def __init__(self, channel_id: int, day: date) -> None:
        self.start, self.end = day_bounds(day)
        self.params: dict[str, Any] = {
            "channel": channel_id,
            "start": self.start,
            "end": self.end,
            "tolerance": REQUEST_TO_RECORD,
            "clocks": REQUEST_TO_LATE_RECORD,
        }

    def open(self) -> None:
        self.drop()
        execute(_TABLES)
        # Not all of them: a sender outside may write every customer a text of their own.
        self.digests = lru_cache(10_000)(TextDigests(self._load_our_texts()))

    def drop(self) -> None:
        execute(_DROP)

    def _load_our_texts(self) -> list[str]:
        """The texts of the messages with a call about that day."""
        messages = Message.objects.filter(
            pk__in=Message.objects.filter(
                calls__channel=self.params["channel"],
                calls__intended_at__gte=self.start - REQUEST_TO_LATE_RECORD,
                calls__intended_at__lt=self.end + REQUEST_TO_LATE_RECORD,
            ).values("pk")
        )
        keys = {pk: without_cancellation(text) for pk, text in messages.values_list("pk", "text")}
        copy_rows("shadow_ours", ((pk, digest_of(key)) for pk, key in keys.items()))
        return list(keys.values())

    def load(self, messages: Iterable[Listed]) -> None:
        """A part of the provider's list. A message without any time is taken for one of that day."""
        texts: dict[str, str] = {}
        rows = []
        for one in messages:
            # A character that the database cannot hold is left out: a text with it is still found to be ours.
            text, line = sanitise(one.text, replacement=""), sanitise(one.line, replacement="")[:30]
            own, meant = self.digests(text)
            texts.setdefault(own, text[:1000])
            at = one.registered_at or one.sent_at or self.start
            rows.append((one.provider_id, one.number, line, own, meant, at, one.sent_at))
        copy_rows("shadow_raw", rows)
        execute(
            "INSERT INTO shadow_text SELECT * FROM unnest(%s::text[], %s::text[]) ON CONFLICT DO NOTHING",
            [list(texts), list(texts.values())],
        )

    def match(self, hours: PastHours) -> None:
        """Give every row of the list its message of the portal, and mark the minutes outside the hours."""
        execute("SET LOCAL work_mem = '64MB'")
        analyze = "ANALYZE shadow_row, shadow_own"
        for statement in (_ROWS, _OWN, analyze, _BY_ID, _MARK, analyze):
            execute(statement, self.params)
        while execute(_BY_TEXT, self.params):
            execute(_MARK)
        execute(_BY_NUMBER_AND_TIME, self.params)
        execute(_PURPOSES)
        outside = [minute for (minute,) in fetch(_MINUTES) if is_outside(hours, minute)]
        execute("INSERT INTO shadow_minute SELECT unnest(%s::timestamptz[])", [outside])


def is_outside(hours: PastHours, minute: datetime) -> bool:
    """Whether a minute lies outside the hours of its day by more than the clocks may differ: a minute.

    Without hours on record nothing promotional may leave at all. Windows open and close on whole minutes.
    """
    return not any(
        (windows := hours.at(instant)) is not None and windows.is_open(instant)
        for instant in (minute - timedelta(minutes=1), minute, minute + timedelta(minutes=1))
    )
