"""A submitted message gets its deliveries: one `INSERT … SELECT`, once."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DataError, IntegrityError, transaction

from audit.actions import record
from common.media import Purpose
from messaging.actions.move import move_message
from messaging.audience.planning import (
    EVERYBODY,
    Source,
    has_at_most,
    insert_deliveries,
    of_import,
    of_message_file,
    tagged,
)
from messaging.evaluation.facts import decision_of
from messaging.models import Message, MessageProgress
from messaging.models.progress import LARGE
from messaging.states import MessageStatus

logger = logging.getLogger(__name__)


def _source(message: Message) -> Source:
    audience = message.audience
    if audience["kind"] == "file":
        return of_message_file(message.pk)
    if audience["kind"] == "import":
        return of_import(audience["import"])
    return tagged(audience["tag"]) if audience["kind"] == "tag" else EVERYBODY


# The most recipients whose deliveries are written by the process that submits, so that the page that comes
# next shows them. A larger audience is planned by a worker.
PLAN_AT_ONCE = 20_000


def plan_if_small(message: Message, *, now: datetime) -> int:
    """`plan` for an audience of at most `PLAN_AT_ONCE`; returns the number of deliveries written."""
    return plan(message.pk, now=now) if has_at_most(_source(message), PLAN_AT_ONCE) else 0


def plan(message_id: int, *, now: datetime) -> int:
    """Write the deliveries of one submitted message; returns their number, 0 if another did it.

    Two workers at once cannot plan it twice: the message's row is locked, and the status moves in
    the same transaction. A crash in between leaves nothing half-planned.
    """
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("channel")
            .filter(pk=message_id, status=MessageStatus.SUBMITTED)
            .first()
        )
        if message is None:
            return 0
        count = insert_deliveries(message.pk, _source(message), decision_of(message, now), now)
        move_message(message.pk, MessageStatus.SUBMITTED, MessageStatus.RUNNING, planned_at=now)
        if count > LARGE:
            MessageProgress.objects.create(message=message)
        record(by=None, action="message.planned", obj=message, data={"recipients": count}, now=now)
    return count


def plan_waiting(channel_code: str, *, now: datetime, promotional: bool = True) -> int:
    """Plan every submitted message of a channel, or every one that is not `promotional`; returns the number
    of deliveries written.

    One that cannot be planned waits, with the error in the log, and keeps no other one waiting.
    """
    waiting = Message.objects.filter(channel__code=channel_code, status=MessageStatus.SUBMITTED)
    if not promotional:
        waiting = waiting.exclude(purpose=Purpose.PROMOTIONAL)
    count = 0
    for pk in waiting.order_by("priority", "id").values_list("pk", flat=True):
        try:
            count += plan(pk, now=now)
        except (ValueError, LookupError, DataError, IntegrityError):
            logger.exception("a message cannot be planned", extra={"message_id": pk})
    return count
