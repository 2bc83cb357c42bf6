"""The states of a message and of a delivery, and the moves between them, as data.

The database's guard trigger, the diagram in `docs/states.md` and the tests are made from these tables.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageStatus(models.TextChoices):
    SUBMITTED = "submitted", _("being planned")
    RUNNING = "running", _("under way")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    CANCELLED = "cancelled", _("cancelled")


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    SENDING = "sending", _("sending")
    ACCEPTED = "accepted", _("accepted by the provider")
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("not delivered")
    UNREPORTED = "unreported", _("no report came")
    REJECTED = "rejected", _("refused by the provider")
    UNKNOWN = "unknown", _("outcome unknown")
    ABANDONED = "abandoned", _("given up")
    SUPPRESSED = "suppressed", _("not sent by rule")
    EXPIRED = "expired", _("expired")
    CANCELLED = "cancelled", _("cancelled")


MESSAGE_MOVES: Final[dict[MessageStatus, frozenset[MessageStatus]]] = {
    MessageStatus.SUBMITTED: frozenset({MessageStatus.RUNNING, MessageStatus.CANCELLED}),
    MessageStatus.RUNNING: frozenset({MessageStatus.PAUSED, MessageStatus.FINISHED, MessageStatus.CANCELLED}),
    MessageStatus.PAUSED: frozenset({MessageStatus.RUNNING, MessageStatus.CANCELLED}),
    MessageStatus.FINISHED: frozenset(),
    MessageStatus.CANCELLED: frozenset(),
}

_S = DeliveryState
DELIVERY_MOVES: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    _S.QUEUED: frozenset({_S.SENDING, _S.SUPPRESSED, _S.EXPIRED, _S.CANCELLED}),
    _S.SENDING: frozenset({_S.ACCEPTED, _S.REJECTED, _S.QUEUED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.QUEUED, _S.ABANDONED}),
    # UNREPORTED: nothing final was reported in `REPORT_HOURS`.
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.UNDELIVERED, _S.UNREPORTED}),
    _S.DELIVERED: frozenset(),
    _S.UNDELIVERED: frozenset(),
    # A report may come late.
    _S.UNREPORTED: frozenset({_S.DELIVERED, _S.UNDELIVERED}),
    _S.REJECTED: frozenset(),
    _S.ABANDONED: frozenset(),
    _S.SUPPRESSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
}

# The machine does nothing more with these, but for delivery reports on ACCEPTED and, late, on UNREPORTED.
DONE: Final = frozenset(
    {
        _S.ACCEPTED,
        _S.DELIVERED,
        _S.UNDELIVERED,
        _S.UNREPORTED,
        _S.REJECTED,
        _S.ABANDONED,
        _S.SUPPRESSED,
        _S.EXPIRED,
        _S.CANCELLED,
    }
)
REACHED_PROVIDER: Final = frozenset({_S.ACCEPTED, _S.DELIVERED, _S.UNDELIVERED, _S.UNREPORTED})


def forbidden_delivery_move() -> str:
    """SQL condition on OLD and NEW that is true for a move which the table does not allow."""
    pairs = ", ".join(f"'{old}>{new}'" for old, news in DELIVERY_MOVES.items() for new in sorted(news))
    return f"OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({pairs})"


def forbidden_message_move() -> str:
    """The same for a message's status."""
    pairs = ", ".join(f"'{old}>{new}'" for old, news in MESSAGE_MOVES.items() for new in sorted(news))
    return f"OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ({pairs})"
