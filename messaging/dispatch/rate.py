"""A line's rate in recipients a second, over all workers on all machines: a token bucket in one row.

1. The bucket holds at most a second's tokens.
2. A worker acquires tokens for a batch before its claim, in one statement of its own.
3. It releases what the claim did not need, in another: the row's lock is never held longer than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.models import Channel
from common.sql import execute, fetch
from messaging.dispatch.clock import Clock

_OPEN = """
    INSERT INTO messaging_linebudget (channel_id, tokens, filled_at)
    VALUES (%(channel)s, %(burst)s, %(now)s) ON CONFLICT (channel_id) DO NOTHING
"""

# The row's lock keeps two workers from taking the same tokens. A reading of the clock older than the row's
# adds nothing. A row that is far ahead was written by a wrong clock that was put right since, and is set
# back: it would add nothing until that instant.
_ACQUIRE = """
    WITH held AS MATERIALIZED (
        SELECT id, least(%(burst)s, tokens + %(rate)s
                   * greatest(0, extract(epoch FROM %(now)s - filled_at)))::float AS tokens
          FROM messaging_linebudget WHERE channel_id = %(channel)s FOR UPDATE
    ), granted AS (
        SELECT id, tokens, least(%(wanted)s, floor(greatest(tokens, 0)))::integer AS n FROM held)
    UPDATE messaging_linebudget b
       SET tokens = g.tokens - g.n,
           filled_at = CASE WHEN b.filled_at > %(now)s + interval '2 seconds' THEN %(now)s
                            ELSE greatest(b.filled_at, %(now)s) END
      FROM granted g WHERE b.id = g.id
    RETURNING g.n
"""

_RELEASE = """
    UPDATE messaging_linebudget SET tokens = least(%(burst)s, tokens + %(n)s) WHERE channel_id = %(channel)s
"""


@dataclass(slots=True)
class TokenBucket:
    """A channel's token bucket; `rate` is in recipients a second, 0 for no limit (and no query)."""

    channel: Channel
    rate: float
    clock: Clock
    _is_open: bool = False

    @property
    def burst(self) -> float:
        return max(self.rate, 1.0)

    @property
    def pause(self) -> float:
        """Seconds after which it is worth asking again when nothing was granted."""
        return min(max(1.0 / self.rate, 0.02), 0.5) if self.rate else 0.0

    def acquire(self, wanted: int) -> int:
        """The tokens granted, at most `wanted`."""
        if not self.rate:
            return wanted
        if not self._is_open:
            execute(_OPEN, self._params(wanted))
            self._is_open = True
        return sum(granted for (granted,) in fetch(_ACQUIRE, self._params(wanted)))

    def release(self, n: int) -> None:
        """Return tokens that the claim did not need."""
        if self.rate and n > 0:
            execute(_RELEASE, self._params(n))

    def _params(self, n: int) -> dict[str, Any]:
        return {
            "channel": self.channel.pk,
            "rate": self.rate,
            "burst": self.burst,
            "wanted": n,
            "n": n,
            "now": self.clock(),
        }
