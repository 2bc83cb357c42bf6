"""Pause, resume and cancel a whole message without touching its million rows.

The stop is two commits. First the flag (`MessageStop`), which every claim that begins later sees;
then the message's own row, whose update waits for the claims in flight, since each holds that row
`FOR SHARE`. When the action returns, no further claim of the message can succeed. The flag comes
first because a waiting update can be starved by a stream of new sharers.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from messaging.actions.move import StaleState, move_message
from messaging.actions.stop_calls import stop_calls_of
from messaging.actions.wake import wake_worker
from messaging.models import FailureCount, Message, MessageStop
from messaging.states import MESSAGE_MOVES, MessageStatus
from staff.models import User


def _check(message: Message, by: User) -> None:
    if (
        not by.may("messaging.stop_message")
        or not Message.objects.visible_to(by).filter(pk=message.pk).exists()
    ):
        raise PermissionDenied(_("%(user)s may not stop this message.") % {"user": by.username})


def _flag(message: Message, kind: str, by: User | None, reason: str, now: datetime) -> None:
    """Commit the flag in its own transaction; an open one of the same kind is enough."""
    try:
        with transaction.atomic():
            MessageStop.objects.create(message=message, kind=kind, at=now, by=by, reason=reason[:300])
            record(by=by, action=f"message.{kind}", obj=message, data={"reason": reason}, now=now)
    except IntegrityError:
        if not MessageStop.objects.filter(message=message, kind=kind, lifted_at__isnull=True).exists():
            raise


def pause(*, message: Message, by: User | None, now: datetime, reason: str = "") -> None:
    """Nothing more of the message leaves until somebody resumes it. `by=None` is the machine (the provider
    refuses the content, or fails at this message alone). Raises `ValidationError` if it is not under way."""
    if by is not None:
        _check(message, by)
    if message.status != MessageStatus.RUNNING:
        raise ValidationError(_("Only a message that is under way can be paused."))
    _flag(message, MessageStop.Kind.PAUSE, by, reason, now)
    try:
        move_message(message.pk, MessageStatus.RUNNING, MessageStatus.PAUSED)
    except StaleState:
        if Message.objects.filter(pk=message.pk, status=MessageStatus.PAUSED).exists():
            return  # pressed twice: the flag is the first one's, and stays
        _lift(message, by, now)
        raise ValidationError(_("The message has ended or was stopped by somebody else meanwhile.")) from None


def _lift(message: Message, by: User | None, now: datetime) -> None:
    MessageStop.objects.filter(message=message, kind=MessageStop.Kind.PAUSE, lifted_at__isnull=True).update(
        lifted_at=now, lifted_by=by
    )


def resume(*, message: Message, by: User, now: datetime) -> None:
    _check(message, by)
    try:
        with transaction.atomic():
            move_message(message.pk, MessageStatus.PAUSED, MessageStatus.RUNNING)
            _lift(message, by, now)
            # The gateway gets as many tries at it again before the machine pauses it.
            FailureCount.objects.filter(message=message).update(failures=0)
            record(by=by, action="message.resume", obj=message, now=now)
            wake_worker(message.channel.code)
    except StaleState:
        raise ValidationError(_("The message is not paused.")) from None


@transaction.atomic
def _stop_calls(message: Message, by: User, reason: str, now: datetime) -> bool:
    stopped = stop_calls_of(message, now=now)
    if stopped:
        data = {"reason": reason, "campaigns": stopped}
        record(by=by, action="message.stop_calls", obj=message, data=data, now=now)
        wake_worker(message.channel.code)
    return stopped > 0


def cancel(*, message: Message, by: User, now: datetime, reason: str = "") -> None:
    """Nothing more of the message leaves, for good. Who has it, has it; the rest is swept to
    `cancelled` by `messaging.actions.sweep`, and voice calls that are still dialled are called back, also
    those of a message that is finished."""
    _check(message, by)
    if message.status == MessageStatus.FINISHED and _stop_calls(message, by, reason, now):
        return
    if message.status in (MessageStatus.FINISHED, MessageStatus.CANCELLED):
        raise ValidationError(_("The message has ended already."))
    _flag(message, MessageStop.Kind.CANCEL, by, reason, now)
    with transaction.atomic():
        # The lock waits for the claims in flight, and for a plan that is just making the message run.
        status = MessageStatus(Message.objects.select_for_update().get(pk=message.pk).status)
        if status is MessageStatus.CANCELLED:
            return  # the flag is ours, or says the same; another was quicker with the rest
        if MessageStatus.CANCELLED not in MESSAGE_MOVES[status]:
            raise ValidationError(_("The message has ended already."))
        move_message(message.pk, status, MessageStatus.CANCELLED)
        wake_worker(message.channel.code)
