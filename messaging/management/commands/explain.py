"""`explain ID PHONE`: every rule's verdict for one recipient of a message, now."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.dispatch.clock import database_clock
from messaging.evaluation.explain import explain
from messaging.management.cli import clear_errors, show
from messaging.management.commands.message_status import message_numbered
from persian.phones import InvalidNumber, normalise


class Command(BaseCommand):
    help = "Show every rule's verdict for one recipient of a message, now."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("phone")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        message = message_numbered(options["id"])
        try:
            address = normalise(options["phone"])
        except InvalidNumber as error:
            raise CommandError(f"“{options['phone']}” is no telephone number.") from error
        with clear_errors():
            result = explain(message, address, database_clock())
        show(self.stdout.write, result, as_json=options["json"], text=lambda: self._text(result))

    @staticmethod
    def _text(result: dict[str, Any]) -> str:
        lines = [f"{result['verdict']}" + (f": {result['reason']}" if result["reason"] else "")]
        if result["until"]:
            lines[0] += f", until {result['until']}"
        for finding in result["findings"]:
            line = f"  {finding['clause']:<6} {finding['rule']:<16} {finding['effect']:<7}"
            line += f" {finding['reason'] or ''}"
            lines.append(line.rstrip() + (f" until {finding['until']}" if finding["until"] else ""))
        if result.get("state"):
            lines.append(f"so far: {result['state']} {result.get('own_reason') or ''}".rstrip())
        return "\n".join(lines)
