"""`manage.py restore BACKUP --by USERNAME`: restore into an empty database and verify (docs/backup.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amoot_comms.backup.programs import BackupError
from amoot_comms.backup.restoring import restore


class Command(BaseCommand):
    help = "Restore a backup into an empty database, verify it, and hold sending until somebody has looked."
    # The database is empty: there is nothing to check yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, metavar="BACKUP", help="a folder that `backup` made")
        parser.add_argument(
            "--by", required=True, metavar="USERNAME", help="who declares the outage that holds sending"
        )
        parser.add_argument(
            "--with-other-keys", action="store_true", help="although the keys of the backup are lost"
        )
        parser.add_argument("--json", action="store_true", help="answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = restore(
                options["backup"],
                by=options["by"],
                with_other_keys=options["with_other_keys"],
                now=timezone.now(),
            )
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows = sum(manifest.tables.values())
        if options["json"]:
            self.stdout.write(json.dumps({"tables": len(manifest.tables), "rows": rows, **manifest.chain}))
            return
        self.stdout.write(
            f"Restored and verified: {len(manifest.tables)} tables, {rows} rows, {manifest.chain['links']}"
            f" links of the audit chain, as of {manifest.made_at}. Every channel is held by an outage:"
            " docs/backup.md says what to look at before it is ended."
        )
