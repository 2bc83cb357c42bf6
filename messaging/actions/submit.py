"""A message is submitted: checked, frozen with sender and direct manager (C7.7), ready to be planned."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.actions import record
from channels.models import PURPOSES, Channel
from common.media import BY_MEDIUM, LengthUnit, Purpose
from common.sql import fetch
from common.wording import count_text
from contacts.actions.people import ensure_contacts
from gateways.avanak.client import TEXT_LIMIT
from gateways.sms_parts import count_parts
from messaging.actions.plan import plan_if_small
from messaging.actions.wake import wake_worker
from messaging.audience.members import Audience
from messaging.audience.planning import Plan, preview
from messaging.evaluation.facts import MessageDecision, channel_facts, decide_message, medium_of
from messaging.models import AudienceMember, Message
from messaging.policy.facts import MessageFacts
from persian.jalali import TEHRAN, format_date, format_datetime
from staff.models import Employee, User

# Most urgent first; an approved emergency (step 4 of the procedure's chain) comes before all.
PRIORITIES = {Purpose.NOTIFICATION: 20, Purpose.SURVEY: 30, Purpose.PROMOTIONAL: 40}
# Nobody plans further ahead than a year; what is further away is a slip of the year's digits.
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to send. Instants are aware; `text` is as typed."""

    channel: Channel
    purpose: str
    text: str
    audience: Audience
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None


def check_draft(draft: Draft, *, now: datetime) -> None:
    """Raises one `ValidationError` with every fault of the draft, by field."""
    faults: dict[str, list[str]] = {}
    for field, check in (
        ("text", _text_fault),
        ("scheduled_at", _time_fault),
        ("expires_at", _expiry_fault),
        ("purpose", _purpose_fault),
    ):
        fault = check(draft, now)
        if fault:
            faults[field] = [fault]
    try:
        draft.audience.check_not_empty()
    except ValidationError as error:
        faults["audience"] = error.messages
    if faults:
        raise ValidationError(faults)


def _text_fault(draft: Draft, now: datetime) -> str:
    text = draft.text.strip()
    if not text:
        return _("The text is empty.")
    if "\x00" in text:
        return _("The text holds a character that cannot be sent (NUL).")
    if BY_MEDIUM[medium_of(draft.channel)].length_unit is LengthUnit.CHARACTER:
        if len(text) > TEXT_LIMIT:
            return _("The text has %(length)s characters; a voice message takes at most %(limit)s.") % {
                "length": count_text(len(text)),
                "limit": count_text(TEXT_LIMIT),
            }
        return ""
    parts = count_parts(text).parts
    if parts > settings.SMS_MAX_PARTS:
        return _(
            "The text has %(length)s characters, %(parts)s SMS parts; at most %(limit)s parts are sent."
        ) % {
            "length": count_text(len(text)),
            "parts": count_text(parts),
            "limit": count_text(settings.SMS_MAX_PARTS),
        }
    return ""


def _time_fault(draft: Draft, now: datetime) -> str:
    # The form knows minutes: the one that is running is now, and not the past.
    if draft.scheduled_at is not None and draft.scheduled_at < now.replace(second=0, microsecond=0):
        return _("The time %(time)s is in the past.") % {
            "time": format_datetime(draft.scheduled_at, get_language() or "fa")
        }
    return _too_far(draft.scheduled_at, now)


def _expiry_fault(draft: Draft, now: datetime) -> str:
    start = max(draft.scheduled_at or now, now)
    if draft.expires_at is not None and draft.expires_at <= start:
        return _("The message would be useless before it may be sent: the expiry must come later.")
    return _too_far(draft.expires_at, now)


def _too_far(instant: datetime | None, now: datetime) -> str:
    if instant is not None and instant - now > FURTHEST:
        return _("The time is further away than %(days)s days.") % {"days": count_text(FURTHEST.days)}
    return ""


def _purpose_fault(draft: Draft, now: datetime) -> str:
    if draft.purpose not in PURPOSES:
        return _("“%(purpose)s” is no purpose; choose one of: %(known)s.") % {
            "purpose": draft.purpose,
            "known": ", ".join(PURPOSES),
        }
    return ""


def check_sender(*, employee: Employee | None, by: User, now: datetime) -> Employee:
    """The employee who answers for the message. Raises if it may not be this one (C7.7)."""
    # Before the permission, which a log-in that ended with the employment lacks as well: the reason is this.
    today = now.astimezone(TEHRAN).date()
    if employee is not None and not employee.works_here(today):
        language = get_language() or "fa"
        raise ValidationError(
            _("%(name)s does not work here (hired %(hired)s, left %(left)s) and cannot send.")
            % {
                "name": employee.full_name,
                "hired": format_date(employee.hired_on, language),
                "left": format_date(employee.left_on, language) if employee.left_on else "–",
            }
        )
    if not by.may("messaging.submit_message"):
        raise PermissionDenied(_("%(user)s may not send messages.") % {"user": by.username})
    if employee is None:
        raise ValidationError(_("%(user)s is not on the staff's record.") % {"user": by.username})
    if employee.direct_manager is None:
        raise ValidationError(
            _("%(name)s has no direct manager on record; somebody must answer for the hours with the sender.")
            % {"name": employee.full_name}
        )
    return employee


def draft_decision(draft: Draft, now: datetime) -> MessageDecision:
    facts = MessageFacts(
        purpose=Purpose(draft.purpose),
        medium=medium_of(draft.channel),
        scheduled_at=draft.scheduled_at,
        expires_at=draft.expires_at,
    )
    return decide_message(facts, channel_facts(draft.channel, draft.purpose), now)


def foresee(draft: Draft, *, now: datetime) -> Plan:
    """What would happen if the draft were submitted now. Raises `ValidationError` as submission does."""
    check_draft(draft, now=now)
    return preview(draft.audience.source(), draft_decision(draft, now))


def submit(*, draft: Draft, by: User, now: datetime, key: uuid.UUID | None = None) -> Message:
    """Submit a message once: the same `key` again gives the same message. Once it is committed, a small
    audience is planned here, a large one by the worker that is woken.

    Raises `PermissionDenied` or `ValidationError`; nothing is written then.
    """
    employee = check_sender(employee=Employee.objects.filter(user=by).first(), by=by, now=now)
    key = key or uuid.uuid4()
    earlier = Message.objects.filter(submission_key=key, submitted_by=by).first()
    if earlier is not None:
        return earlier
    check_draft(draft, now=now)
    try:
        with transaction.atomic():
            message = _write(draft, employee, by, now, key)
            # Robust (no partial is): the message stands, and a worker plans what could not be planned here.
            transaction.on_commit(lambda: plan_if_small(message, now=now), robust=True)
            wake_worker(draft.channel.code)
            return message
    except IntegrityError:
        earlier = Message.objects.filter(submission_key=key, submitted_by=by).first()
        if earlier is None and Message.objects.filter(submission_key=key).exists():
            raise ValidationError(_("This form was sent by somebody else. Write the message anew.")) from None
        if earlier is None:
            raise
        return earlier


def _write(draft: Draft, employee: Employee, by: User, now: datetime, key: uuid.UUID) -> Message:
    message = Message.objects.create(
        channel=draft.channel,
        purpose=draft.purpose,
        text=draft.text.strip(),
        audience=draft.audience.as_json(),
        sender=employee,
        sender_manager=cast("Employee", employee.direct_manager),  # `check_sender` has seen to it
        department=employee.department,
        submitted_by=by,
        submitted_at=now,
        submission_key=key,
        scheduled_at=draft.scheduled_at,
        expires_at=draft.expires_at,
        priority=PRIORITIES[Purpose(draft.purpose)],
    )
    if draft.audience.kind == "file":
        _store_lines(message, draft.audience, by, now)
    record(
        by=by,
        action="message.submitted",
        obj=message,
        data={
            "channel": draft.channel.code,
            "purpose": draft.purpose,
            "audience": message.audience,
            "sender": employee.pk,
            "sender_manager": employee.direct_manager_id,
        },
        now=now,
    )
    return message


def _store_lines(message: Message, audience: Audience, by: User, now: datetime) -> None:
    """Keep the file's lines as given, and make a customer of every number that nobody has or had,
    so that whoever gets a message can also refuse the next one."""
    wanted = {line.address for line in audience.lines if line.address}
    strangers = fetch(
        "SELECT a FROM unnest(%s::text[]) a"
        " WHERE NOT EXISTS (SELECT FROM contacts_number n WHERE n.number = a)",
        [list(wanted)],
    )
    if strangers:
        ensure_contacts(addresses=[address for (address,) in strangers], by=by, now=now)
    AudienceMember.objects.bulk_create(
        (
            AudienceMember(message=message, line=number, raw=line.raw, address=line.address)
            for number, line in enumerate(audience.lines, start=1)
        ),
        batch_size=5_000,
    )
