"""`submit_message`: submit a message from the command line, plan it, and print the plan."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.media import MEDIA
from messaging.actions.plan import plan
from messaging.actions.submit import Draft, submit
from messaging.audience.members import Audience, everybody, from_bytes, of_import, with_tag
from messaging.audience.progress import message_status
from messaging.dispatch.clock import database_clock
from messaging.management.cli import clear_errors, instant, sending_channel, show
from messaging.models import Message
from staff.cli import user_named
from staff.models import User


def audience_of(text: str, by: User) -> Audience:
    """`all`, `tag:NAME`, `import:ID` or `file:PATH`. Raises `CommandError` naming what is wrong."""
    kind, _colon, rest = text.partition(":")
    if text == "all":
        return everybody()
    if kind == "tag" and rest.strip():
        return with_tag(rest)
    if kind == "import" and rest.isascii() and rest.isdigit():
        return of_import(int(rest), by)
    if kind == "file" and rest:
        return from_bytes(read(rest), Path(rest).name)
    raise CommandError(f"“{text}” is no audience; write all, tag:NAME, import:ID or file:PATH.")


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"“{path}” cannot be read: {error.strerror}.") from error


def text_of(options: dict[str, Any]) -> str:
    if options["text"] is not None:
        return str(options["text"])
    try:
        return read(options["text_file"]).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(f"“{options['text_file']}” is not UTF-8 (byte {error.start}).") from error


class Command(BaseCommand):
    help = "Submit a message to an audience and print its id and plan."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--channel", required=True, choices=[*MEDIA])
        parser.add_argument("--purpose", required=True, choices=["promotional", "notification", "survey"])
        parser.add_argument("--sender", required=True, metavar="USERNAME")
        text = parser.add_mutually_exclusive_group(required=True)
        text.add_argument("--text")
        text.add_argument("--text-file", metavar="F")
        parser.add_argument("--audience", required=True, metavar="all|tag:NAME|import:ID|file:F")
        parser.add_argument("--at", metavar="ISO8601", help="not before; Tehran's time without an offset")
        parser.add_argument("--expires", metavar="ISO8601", help="useless from then on")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = database_clock()
        by = user_named(options["sender"])
        with clear_errors():
            draft = Draft(
                channel=sending_channel(options["channel"]),
                purpose=options["purpose"],
                text=text_of(options),
                audience=audience_of(options["audience"], by),
                scheduled_at=instant(options["at"]) if options["at"] else None,
                expires_at=instant(options["expires"]) if options["expires"] else None,
            )
            message = submit(draft=draft, by=by, now=now)
        plan(message.pk, now=now)
        status = message_status(Message.objects.select_related("channel").get(pk=message.pk), now)
        names = ("total", "by_state", "by_reason", "held_by", "held_until")
        result = {"id": message.pk, "plan": {name: status[name] for name in names}}
        show(self.stdout.write, result, as_json=options["json"], text=lambda: as_text(status))


def as_text(status: dict[str, Any]) -> str:
    """A status as a few lines for a person."""
    lines = [f"message {status['id']}: {status['status']}, {status['total']} recipients"]
    lines += [f"  {state:<12} {count:>9}" for state, count in sorted(status["by_state"].items())]
    if status["by_reason"]:
        lines.append("why:")
        lines += [f"  {reason:<18} {count:>9}" for reason, count in sorted(status["by_reason"].items())]
    if status["held_by"]:
        lines.append(f"waits: {status['held_by']}, until {status['held_until'] or 'somebody decides'}")
    return "\n".join(lines)
