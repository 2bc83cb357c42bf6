"""A row of AmootSMS's inbound messages, in either of the spellings seen. Pure.

A row is never left out: the provider gives it once only, so even one that makes no sense is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from gateways.base import Inbound
from gateways.reading import as_id, from_provider_time

_IDS: Final = ("ReceiveMessageID", "RecieveMessageID", "MessageID")
_TEXTS: Final = ("SMSMessageText", "MessageText")
_TIMES: Final = ("RecieveDateTime", "ReceiveDateTime")


def read_inbound(row: object) -> Inbound:
    """What is recognised of a row, and the row itself."""
    fields: Mapping[str, Any] = row if isinstance(row, dict) else {}
    return Inbound(
        provider_id=as_id(_first(fields, _IDS)),
        mobile=_text(fields.get("Mobile")),
        line=_text(fields.get("LineNumber")),
        text=_text(_first(fields, _TEXTS)),
        received_at=from_provider_time(_first(fields, _TIMES)),
        raw=json.dumps(row, sort_keys=True),
    )


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
