"""What the side-by-side tables prove: the day's breaches, one row a text, and the day's counts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from common.sql import execute, fetch
from messaging.models import Comparison

# So many texts of one kind have a breach of their own; with more, somebody sent each customer another
# text, and the rest stand together.
TEXTS: Final = 200

# A message leaves when the provider sends it; while it has not, when the provider took it. A message of
# the portal is named by the portal's text, though the provider may have cut it off for some.
_FOUND: Final = """
    CREATE TEMPORARY TABLE shadow_found AS
    SELECT r.provider_id, r.number, r.line, coalesce(o.digest, r.digest) AS digest, r.at,
           coalesce(r.sent_at, r.at) AS left_at, r.message_id, c.kind, c.is_outside
      FROM shadow_row r
      LEFT JOIN shadow_ours o USING (message_id)
      LEFT JOIN shadow_minute taken ON taken.minute = date_trunc('minute', r.at)
      LEFT JOIN shadow_minute sent ON sent.minute = date_trunc('minute', r.sent_at)
     CROSS JOIN LATERAL (
            SELECT 'shadow_send' AS kind,
                   CASE WHEN r.sent_at IS NULL THEN taken.minute ELSE sent.minute END IS NOT NULL
                        AS is_outside
             WHERE r.message_id IS NULL
            UNION ALL
            SELECT CASE WHEN taken.minute IS NOT NULL THEN 'outside_hours' ELSE 'sent_late_by_provider' END,
                   TRUE
             WHERE r.is_promotional AND (taken.minute IS NOT NULL OR sent.minute IS NOT NULL)) c
"""

# Texts beyond the first ones of the day stand together, with an empty digest.
_MANY: Final = """
    UPDATE shadow_found f SET digest = ''
      FROM (SELECT kind, is_outside, digest,
                   row_number() OVER (PARTITION BY kind, is_outside ORDER BY min(at), digest) AS nth
              FROM shadow_found WHERE message_id IS NULL GROUP BY 1, 2, 3) t
     WHERE t.nth > %(texts)s AND f.message_id IS NULL
       AND (f.kind, f.is_outside, f.digest) = (t.kind, t.is_outside, t.digest)
"""

# Only what is beyond the recipients that earlier comparisons recorded of the same group.
_RECORD: Final = """
    WITH grouped AS (
        SELECT f.*, concat_ws('|', %(channel)s, %(day)s::date, kind, is_outside, message_id, digest, line)
                    AS group_key
          FROM shadow_found f),
    known AS (
        SELECT b."group" AS group_key, sum(b.recipients) AS recipients, max(b.part) AS part
          FROM messaging_breach b JOIN (SELECT DISTINCT group_key FROM grouped) g ON g.group_key = b."group"
         GROUP BY 1),
    numbered AS (
        SELECT g.*, coalesce(k.recipients, 0) AS before, coalesce(k.part, 0) AS part,
               row_number() OVER (PARTITION BY group_key
                                      ORDER BY g.at, length(provider_id), provider_id) AS nth
          FROM grouped g LEFT JOIN known k USING (group_key)),
    added AS (
        SELECT group_key, kind, is_outside, message_id, digest, line, part + 1 AS part,
               min(at) AS accepted_at, min(left_at) AS happened_at, max(left_at) AS until,
               count(*) AS recipients,
               array_agg('+98' || number ORDER BY nth) FILTER (WHERE nth <= before + %(sample)s) AS numbers,
               (array_agg(provider_id ORDER BY nth) FILTER (WHERE nth = before + 1))[1] AS first_id,
               max(lpad(provider_id, 20, '0')) AS last_id
          FROM numbered WHERE nth > before
         GROUP BY group_key, kind, is_outside, message_id, digest, line, part)
    INSERT INTO messaging_breach (channel_id, day, kind, is_outside, message_id, sender_id,
           sender_manager_id, accepted_at, happened_at, until, recipients, numbers, text, line, first_id,
           last_id, digest, "group", part, comparison_id, found_at)
    SELECT %(channel)s, %(day)s, a.kind, a.is_outside, m.id, m.sender_id, m.sender_manager_id,
           a.accepted_at, a.happened_at, a.until, a.recipients, a.numbers,
           coalesce(left(m.text, 1000), t.text, ''), a.line, a.first_id,
           ltrim(a.last_id, '0'), a.digest, a.group_key, a.part, %(comparison)s, %(now)s
      FROM added a
      LEFT JOIN messaging_message m ON m.id = a.message_id
      LEFT JOIN shadow_text t ON t.digest = a.digest
     ORDER BY a.happened_at, a.group_key
"""

# The fields of a comparison that `_COUNTS` yields.
COUNTED: Final = ("listed", "shadow", "outside_hours", "sent_late", "unsent")
_COUNTS: Final = """
    SELECT (SELECT count(*) FROM shadow_row),
           count(*) FILTER (WHERE kind = 'shadow_send'),
           count(*) FILTER (WHERE kind = 'outside_hours'),
           count(*) FILTER (WHERE kind = 'sent_late_by_provider'),
           (SELECT count(*) FROM shadow_row WHERE sent_at IS NULL)
      FROM shadow_found
"""


def record_findings(comparison: Comparison, now: datetime) -> dict[str, int]:
    """Add the breaches that the tables of this connection prove; running it again adds nothing.

    Returns what the day held (`COUNTED`), and as `breaches` the rows that were added now.
    """
    params = {
        "channel": comparison.channel_id,
        "day": comparison.day,
        "comparison": comparison.pk,
        "now": now,
        "texts": TEXTS,
        "sample": 10,
    }
    execute(_FOUND)
    execute(_MANY, params)
    breaches = execute(_RECORD, params)
    return {**dict(zip(COUNTED, fetch(_COUNTS)[0], strict=True)), "breaches": breaches}
