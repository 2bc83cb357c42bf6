"""`manage.py backup FOLDER [--json]`: dump the database beside a manifest (docs/backup.md)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from amoot_comms.backup.making import back_up
from amoot_comms.backup.programs import BackupError


class Command(BaseCommand):
    help = "Back the database up into a new folder of FOLDER. The keys are no part of it: keep them apart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument("--json", action="store_true", help="answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folder = back_up(options["folder"], now=timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps({"folder": str(folder)}) if options["json"] else f"Backed up: {folder}")
