"""django-post_office at its own bulk sending: its table, its command, its processes and threads."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.management import call_command
from post_office import mail
from post_office.models import STATUS, Email

from benchmarks.measure import peak_mebibytes
from benchmarks.word import say, wait_for_the_word


def run_post_office(rows: int, processes: int) -> None:
    call_command("migrate", "post_office", verbosity=0)
    logging.getLogger("post_office").setLevel(logging.CRITICAL)
    Email.objects.all().delete()
    for first in range(0, rows, 1_000):
        mail.send_many([_email(number) for number in range(first, min(first + 1_000, rows))])
    say(ready=True)
    wait_for_the_word()
    mail.send_queued_mail_until_done(processes=processes)
    sent = Email.objects.filter(status=STATUS.sent).count()
    if sent != rows:
        raise RuntimeError(f"{sent} of {rows} were sent")
    say(sent=sent, ended=time.time(), peak=peak_mebibytes())


def _email(number: int) -> dict[str, Any]:
    return {
        "sender": "bench@example.com",
        "recipients": [f"09{100_000_000 + number}@sms.example"],
        "subject": "bench",
        "message": "سلام، مشتری گرامی",
    }
