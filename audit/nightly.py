"""The nightly verification of the audit trail: its verdict is kept, and a bad one is mailed to the auditors.

Each worker calls `verify_if_due` once an hour; the first one of the night does it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from audit import heads
from audit.models import Verification
from audit.signing import public_keys
from audit.verifying import verify_trail
from common.locks import take_lock
from common.timeouts import GIVEN_UP_AFTER

logger = logging.getLogger(__name__)

Readers = Callable[[], Sequence[str]]


def _nobody() -> Sequence[str]:
    return ()


_readers: Readers = _nobody


def tell_by_mail(readers: Readers) -> None:
    """Have bad verdicts mailed to these addresses; `staff` says whose they are."""
    global _readers
    _readers = readers


def verify_if_due(*, now: datetime) -> Verification | None:
    """Verify the trail once a night (from midnight UTC, 03:30 in Tehran, on) and tell of what is wrong.

    The verdict of this call; None where there was none to make.
    """
    made = _verify(now)
    _tell(now)
    return made


def latest() -> Verification | None:
    return Verification.objects.order_by("id").last()


def _verify(now: datetime) -> Verification | None:
    night = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    if Verification.objects.filter(at__gte=night).exists():
        return None
    keys = public_keys()
    if not keys:
        # A process that was given no key of the seals has no verdict to give.
        logger.warning("the audit trail cannot be verified here: AUDIT_PUBLIC_KEYS is not set")
        return None
    with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):
        if not take_lock(b"audp") or Verification.objects.filter(at__gte=night).exists():
            return None
        verdict = verify_trail(now=now, keys=keys, file=heads.place(), history=settings.DEMO)
        if verdict.fault:
            logger.error("the audit trail does not hold", extra={"fault": verdict.fault.kind.value})
        return Verification.objects.create(
            at=now,
            links=verdict.links,
            late=verdict.late,
            fault=verdict.fault.kind if verdict.fault else "",
            detail=verdict.fault.detail if verdict.fault else "",
        )


def _tell(now: datetime) -> None:
    untold = Verification.objects.exclude(fault="").filter(told_at=None, at__gt=now - GIVEN_UP_AFTER)
    for row in untold.order_by("id"):
        readers = sorted(set(_readers()))
        # Marked before it goes, so that one of several workers tells.
        if readers and untold.filter(pk=row.pk).update(told_at=now):
            _send(row, readers)


def _send(row: Verification, readers: Sequence[str]) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("The audit trail does not hold")
        body = _(
            "The nightly verification of the audit trail found: %(detail)s.\n\n"
            "The database or its files were changed past the portal, or a part of it does not run. Keep the"
            " database and the file of heads as they are, and look at docs/operations.md."
        ) % {"detail": row.detail}
    try:
        EmailMessage(subject, body, to=list(readers)).send()
    except Exception as error:  # any backend's own exception; another round tries again
        Verification.objects.filter(pk=row.pk).update(told_at=None)
        logger.warning("a bad verdict could not be told", extra={"error": type(error).__name__})
