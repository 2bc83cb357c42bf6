"""`manage.py load_procedure`: put what PR_MA_04 names into the register, where it is missing, and the public
holidays into the calendar."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from amoot_comms.procedure import C0, C0_EN, CHANNELS, DEPARTMENTS, ProcedureChannel
from channels.actions import ChannelDetails, add_channel, set_windows
from channels.models import Channel
from channels.procedure_hours import VERSION
from staff.actions.departments import open_department
from staff.actions.holidays import load_holidays
from staff.models import Department


class Command(BaseCommand):
    help = (
        "Load the departments, channels and sending windows of PR_MA_04, and the public holidays that are"
        " known for certain. Only what is missing is added: what people changed since stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say nothing when nothing was missing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with transaction.atomic():
            departments = add_departments(now)
            channels = [code for row in CHANNELS if (code := add_missing(row, now))]
            holidays = load_holidays(now=now)
        if departments or channels:
            self.stdout.write(
                _("Added %(departments)s departments and %(channels)s channels: %(codes)s.")
                % {
                    "departments": len(departments),
                    "channels": len(channels),
                    "codes": ", ".join([*departments, *channels]),
                }
            )
        if holidays:
            self.stdout.write(_("Added %(count)s public holidays.") % {"count": holidays})
        elif not departments and not channels and not options["quiet"]:
            self.stdout.write(_("Everything that the procedure names is in the register already."))


def add_departments(now: datetime) -> list[str]:
    known = set(Department.objects.values_list("code", flat=True))
    missing = [row for row in DEPARTMENTS if row.code not in known]
    for row in missing:
        open_department(code=row.code, name=row.name, name_en=row.name_en, by=None, now=now)
    return [row.code for row in missing]


def add_missing(row: ProcedureChannel, now: datetime) -> str:
    """Add one channel with its windows unless its code is in the register; the code if it was added."""
    if Channel.objects.filter(code=row.code).exists():
        return ""
    details = ChannelDetails(
        name=row.name,
        name_en=row.name_en,
        address=row.address,
        owner=Department.objects.get(code=row.owner) if row.owner else None,
        usage_rule=f"{row.rule} {C0}",
        usage_rule_en=f"{row.rule_en} {C0_EN}",
        is_active=True,
    )
    channel = add_channel(code=row.code, kind=row.kind, clause=row.clause, details=details, by=None, now=now)
    for purpose, intervals in row.windows.items():
        set_windows(channel=channel, purpose=purpose, intervals=intervals, reason=VERSION, by=None, now=now)
    return row.code
