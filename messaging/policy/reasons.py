"""Why a message does not go to a recipient (now, or at all). Values, never texts."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A rule's code. Screens translate it; reports and metrics count it."""

    DUPLICATE = "duplicate"
    INVALID_ADDRESS = "invalid_address"
    LANDLINE = "landline"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    EXPIRES_FIRST = "expires_first"
    NO_MESSAGES = "no_messages"
    NO_PROMOTIONAL = "no_promotional"
    FACTS_MISSING = "facts_missing"
    AWAITING_APPROVAL = "awaiting_approval"
    PAUSED = "paused"
    VOC_CALL_OPEN = "voc_call_open"
    OPERATOR_DOWN = "operator_down"
    SCHEDULED = "scheduled"
    WINDOW_CLOSED = "window_closed"
    RETRY = "retry"
    PROVIDER_HOURS = "provider_hours"
    AUDIO_UNAPPROVED = "audio_unapproved"
