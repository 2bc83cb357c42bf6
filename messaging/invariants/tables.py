"""The gateway's word and the portal's, side by side in temporary tables, each line with its delivery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from channels.models import Channel
from channels.past_hours import PastHours, hours_since
from channels.procedure_hours import ALWAYS
from common.copying import copy_rows
from common.media import MEDIA, Purpose
from common.sql import execute
from messaging.invariants.gateway_log import Accepted
from messaging.states import REACHED_PROVIDER

_LINES = """
    CREATE TEMPORARY TABLE promise_line (
        line integer, at timestamptz, provider text, number text, provider_id text, campaign text,
        digest text, window_end timestamptz, delivery_id bigint, decided_id bigint, intended_at timestamptz
    ) ON COMMIT DROP
"""

# What was ever handed to a call, or is said to have been accepted. One that the provider took before
# the log begins cannot be looked for in it.
_TAKEN = ", ".join(f"'{state}'" for state in sorted(REACHED_PROVIDER))
_CLAIMED = f"""
    CREATE TEMPORARY TABLE promise_delivery ON COMMIT DROP AS
    SELECT d.id, d.message_id, d.contact_id, d.address AS number, d.state, d.provider_id,
           h.code AS provider, md5(m.text) AS digest, m.purpose, m.channel_id, k.intended_at,
           d.state IN ({_TAKEN}) AS is_accepted,
           d.state IN ({_TAKEN}) AND k.intended_at >= %(since)s AS is_due,
           d.state IN ('sending', 'unknown', 'abandoned') AS is_open,
           d.id IN (SELECT x.delivery_id FROM messaging_decideddelivery x
                      JOIN messaging_doubtdecision y ON y.id = x.decision_id WHERE y.choice = 'sent')
               AND d.provider_id = '' AS on_a_word,
           FALSE AS is_matched
      FROM messaging_delivery d
      JOIN messaging_message m ON m.id = d.message_id
      JOIN channels_channel h ON h.id = m.channel_id
      LEFT JOIN messaging_gatewaycall k ON k.id = d.call_id
     WHERE (d.attempts > 0 OR d.state IN ({_TAKEN}))
       AND h.code IN (SELECT DISTINCT provider FROM promise_line
                      UNION SELECT unnest(%(channels)s::text[]))
"""  # noqa: S608 - our own words

# By the provider's id first; the same id twice pairs line by line.
_BY_ID = """
    WITH a AS (SELECT line, provider, number, provider_id, row_number() OVER same AS nth
                 FROM promise_line
               WINDOW same AS (PARTITION BY provider, number, provider_id ORDER BY line)),
         d AS (SELECT id, provider, number, provider_id, row_number() OVER same AS nth
                 FROM promise_delivery WHERE provider_id <> ''
               WINDOW same AS (PARTITION BY provider, number, provider_id ORDER BY id)),
         pairs AS (SELECT a.line, d.id FROM a JOIN d USING (provider, number, provider_id, nth))
    UPDATE promise_line p SET delivery_id = pairs.id FROM pairs WHERE p.line = pairs.line
"""

# Then by text and number, with deliveries that may have been taken: those said to be accepted first.
_BY_TEXT = """
    WITH a AS (SELECT line, provider, number, digest, row_number() OVER same AS nth
                 FROM promise_line WHERE delivery_id IS NULL
               WINDOW same AS (PARTITION BY provider, number, digest ORDER BY at, line)),
         d AS (SELECT id, provider, number, digest, row_number() OVER same AS nth
                 FROM promise_delivery WHERE NOT is_matched AND (is_accepted OR is_open)
               WINDOW same AS (PARTITION BY provider, number, digest ORDER BY is_accepted DESC, id)),
         pairs AS (SELECT a.line, d.id FROM a JOIN d USING (provider, number, digest, nth))
    UPDATE promise_line p SET delivery_id = pairs.id FROM pairs WHERE p.line = pairs.line
"""

# What is left, by the decisions of people to send again: each explains one more take of its delivery, the
# one of the call whose outcome was unknown.
_BY_DECISION = """
    WITH a AS (SELECT line, provider, number, digest, row_number() OVER same AS nth
                 FROM promise_line WHERE delivery_id IS NULL
               WINDOW same AS (PARTITION BY provider, number, digest ORDER BY at, line)),
         d AS (SELECT p.id, k.intended_at, p.provider, p.number, p.digest, row_number() OVER same AS nth
                 FROM messaging_decideddelivery x
                 JOIN messaging_doubtdecision y ON y.id = x.decision_id AND y.choice = 'resend'
                 JOIN promise_delivery p ON p.id = x.delivery_id
                 JOIN messaging_gatewaycall k ON k.id = x.call_id
               WINDOW same AS (PARTITION BY p.provider, p.number, p.digest ORDER BY k.intended_at, x.id)),
         pairs AS (SELECT a.line, d.id, d.intended_at FROM a JOIN d USING (provider, number, digest, nth))
    UPDATE promise_line p SET decided_id = pairs.id, intended_at = pairs.intended_at
      FROM pairs WHERE p.line = pairs.line
"""

_MARK = """
    UPDATE promise_delivery d SET is_matched = TRUE
      FROM promise_line p WHERE p.delivery_id = d.id AND NOT d.is_matched
"""


def load_lines(lines: Iterable[Accepted]) -> None:
    """Copy what the gateway accepted into a temporary table of the running transaction."""
    execute("SET LOCAL work_mem = '64MB'")
    execute("DROP TABLE IF EXISTS pg_temp.promise_line, pg_temp.promise_delivery")
    execute(_LINES)
    copy_rows("promise_line", (_line(a) for a in lines))
    execute("ANALYZE promise_line")


def _line(a: Accepted) -> tuple[Any, ...]:
    text = (a.provider, a.number, a.provider_id, a.campaign, a.text_digest)
    return (a.line, a.at, *text, a.window_end, None, None, None)


def match_log(since: datetime) -> None:
    """Give every line its delivery, as far as there is one. Deliveries claimed before `since` are not
    looked for in the log."""
    execute(_CLAIMED, {"since": since, "channels": [*MEDIA]})
    execute("ANALYZE promise_delivery")
    for statement in (_BY_ID, _MARK, _BY_TEXT, _MARK, _BY_DECISION):
        execute(statement)
        # Without fresh statistics a million matched rows would be taken for none.
        execute("ANALYZE promise_line, promise_delivery")


_HOURS = """
    CREATE TEMPORARY TABLE promise_hours (
        channel_id bigint, purpose text, since timestamptz, until timestamptz,
        weekday integer, opens integer, closes integer
    ) ON COMMIT DROP
"""


def load_hours(since: datetime) -> dict[int, PastHours]:
    """Copy the hours that were in force from `since` on into a temporary table, cut at midnight; a purpose
    that no hours bind may leave all week. Returns the promotional hours by channel."""
    channels = list(Channel.objects.of_messages().prefetch_related("windows"))
    hours = {(c.pk, purpose): hours_since(c, purpose, since) for c in channels for purpose in Purpose}
    execute("DROP TABLE IF EXISTS pg_temp.promise_hours")
    execute(_HOURS)
    copy_rows("promise_hours", chain.from_iterable(_rows(*key, past) for key, past in hours.items()))
    execute("ANALYZE promise_hours")
    return {pk: past for (pk, purpose), past in hours.items() if purpose is Purpose.PROMOTIONAL}


def _rows(channel_id: int, purpose: Purpose, hours: PastHours) -> Iterator[tuple[Any, ...]]:
    starts = ["-infinity", *hours.changes]
    ends = [*hours.changes, "infinity"]
    for start, end, windows in zip(starts, ends, hours.hours, strict=True):
        unbound = None if purpose is Purpose.PROMOTIONAL else ALWAYS
        allowed = windows if windows is not None else unbound
        for interval in allowed.intervals() if allowed is not None else []:
            yield (channel_id, purpose.value, start, end, *interval)
