"""Those who may declare and end an outage learn by mail when one begins and when it is over.

Each event is told at most once: the row is marked by a conditional update before the mail goes. Only a
mail server that could not even be reached gives the mark back, so that a later round tries again, for as
long as the news is worth telling.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from channels.labels import CAUSES
from channels.models import Outage
from channels.querysets import OutageQuerySet
from staff.permissions import holders_of

logger = logging.getLogger(__name__)

# Older news is not told any more.
WORTH_TELLING: Final = timedelta(hours=1)
# The end of a shorter outage is told to nobody.
WORTH_ENDING: Final = timedelta(minutes=1)
# A gateway that comes and goes is told of once in so long.
QUIET: Final = timedelta(minutes=10)


def tell_of_outages(*, now: datetime) -> int:
    """Tell what was not told yet of beginnings and ends; how many mails went."""
    told = 0
    for outage in _beginnings(now):
        told += _tell(outage, "told_at", _beginning, now)
    for outage in _ends(now):
        told += _tell(outage, "end_told_at", _end, now)
    return told


def _beginnings(now: datetime) -> OutageQuerySet:
    rows: OutageQuerySet = Outage.objects.open().filter(
        told_at__isnull=True, started_at__gt=now - WORTH_TELLING
    )
    return rows.shown()


def _ends(now: datetime) -> OutageQuerySet:
    rows: OutageQuerySet = Outage.objects.filter(
        end_told_at__isnull=True,
        ended_at__gt=now - WORTH_TELLING,
        ended_at__gte=F("started_at") + WORTH_ENDING,
    )
    return rows.shown()


def _tell(outage: Outage, mark: str, write: Callable[[Outage], tuple[str, str]], now: datetime) -> bool:
    """Take one event and send its mail; whether one went."""
    readers = sorted(set(holders_of("channels.declare_outage").values_list("email", flat=True)))
    row = Outage.objects.filter(pk=outage.pk)
    if not row.filter(**{f"{mark}__isnull": True}).update(**{mark: now}):
        return False  # somebody else tells it
    if not readers or (mark == "told_at" and _is_told_already(outage, now)):
        return False
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # proven not sent; any backend's own exception
        row.update(**{mark: None})
        logger.warning("an outage could not be told", extra={"error": type(error).__name__})
        return False
    try:
        with translation.override(settings.LANGUAGE_CODE):
            subject, body = write(outage)
        return bool(EmailMessage(subject, body, to=readers, connection=connection).send())
    except Exception as error:  # it may have gone, so it is not repeated
        logger.warning("an outage was perhaps not told", extra={"error": type(error).__name__})
        return False
    finally:
        with suppress(Exception):
            connection.close()


def _is_told_already(outage: Outage, now: datetime) -> bool:
    """Whether the same trouble of the channel was told a moment ago: a gateway that comes and goes."""
    if outage.origin == Outage.Origin.DECLARED:
        return False
    earlier = Outage.objects.filter(
        channel=outage.channel, cause=outage.cause, told_at__gt=now - QUIET, started_at__lt=outage.started_at
    )
    return bool(earlier.exists())


def _beginning(outage: Outage) -> tuple[str, str]:
    subject = _("%(channel)s: %(what)s") % {
        "channel": outage.channel.display_name,
        "what": CAUSES[outage.cause].happened,
    }
    return subject, _body("channels/mail/began.txt", outage)


def _end(outage: Outage) -> tuple[str, str]:
    subject = _("%(channel)s: the outage is over") % {"channel": outage.channel.display_name}
    return subject, _body("channels/mail/ended.txt", outage)


def _body(template: str, outage: Outage) -> str:
    address = settings.SITE_URL.rstrip("/") + reverse("channels:detail", args=[outage.channel.code])
    context: dict[str, Any] = {"outage": outage, "label": CAUSES[outage.cause], "address": address}
    return render_to_string(template, context)
