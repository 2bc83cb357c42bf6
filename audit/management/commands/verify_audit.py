"""`manage.py verify_audit`: walk the audit chain and name the first bad entry."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import heads
from audit.signing import public_keys
from audit.verifying import TrailReport, verify_trail


class Command(BaseCommand):
    help = (
        "Verify the audit trail: the chain, the seals' signatures, the instants, and the file of heads."
        " Exits with 1 and names the first bad entry."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
        parser.add_argument(
            "--heads",
            type=Path,
            metavar="FILE",
            help="the file of heads, or a copy of it (default: AUDIT_HEADS_PATH)",
        )
        parser.add_argument(
            "--without-heads",
            action="store_true",
            help="leave the file of heads out; a cut end is not found then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = self._verdict(options["heads"], without=options["without_heads"])
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
                % {"sealed": verdict.links, "fresh": verdict.fresh, "head": heads.written(verdict.head)}
            )
            self._name_late(verdict)

    def _verdict(self, given: Path | None, *, without: bool) -> TrailReport:
        try:
            file = None if without else given or heads.place()
            return verify_trail(now=timezone.now(), keys=public_keys(), file=file, history=settings.DEMO)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("The file of heads cannot be read: %(why)s.") % {"why": error.strerror}
            ) from error

    def _name_late(self, verdict: TrailReport) -> None:
        if verdict.late:
            self.stdout.write(
                _("%(count)s entries were sealed late (no seal ran): %(entries)s")
                % {"count": verdict.late, "entries": ", ".join(map(str, verdict.late_entries))}
            )


def _as_json(verdict: TrailReport) -> dict[str, Any]:
    fault = verdict.fault
    return {
        "holds": fault is None,
        "sealed": verdict.links,
        "fresh": verdict.fresh,
        "late": verdict.late,
        "late_entries": list(verdict.late_entries),
        "head": heads.written(verdict.head),
        "fault": None
        if fault is None
        else {"kind": fault.kind, "entry": fault.entry_id, "detail": fault.detail},
    }
