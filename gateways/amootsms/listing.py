"""Rows of the provider's own message list (`GetMessages`). Pure."""

from __future__ import annotations

from typing import Any

from gateways.base import Listed, Listing
from gateways.reading import as_id, from_provider_time, last_ten


def read_messages(rows: list[Any]) -> Listing:
    """The messages; a row without a number or a valid id is counted as unreadable."""
    found = [message for row in rows if (message := _read(row)) is not None]
    return Listing(found, len(rows) - len(found))


def _read(row: Any) -> Listed | None:
    if not isinstance(row, dict):
        return None
    provider_id, number = as_id(row.get("MessageID")), last_ten(row.get("Mobile"))
    if not provider_id or not number:
        return None
    text, line = row.get("SMSMessageText"), row.get("LineNumber")
    return Listed(
        provider_id,
        number,
        str(line) if isinstance(line, str | int) else "",
        text if isinstance(text, str) else "",
        from_provider_time(row.get("RegDateTime")),
        from_provider_time(row.get("SentDateTime")),
    )
