"""`manage.py set_roles USERNAME [ROLE …]`: makes the first administrator, too."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from staff.actions.accounts import set_roles
from staff.cli import user_named
from staff.roles import Role


class Command(BaseCommand):
    help = (
        "Give a log-in exactly these roles (none: take all away) and end its sessions. Roles: "
        + ", ".join(role.value for role in Role)
        + "."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("roles", nargs="*", metavar="ROLE")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["username"], also_disabled=True)
        try:
            changed = set_roles(user=user, roles=options["roles"], by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(_("The roles are set.") if changed else _("Nothing was changed."))
