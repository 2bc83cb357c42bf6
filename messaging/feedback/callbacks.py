"""Callbacks of the providers: hints which calls to ask about now.

The bodies are undocumented and unsigned. Each is stored as it came; the message ids found in it make their
calls due, and the provider's own answer counts. A forged one costs a question.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from channels.models import Channel
from gateways.reading import NotJson, as_id, parse_json
from messaging.models import ProviderCallback

logger = logging.getLogger(__name__)

BODY_LIMIT: Final = 64 * 1024
# The most ids taken from one body, and values looked at to find them.
IDS_A_BODY: Final = 500
VALUES_A_BODY: Final = 20_000
# The most bodies handled in one turn.
A_TURN: Final = 200

_KEY: Final = re.compile(r"messageids?", re.IGNORECASE)
_ANYWHERE: Final = re.compile(r"messageids?[^0-9-]{1,60}([0-9]{1,19}(?:\s*,\s*[0-9]{1,19})*)", re.IGNORECASE)

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
            .order_by("id")[:A_TURN]
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
    with connection.cursor() as cursor:
        cursor.execute(_ASK_SOON, {"ids": [int(one) for one in ids], "channel": channel.pk, "now": now})
        return int(cursor.rowcount)


def message_ids(body: bytes) -> list[str]:
    """What can be a message's id in a body of unknown form: a form, JSON in any nesting, or plain text."""
    text = body.decode("utf-8", "replace")
    found = dict.fromkeys(_ids_in(text))
    if not found:
        found = dict.fromkeys(one for match in _ANYWHERE.findall(text) for one in _listed(match))
    return list(found)[:IDS_A_BODY]


def _ids_in(text: str) -> Iterator[str]:
    """The ids under a fitting name, at any depth; JSON inside a form's field is read, too."""
    left = VALUES_A_BODY
    stack: list[tuple[bool, Any]] = [(False, _parsed(text))]
    while stack and left > 0:
        left -= 1
        fits, value = stack.pop()
        if isinstance(value, dict):
            stack += [(_KEY.search(str(name)) is not None, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            stack += [(fits, inner) for inner in value]
        elif fits:
            yield from _listed(value)
        elif isinstance(value, str) and value.lstrip()[:1] in {"{", "["} and value != text:
            stack.append((False, _json(value)))


def _parsed(text: str) -> Any:
    value = _json(text)
    if value is not None:
        return value
    try:
        pairs = parse_qsl(text, max_num_fields=1000)
    except ValueError:
        return None
    return [{name: value} for name, value in pairs]


def _json(text: str) -> Any:
    try:
        return parse_json(text)
    except NotJson:
        return None


def _listed(value: object) -> Iterator[str]:
    """A number, its digits, or several of them with commas between."""
    parts = value.split(",") if isinstance(value, str) else [value]
    for part in parts:
        if one := as_id(part):
            yield one
