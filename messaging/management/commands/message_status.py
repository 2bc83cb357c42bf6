"""`message_status ID`: counts by state and by reason."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.audience.progress import message_status
from messaging.dispatch.clock import database_clock
from messaging.management.cli import show
from messaging.management.commands.submit_message import as_text
from messaging.models import Message


def message_numbered(pk: int) -> Message:
    message = Message.objects.select_related("channel").filter(pk=pk).first()
    if message is None:
        raise CommandError(f"There is no message {pk}.")
    return message


class Command(BaseCommand):
    help = "Show where a message stands: counts by state and by reason."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        status = message_status(message_numbered(options["id"]), database_clock())
        show(self.stdout.write, status, as_json=options["json"], text=lambda: as_text(status))
