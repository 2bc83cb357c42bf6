"""What changes a channel: its record and hours (C7.6), and its outages (C7.5, reading 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from audit.actions import record
from channels.hours import Interval, check_intervals, check_limit, spelled
from channels.limits import limit_of
from channels.models import PURPOSES, Channel, Outage, SendingWindow, WindowsChange
from common.enqueue import after_commit
from persian.text import fold_line
from staff.models import Department, User
from staff.permissions import demand

# The length of the columns.
REASON_MAX_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class ChannelDetails:
    """What the register says of a channel, as typed."""

    name: str
    name_en: str
    address: str
    owner: Department | None
    usage_rule: str
    usage_rule_en: str
    is_active: bool


def add_channel(
    *, code: str, kind: str, clause: str, details: ChannelDetails, by: User | None, now: datetime
) -> Channel:
    """Put a channel into the register. Raises ValidationError by field."""
    demand(by, "channels.add_channel")
    channel = Channel(code=code, kind=kind, clause=clause, **_values(details))
    channel.full_clean()
    with transaction.atomic():
        channel.save()
        record(by=by, action="channel.added", obj=channel, data={"code": code, "kind": kind}, now=now)
    return channel


def change_channel(*, channel: Channel, details: ChannelDetails, by: User | None, now: datetime) -> bool:
    """Change what the register says of a channel; whether anything changed. Kind and code stay."""
    demand(by, "channels.change_channel")
    with transaction.atomic():
        locked = _lock(channel)
        wanted = _values(details)
        changed = {name: value for name, value in wanted.items() if getattr(locked, name) != value}
        if not changed:
            return False
        data = {name: [_plain(getattr(locked, name)), _plain(value)] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(locked, name, value)
        locked.full_clean()
        locked.save(update_fields=list(changed))
        record(by=by, action="channel.changed", obj=locked, data=data, now=now)
    return True


def set_windows(
    *,
    channel: Channel,
    purpose: str,
    intervals: Iterable[Interval],
    reason: str,
    by: User | None,
    now: datetime,
) -> bool:
    """Give a purpose exactly these sending windows on the channel (C7.6); whether anything changed.

    Messages that wait are judged by the new hours from their next claim on. Without any interval,
    promotional messages wait for good and other purposes go at any hour. What a person changes is told
    by mail to senior management and the auditors. Raises ValidationError for an interval that is none,
    overlaps another or exceeds the procedure's hours, an unknown purpose, or an empty reason.
    """
    demand(by, "channels.change_windows")
    wanted = sorted(set(intervals))
    if purpose not in PURPOSES:
        raise ValidationError(_("There is no purpose “%(purpose)s”.") % {"purpose": purpose})
    check_intervals(wanted)
    check_limit(wanted, limit_of(channel, purpose))
    reason = _given_reason(reason, _("Write the reason: why do the hours change?"))
    with transaction.atomic():
        locked = _lock(channel)
        rows = SendingWindow.objects.filter(channel=locked, purpose=purpose)
        before = sorted(rows.values_list("weekday", "opens", "closes"))
        if before == wanted:
            return False
        rows.delete()
        SendingWindow.objects.bulk_create(
            SendingWindow(channel=locked, purpose=purpose, weekday=weekday, opens=opens, closes=closes)
            for weekday, opens, closes in wanted
        )
        change = {"purpose": purpose, "before": spelled(before), "after": spelled(wanted), "reason": reason}
        record(by=by, action="channel.windows_set", obj=locked, data=change, now=now)
        if by is not None:
            WindowsChange.objects.create(channel=locked, changed_by=by, changed_at=now, **change)
            after_commit("channels.notify")
    return True


def _given_reason(typed: str, question: str) -> str:
    """A reason as it is kept. Raises ValidationError (with `question`) for an empty one, or one too long."""
    reason = fold_line(typed)
    if not reason:
        raise ValidationError({"reason": question})
    if len(reason) > REASON_MAX_LENGTH:
        message = _("The reason has %(length)s characters; at most %(limit)s are kept.")
        raise ValidationError({"reason": message % {"length": len(reason), "limit": REASON_MAX_LENGTH}})
    return reason


def declare_outage(*, channel: Channel, reason: str, by: User, now: datetime) -> Outage:
    """Say that the channel's operator is down: nothing leaves until somebody ends the outage (C7.5).

    Raises PermissionDenied without the right, and ValidationError without a reason, for a channel by
    which nothing is sent, or where an outage is declared already.
    """
    demand(by, "channels.declare_outage")
    reason = _given_reason(reason, _("Write the reason: what is down, and who says so?"))
    if not Channel.objects.sending().filter(pk=channel.pk).exists():
        raise ValidationError(_("Nothing is sent by “%(channel)s”.") % {"channel": channel.display_name})
    try:
        with transaction.atomic():
            outage: Outage = Outage.objects.create(
                channel=channel,
                origin=Outage.Origin.DECLARED,
                cause=Outage.Cause.DECLARED,
                reason=reason,
                started_at=now,
                declared_by=by,
            )
            record(by=by, action="channel.outage_declared", obj=channel, data={"reason": reason}, now=now)
            after_commit("channels.notify")
    except IntegrityError as error:
        raise ValidationError(
            _("An outage of “%(channel)s” is declared already.") % {"channel": channel.display_name}
        ) from error
    return outage


def detect_outage(
    *, channel: Channel, cause: Outage.Cause, code: str = "", reason: str = "", now: datetime
) -> Outage:
    """Record that the gateway fails; an outage that is open already is kept.

    `code` is the provider's own word for the failure; `reason` adds what no cause and code can say.
    """
    outage: Outage
    data = {"why": cause, "code": code} | ({"reason": reason} if reason else {})
    try:
        with transaction.atomic():
            outage = Outage.objects.create(
                channel=channel,
                origin=Outage.Origin.DETECTED,
                cause=cause,
                code=code[:60],
                reason=reason[:REASON_MAX_LENGTH],
                started_at=now,
                next_probe_at=now,
            )
            record(by=None, action="channel.outage_detected", obj=channel, data=data, now=now)
            after_commit("channels.notify")
    except IntegrityError:
        # Another worker was quicker. Should its outage have ended since, it is still the one meant.
        earlier = Outage.objects.filter(channel=channel, origin=Outage.Origin.DETECTED)
        outage = earlier.latest("started_at")
    return outage


def replace_outage(*, outage: Outage, cause: Outage.Cause, code: str, now: datetime) -> Outage | None:
    """Something else is the matter with the gateway by now: the outage ends where another begins, and nobody
    is told that it is over. The other one; None if this one had ended already."""
    with transaction.atomic():
        if not _end(outage, None, now, end_told_at=now):
            return None
        return detect_outage(channel=outage.channel, cause=cause, code=code, now=now)


def take_probe(*, outage: Outage, until: datetime, now: datetime) -> bool:
    """Take the right to ask a gateway in a detected outage whether it is back; nobody else asks before
    `until`. Whether this call got it: of all workers on all machines one does."""
    return bool(Outage.objects.to_probe(now).filter(pk=outage.pk).update(next_probe_at=until))


def postpone_probe(*, outage: Outage, until: datetime, failed_trials: int = 0) -> None:
    """The gateway is not back: it is asked again at `until`. `failed_trials` are added to those on record."""
    still_open = Outage.objects.open().filter(pk=outage.pk)
    still_open.update(trials=F("trials") + failed_trials, next_probe_at=until)


def end_outage(*, outage: Outage, by: User | None, now: datetime) -> bool:
    """End an outage once; whether this call did it. `by=None`: the probe found the gateway back."""
    demand(by, "channels.declare_outage")
    with transaction.atomic():
        ended = _end(outage, by, now, ended_by=by)
        if ended:
            after_commit("channels.notify")
    return ended


def _end(outage: Outage, by: User | None, now: datetime, **said: Any) -> bool:
    # Another machine's clock may be a little behind the one that saw it begin.
    over = Greatest(F("started_at"), Value(now))
    if not Outage.objects.open().filter(pk=outage.pk).update(ended_at=over, **said):
        return False
    record(by=by, action="channel.outage_ended", obj=outage.channel, data={"outage": outage.pk}, now=now)
    return True


def _lock(channel: Channel) -> Channel:
    locked: Channel = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
    return locked


def _values(details: ChannelDetails) -> dict[str, Any]:
    values = {field.name: getattr(details, field.name) for field in fields(details)}
    for name in ("name", "name_en", "address"):
        values[name] = fold_line(values[name])
    return values


def _plain(value: Any) -> Any:
    return value.code if isinstance(value, Department) else value
