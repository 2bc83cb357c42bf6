"""Callbacks of the providers: hints which calls to ask about now.

The bodies are undocumented and unsigned. Each is stored as it came; the message ids found in it make their
calls due, and the provider's own answer counts. A forged one costs a question.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from channels.models import Channel
from common.sql import execute
from gateways.reading import as_id
from messaging.models import ProviderCallback

logger = logging.getLogger(__name__)

# A body of either provider is some hundred bytes, and names one message.
BODY_LIMIT: Final = 64 * 1024
IDS_A_BODY: Final = 500

# Both providers' names of the field, and the numbers behind it: one, or several with commas between.
_NAMED: Final = re.compile(r"messageids?[^0-9-]{1,60}([0-9][0-9\s,\"']*)", re.IGNORECASE)

# The calls whose range of ids holds one of these, and that wait for a report on exactly it. Ids grow
# with time, so the right call is among the first few below.
_ASK_SOON = """
WITH named AS MATERIALIZED (
    SELECT DISTINCT k.id
      FROM unnest(%(ids)s::bigint[]) AS n(id)
     CROSS JOIN LATERAL (
            SELECT c.id, c.last_provider_id
              FROM messaging_gatewaycall c
             WHERE c.channel_id = %(channel)s AND c.report_due_at IS NOT NULL
               AND c.first_provider_id <= n.id
             ORDER BY c.first_provider_id DESC LIMIT 20) k
     WHERE k.last_provider_id >= n.id
       AND EXISTS (SELECT FROM messaging_delivery d
                    WHERE d.call_id = k.id AND d.state IN ('accepted', 'unreported')
                      AND d.provider_id = n.id::text)
), locked AS MATERIALIZED (
    SELECT c.id FROM messaging_gatewaycall c WHERE c.id IN (SELECT id FROM named)
     ORDER BY c.id FOR UPDATE
)
UPDATE messaging_gatewaycall c SET report_due_at = least(c.report_due_at, %(now)s)
  FROM locked WHERE c.id = locked.id AND c.report_due_at IS NOT NULL
"""


class Receipt(Enum):
    STORED = auto()
    TOO_MANY = auto()


def receive(channel: Channel, body: bytes, *, now: datetime) -> Receipt:
    """Store a body as it came; `TOO_MANY` in the last minute are dropped, and found out by asking."""
    minute_ago = now - timedelta(minutes=1)
    recent = ProviderCallback.objects.filter(channel=channel, received_at__gt=minute_ago)
    if recent[: settings.CALLBACKS_PER_MINUTE].count() >= settings.CALLBACKS_PER_MINUTE:
        return Receipt.TOO_MANY
    ProviderCallback.objects.create(channel=channel, received_at=now, body=body[:BODY_LIMIT])
    return Receipt.STORED


def handle_callbacks(channel: Channel, *, now: datetime) -> int:
    """Make the calls due that waiting bodies name, and delete the oldest bodies; how many were handled."""
    with transaction.atomic():
        waiting = list(
            ProviderCallback.objects.select_for_update(skip_locked=True)
            .filter(channel=channel, handled_at__isnull=True)
            .order_by("id")[:200]
        )
        for callback in waiting:
            ids = _ids_of(callback)
            asked = _ask_soon(channel, ids, now) if ids else 0
            callback.handled_at = now
            callback.note = f"{len(ids)} ids, {asked} calls to ask about" if ids else "no message id in it"
        ProviderCallback.objects.bulk_update(waiting, ["handled_at", "note"])
    if waiting:
        newest = ProviderCallback.objects.aggregate(pk=Max("pk"))["pk"]
        ProviderCallback.objects.filter(pk__lte=newest - settings.CALLBACKS_KEPT).delete()
    return len(waiting)


def _ids_of(callback: ProviderCallback) -> list[str]:
    """The ids; none if our reader fails, so that one body keeps no other from being handled."""
    try:
        return message_ids(bytes(callback.body))
    except Exception:
        logger.exception("a provider's call could not be read", extra={"callback": callback.pk})
        return []


def _ask_soon(channel: Channel, ids: list[str], now: datetime) -> int:
    return execute(_ASK_SOON, {"ids": [int(one) for one in ids], "channel": channel.pk, "now": now})


def message_ids(body: bytes) -> list[str]:
    """What can be a message's id in a body of unknown form: a form, JSON in any nesting, or plain text."""
    text = unquote_plus(body.decode("utf-8", "replace"))
    numbers = (number for listed in _NAMED.findall(text) for number in re.findall("[0-9]+", listed))
    return list(dict.fromkeys(filter(None, map(as_id, numbers))))[:IDS_A_BODY]
