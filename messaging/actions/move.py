"""The one place where a message's status moves."""

from __future__ import annotations

from typing import Any

from messaging.models import Message
from messaging.models.querysets import MessageQuerySet
from messaging.states import MESSAGE_MOVES, MessageStatus


class StaleState(Exception):
    """The row is not in the state that the move begins from: somebody else was first."""


def move_message(
    message_id: int,
    old: MessageStatus,
    new: MessageStatus,
    *,
    among: MessageQuerySet | None = None,
    **fields: Any,
) -> None:
    """Move a message from `old` to `new`, with the fields that go with it.

    Raises `ValueError` for a move that the table does not know, `StaleState` when the message is
    no longer in `old`, or not (in the same statement) one of `among`.
    """
    if new not in MESSAGE_MOVES[old]:
        raise ValueError(f"a message cannot move from {old} to {new}")
    candidates = Message.objects.all() if among is None else among
    moved = candidates.filter(pk=message_id, status=old).update(status=new, **fields)
    if not moved:
        raise StaleState(f"message {message_id} is no longer {old}")
