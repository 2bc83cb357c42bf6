"""Each promise as one question to the tables: which rows break it?

Every query yields (gateway log line or NULL, message id, number, what is wrong).
"""

from __future__ import annotations

from typing import Final

# Said to be accepted, and the gateway knows nothing of it.
_NEVER_TAKEN = """
    SELECT NULL::integer AS line, message_id, number, 'recorded as ' || state || ', never taken' AS what
      FROM promise_delivery WHERE is_due AND NOT is_matched AND NOT on_a_word
"""

# Neither on its way nor explained: nobody would ever look at it again.
_FORGOTTEN = """
    SELECT NULL::integer, d.message_id, d.address, d.state || ' and forgotten'
      FROM messaging_delivery d
      JOIN messaging_message m ON m.id = d.message_id
      LEFT JOIN messaging_gatewaycall k ON k.id = d.call_id
     WHERE (d.state IN ('queued', 'sending') AND m.status = 'finished')
        OR (d.state = 'queued' AND m.status = 'cancelled' AND m.finished_at IS NOT NULL)
        OR (d.state = 'sending' AND k.outcome IS DISTINCT FROM 'pending')
        OR (d.state = 'unknown' AND k.outcome IS DISTINCT FROM 'unknown')
        OR (d.state = 'queued' AND d.not_before IS NULL
            AND NOT (d.reason = 'voc_call_open' AND EXISTS (
                SELECT FROM contacts_restriction r WHERE r.address = d.address AND r.holds_promotional)))
        OR (d.state IN ('suppressed', 'expired', 'cancelled') AND d.reason = '')
"""

# A line of the audience's file that no delivery stands for.
_LEFT_OUT = """
    SELECT NULL::integer, a.message_id, coalesce(nullif(a.address, ''), a.raw), 'no delivery'
      FROM messaging_audiencemember a
      JOIN messaging_message m ON m.id = a.message_id AND m.planned_at IS NOT NULL
     WHERE NOT EXISTS (SELECT FROM messaging_delivery d
                        WHERE d.message_id = a.message_id
                          AND d.address = coalesce(nullif(a.address, ''), a.raw))
"""

# Fewer deliveries than the plan wrote; the audit keeps its number.
_VANISHED = """
    SELECT NULL::integer, e.message_id, '', 'a delivery of the plan is gone'
      FROM (SELECT CASE WHEN action = 'message.planned' THEN object_id::bigint END AS message_id,
                   CASE WHEN action = 'message.planned' THEN (data->>'recipients')::bigint END AS n
              FROM audit_entry
             WHERE object_type = 'messaging.message' AND action = 'message.planned') e
      LEFT JOIN (SELECT message_id, count(*) AS n FROM messaging_delivery GROUP BY 1) d USING (message_id)
     CROSS JOIN LATERAL generate_series(1, e.n - coalesce(d.n, 0))
"""

LOST: Final = " UNION ALL ".join((_NEVER_TAKEN, _FORGOTTEN, _LEFT_OUT, _VANISHED))

# Taken once more than there are deliveries for it.
TWICE: Final = """
    SELECT p.line, first.message_id, p.number, 'taken again'
      FROM promise_line p
      JOIN (SELECT provider, number, digest, min(message_id) AS message_id
              FROM promise_delivery WHERE is_matched GROUP BY 1, 2, 3) first
     USING (provider, number, digest)
     WHERE p.delivery_id IS NULL AND p.decided_id IS NULL
"""

# No breach: a person took the risk, by name and with a reason. Taken once more than there are deliveries.
RESENT_BY_PERSON: Final = """
    SELECT count(*) FROM promise_line p
     WHERE p.decided_id IS NOT NULL
       AND EXISTS (SELECT FROM promise_delivery d
                    WHERE d.is_matched AND d.provider = p.provider AND d.number = p.number
                      AND d.digest = p.digest)
"""

# Nor this: recorded as sent because somebody said so, and the gateway knows nothing of it.
NOT_AS_SAID: Final = "SELECT count(*) FROM promise_delivery WHERE is_due AND NOT is_matched AND on_a_word"

UNACCOUNTED: Final = """
    SELECT p.line, NULL::bigint, p.number, 'no delivery says so'
      FROM promise_line p
     WHERE p.delivery_id IS NULL AND p.decided_id IS NULL
       AND NOT EXISTS (SELECT FROM promise_delivery d
                        WHERE d.is_matched AND d.provider = p.provider AND d.number = p.number
                          AND d.digest = p.digest)
"""

# The ledger replayed for everybody who had given the number when the claim was made: was the option set
# then, or a call open? `{committed}` is when an entry became visible to others; a call counts from a while
# after the press, a number from it (its row changes later, and with it the instant that PostgreSQL keeps).
# An approved override of the same content lifts "no message at all".
OPTED_OUT: Final = """
    SELECT p.line, d.message_id, p.number, word.flag
      FROM promise_line p
      JOIN promise_delivery d ON d.id = coalesce(p.delivery_id, p.decided_id)
     CROSS JOIN LATERAL (SELECT coalesce(p.intended_at, d.intended_at, p.at) AS at) claimed
     CROSS JOIN LATERAL (
            SELECT said.flag
              FROM contacts_number n
             CROSS JOIN LATERAL (
                    (SELECT DISTINCT ON (l.flag) l.flag::text, l.after
                       FROM contacts_consententry l
                      WHERE l.contact_id = n.contact_id AND {committed} < claimed.at
                      ORDER BY l.flag, l.id DESC)
                    UNION ALL
                    SELECT 'voc_call_open', TRUE FROM contacts_optoutcall c
                     WHERE c.contact_id = n.contact_id AND c.opened_at + {margin} < claimed.at
                       AND (c.closed_at IS NULL OR c.closed_at >= claimed.at)) said
             WHERE n.number = d.number AND n.since <= claimed.at AND said.after
               AND CASE said.flag
                   WHEN 'no_messages' THEN NOT (
                        d.purpose <> 'promotional' AND d.message_id = ANY(%(same_content)s)
                        AND EXISTS (SELECT FROM messaging_override o
                                     WHERE o.message_id = d.message_id
                                       AND o.approved_at <= claimed.at AND o.expires_at > claimed.at
                                       AND (o.revoked_at IS NULL OR o.revoked_at > claimed.at)))
                   ELSE d.purpose = 'promotional' END
             ORDER BY said.flag LIMIT 1) word
     WHERE d.number IN (SELECT n.number FROM contacts_number n
                         WHERE n.contact_id IN (SELECT contact_id FROM contacts_consententry
                                                UNION SELECT contact_id FROM contacts_optoutcall))
"""

# By the gateway's own clock, on Tehran's wall clock; half-open. The hours are those that were in force when
# the claim was made, within the procedure's (`promise_hours`). A claim reads them a moment before.
OUTSIDE_WINDOW: Final = """
    SELECT p.line, d.message_id, p.number,
           to_char(p.at AT TIME ZONE 'Asia/Tehran', 'YYYY-MM-DD HH24:MI:SS')
      FROM promise_line p
      JOIN promise_delivery d ON d.id = coalesce(p.delivery_id, p.decided_id)
     CROSS JOIN LATERAL (SELECT extract(isodow FROM l.local) - 1 AS weekday,
                                extract(epoch FROM l.local::time) AS second
                           FROM (SELECT p.at AT TIME ZONE 'Asia/Tehran' AS local) l) t
     CROSS JOIN LATERAL (SELECT coalesce(p.intended_at, d.intended_at, p.at) AS at) claimed
     WHERE NOT EXISTS (
            SELECT FROM promise_hours h
             WHERE h.channel_id = d.channel_id AND h.purpose = d.purpose
               AND h.since <= claimed.at AND h.until > claimed.at - interval '5 seconds'
               AND h.weekday = t.weekday AND t.second >= h.opens * 60 AND t.second < h.closes * 60)
"""

# Voice: until when the provider may go on dialling, for the window's close to be compared with.
DIALLING: Final = """
    SELECT min(p.line), d.message_id, min(p.number), d.channel_id, p.at, p.window_end, count(*)
      FROM promise_line p
      JOIN promise_delivery d ON d.id = coalesce(p.delivery_id, p.decided_id)
     WHERE p.provider = 'avanak' AND d.purpose = 'promotional'
     GROUP BY d.message_id, d.channel_id, p.at, p.window_end, p.campaign
"""
