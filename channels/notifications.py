"""Mail about channels: outages to those who may end them, changed hours to senior management and auditors.

Each event is told at most once: the row is marked before the mail goes, by an update whose conditions are
those by which the row was found. Only a mail server that could not even be reached gives the mark back, so
that a later round tries again, for as long as the news is worth telling. An end is told to those who were
told of the beginning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import Exists, F, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from channels.hours import unspelled, week_lines
from channels.labels import CAUSES
from channels.models import Outage, SendingWindow, WindowsChange
from channels.querysets import OutageQuerySet
from common.mail import letter
from common.timeouts import GIVEN_UP_AFTER, OUTAGE_PAUSE, WORTH_TELLING
from staff.permissions import holders_of, members_of
from staff.roles import Role

logger = logging.getLogger(__name__)
Row = TypeVar("Row", Outage, WindowsChange)
_DAYS: Final = {day.value: day.label for day in SendingWindow.Weekday}


def notify(*, now: datetime) -> int:
    return notify_outages(now=now) + notify_hours(now=now)


def notify_hours(*, now: datetime) -> int:
    readers = sorted(set(members_of(Role.SENIOR, Role.AUDITOR).values_list("email", flat=True)))
    due = WindowsChange.objects.filter(told_at__isnull=True, changed_at__gt=now - GIVEN_UP_AFTER)
    told = 0
    for change in due.select_related("channel", "changed_by").order_by("id") if readers else ():
        if due.filter(pk=change.pk).update(told_at=now):
            told += _send(change, "told_at", _hours_changed, readers)
    return told


def notify_outages(*, now: datetime) -> int:
    readers = sorted(set(holders_of("channels.declare_outage").values_list("email", flat=True)))
    if not readers:
        return 0
    told = 0
    for mark, due, write in (("told_at", _beginnings(now), _beginning), ("end_told_at", _ends(now), _end)):
        for outage in due.shown():
            # Asked again of the row itself: another worker may have told it, or told a relapse's forerunner.
            if due.filter(pk=outage.pk).update(**{mark: now}):
                told += _send(outage, mark, write, readers)
    return told


def _beginnings(now: datetime) -> OutageQuerySet:
    """Open outages that are to be told now. A relapse waits, unmarked, until the mail about the same trouble
    of the channel is old enough; a colleague's own word never does. Old news is not told any more."""
    same = Outage.objects.filter(channel=OuterRef("channel"), cause=OuterRef("cause"))
    rows: OutageQuerySet = Outage.objects.open().filter(
        Q(origin=Outage.Origin.DECLARED) | ~Exists(same.filter(told_at__gt=now - OUTAGE_PAUSE)),
        told_at__isnull=True,
        started_at__gt=now - WORTH_TELLING,
    )
    return rows


def _ends(now: datetime) -> OutageQuerySet:
    """Outages whose end is to be told; that of one that was over in a minute is told to nobody."""
    rows: OutageQuerySet = Outage.objects.filter(
        told_at__isnull=False,
        end_told_at__isnull=True,
        ended_at__gt=now - WORTH_TELLING,
        ended_at__gte=F("started_at") + timedelta(minutes=1),
    )
    return rows


def _send(row: Row, mark: str, write: Callable[[Row], tuple[str, str]], readers: list[str]) -> bool:
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # proven not sent; any backend's own exception
        type(row)._default_manager.filter(pk=row.pk).update(**{mark: None})
        logger.warning("a mail could not be sent", extra={"error": type(error).__name__})
        return False
    try:
        with translation.override(settings.LANGUAGE_CODE):
            subject, body = write(row)
        mail = letter(
            to=readers, subject=subject, text=body, language=settings.LANGUAGE_CODE, connection=connection
        )
        return bool(mail.send())
    except Exception as error:  # it may have gone, so it is not repeated
        logger.warning("a mail was perhaps not sent", extra={"error": type(error).__name__})
        return False
    finally:
        with suppress(Exception):
            connection.close()


def _beginning(outage: Outage) -> tuple[str, str]:
    subject = _("%(channel)s: %(what)s") % {
        "channel": outage.channel.display_name,
        "what": CAUSES[outage.cause].happened,
    }
    return subject, _body("channels/mail/began.txt", outage)


def _end(outage: Outage) -> tuple[str, str]:
    subject = _("%(channel)s: the outage is over") % {"channel": outage.channel.display_name}
    return subject, _body("channels/mail/ended.txt", outage)


def _hours_changed(change: WindowsChange) -> tuple[str, str]:
    channel = change.channel.display_name
    subject = _("%(channel)s: the sending windows were changed") % {"channel": channel}
    context = {
        "change": change,
        "address": _address(change),
        "before": week_lines(unspelled(change.before), _DAYS),
        "after": week_lines(unspelled(change.after), _DAYS),
    }
    return subject, render_to_string("channels/mail/hours.txt", context)


def _body(template: str, outage: Outage) -> str:
    context = {"outage": outage, "label": CAUSES[outage.cause], "address": _address(outage)}
    return render_to_string(template, context)


def _address(row: Row) -> str:
    site: str = settings.SITE_URL
    return site.rstrip("/") + reverse("channels:detail", args=[row.channel.code])
