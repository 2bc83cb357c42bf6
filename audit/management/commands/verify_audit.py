"""`manage.py verify_audit`: walk the audit chain and name the first bad entry."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.heads import heads_in_log, written
from audit.sealing import Verdict, verify


class Command(BaseCommand):
    help = (
        "Verify the audit trail's chain: any edit, deletion or reordering, and entries left unsealed."
        " Exits with 1 and names the first bad entry."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
        parser.add_argument(
            "--log",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="a log of the portal; every head that it tells of must still be in the chain (repeatable)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(now=timezone.now(), heads=self._heads(options["log"]))
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(verdict), ensure_ascii=False))
        if verdict.fault:
            raise CommandError(
                _("The audit trail does not hold: %(detail)s.") % {"detail": verdict.fault.detail}
            )
        if not options["json"]:
            self.stdout.write(
                _(
                    "The audit trail holds: %(sealed)s sealed entries, %(fresh)s wait for the next seal."
                    " Head: %(head)s"
                )
                % {"sealed": verdict.links, "fresh": verdict.fresh, "head": written(verdict.head)}
            )

    def _heads(self, logs: list[Path]) -> set[bytes]:
        heads: set[bytes] = set()
        for log in logs:
            try:
                with log.open(encoding="utf-8", errors="replace") as lines:
                    heads |= heads_in_log(lines)
            except OSError as error:
                raise CommandError(
                    _("The log %(log)s cannot be read: %(why)s.") % {"log": log, "why": error.strerror}
                ) from error
        return heads


def _as_json(verdict: Verdict) -> dict[str, Any]:
    fault = verdict.fault
    return {
        "holds": fault is None,
        "sealed": verdict.links,
        "fresh": verdict.fresh,
        "head": written(verdict.head),
        "fault": None
        if fault is None
        else {"kind": fault.kind, "entry": fault.entry_id, "detail": fault.detail},
    }
