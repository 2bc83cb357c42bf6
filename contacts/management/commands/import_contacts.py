"""`manage.py import_contacts FILE [--dry-run] [--report OUT.csv] [--tag TAG] [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from common.wording import count_text
from contacts.actions.imports import import_file, look_at_file
from contacts.imports.stage import ImportCounts


class Command(BaseCommand):
    help = (
        "Import customers from a CSV (UTF-8) or XLSX file with the columns name, mobile, phone, email,"
        " company, customer_no, tags (Persian headers too). All rows that can be used are written in one"
        " transaction."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen; write nothing")
        parser.add_argument("--report", type=Path, metavar="OUT.csv", help="write the refused rows there")
        parser.add_argument("--tag", default="", metavar="TAG", help="a tag for all of these rows")
        parser.add_argument("--json", action="store_true", help="answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        path, report, dry_run, tag = (options[name] for name in ("file", "report", "dry_run", "tag"))
        try:
            if dry_run:
                counts = look_at_file(path=path, report=report, tag=tag)
                import_id = None
            else:
                done = import_file(path=path, by=None, now=timezone.now(), report=report, tag=tag)
                counts = ImportCounts(done.rows, done.created, done.updated, done.unchanged, done.refused)
                import_id = done.pk
        except ValidationError as error:
            raise CommandError(f"{path}: {' '.join(error.messages)}") from error
        if options["json"]:
            self.stdout.write(json.dumps({"id": import_id, "dry_run": dry_run, **asdict(counts)}))
        else:
            self.stdout.write(_sentence(counts, dry_run, report))


def _sentence(counts: ImportCounts, dry_run: bool, report: Path | None) -> str:
    text = _(
        "%(rows)s rows: %(created)s new, %(updated)s changed, %(unchanged)s unchanged, %(refused)s refused."
    ) % {name: count_text(number) for name, number in asdict(counts).items()}
    if dry_run:
        text += " " + _("Nothing was written (dry run).")
    if counts.refused and report:
        text += " " + _("What was refused and why: %(file)s") % {"file": report}
    elif counts.refused:
        text += " " + _("Give --report OUT.csv to see what was refused and why.")
    return text
