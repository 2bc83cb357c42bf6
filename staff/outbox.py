"""Mail about log-ins goes through a table: written with what it tells of, sent by a duty, tried for a day.

1. `post` encrypts the mail and stores it in the caller's transaction.
2. `deliver` takes a due mail and moves its next try ahead (an update whose condition is the row's former
   state), so that no second worker sends it and a worker that dies leaves it for later.
3. What was sent, or could not be sent for a day, keeps its row without its text.

A worker that dies between the mail server's answer and its record sends the mail twice; none is lost.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.utils.translation import get_language

from common.encryption import Unreadable, decrypt, encrypt
from common.mail import letter
from common.timeouts import CATCH_UP, GIVEN_UP_AFTER
from staff.models import OutgoingMail

logger = logging.getLogger(__name__)

# Minutes between two tries; the last one is repeated until a day has passed.
PAUSES: Final = (1, 2, 5, 10, 30, 60, 120)


def post(*, to: str, subject: str, text: str, now: datetime) -> OutgoingMail | None:
    """Store a mail to be sent, in the language of now; None for somebody without an address."""
    if not to:
        return None
    content = {"subject": subject, "text": text, "language": get_language() or settings.LANGUAGE_CODE}
    sealed = encrypt(json.dumps(content), purpose="mail")
    return OutgoingMail.objects.create(to=to, content=sealed, created_at=now, next_try_at=now)


def deliver(*, now: datetime) -> int:
    """Send what is due; how many mails the mail server took. Never raises for a mail server that is away."""
    sent = 0
    for mail in OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING, next_try_at__lte=now).order_by(
        "next_try_at", "pk"
    )[:50]:
        pause = timedelta(minutes=PAUSES[min(mail.tries, len(PAUSES) - 1)])
        claimed = OutgoingMail.objects.filter(
            pk=mail.pk, state=OutgoingMail.State.WAITING, tries=mail.tries
        ).update(tries=mail.tries + 1, next_try_at=now + pause)
        if claimed:
            sent += _try(mail, now)
    return sent


def _try(mail: OutgoingMail, now: datetime) -> bool:
    try:
        content = json.loads(decrypt(mail.content, purpose="mail"))
        letter(to=[mail.to], **content).send()
    except (OSError, SMTPException, Unreadable) as error:
        logger.warning("a mail was not sent", extra={"error": type(error).__name__, "tries": mail.tries + 1})
        failed = isinstance(error, Unreadable) or now - mail.created_at >= GIVEN_UP_AFTER
        _finish(mail, OutgoingMail.State.FAILED if failed else None, now, type(error).__name__)
        return False
    _finish(mail, OutgoingMail.State.SENT, now, "")
    return True


def _finish(mail: OutgoingMail, state: OutgoingMail.State | None, now: datetime, error: str) -> None:
    """Record the outcome; a mail that waits for its next try keeps its text."""
    changes: dict[str, object] = {"last_error": error}
    if state is not None:
        changes |= {"state": state, "content": "", "finished_at": now}
    OutgoingMail.objects.filter(pk=mail.pk).update(**changes)


def troubles(now: datetime) -> list[OutgoingMail]:
    """The mails of the last week that could not be sent, or could not yet; the newest first."""
    rows = OutgoingMail.objects.exclude(state=OutgoingMail.State.SENT).exclude(last_error="")
    return list(rows.filter(created_at__gt=now - CATCH_UP).order_by("-created_at", "-pk")[:20])
