"""`manage.py load_demo`: people, customers and a little history to try the portal with, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from amoot_comms.demo.customers import load_consent, load_customers
from amoot_comms.demo.duty import load_duty
from amoot_comms.demo.staff import PASSWORD, PEOPLE, load_staff
from audit.sealing import seal_entries
from channels.actions import declare_outage, end_outage
from channels.models import Channel
from contacts.actions.search_words import refresh_search_words
from staff.models import User
from staff.roles import ROLE_NAMES


class Command(BaseCommand):
    help = "Load demo data once: one log-in a role, colleagues, customers. Only where DEMO is on."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                _("This is no demo (DEMO is off): log-ins whose password everybody knows are not made here.")
            )
        names = [person.username for person in PEOPLE if person.role]
        if User.objects.filter(username__in=names).exists():
            self.stdout.write(_("The demo data is there already."))
        else:
            self._load(timezone.now())
        self._tell_logins()

    def _load(self, now: datetime) -> None:
        call_command("load_procedure", quiet=True, stdout=self.stdout)
        with transaction.atomic():
            users = load_staff(now)
            customers = load_customers(users, now)
            load_consent(users, now)
            load_duty(users, now)
            load_outage(users, now)
            refresh_search_words()
        seal_entries(now=timezone.now())
        self.stdout.write(
            _("Loaded %(people)s colleagues and %(customers)s customers.")
            % {"people": len(PEOPLE), "customers": customers}
        )

    def _tell_logins(self) -> None:
        self.stdout.write(_("Log-ins (password of each: %(password)s)") % {"password": PASSWORD})
        for person in PEOPLE:
            if person.role:
                name = f"{person.first_name} {person.last_name}"
                self.stdout.write(f"  {person.username:<12}{ROLE_NAMES[person.role]} – {name}")


def load_outage(users: dict[str, User], now: datetime) -> None:
    started = now - timedelta(days=6, hours=3)
    outage = declare_outage(
        channel=Channel.objects.get(code="avanak"),
        reason="قطعی مخابرات به گفتهٔ پشتیبانی آوانک",
        by=users["senior"],
        now=started,
    )
    end_outage(outage=outage, by=users["senior"], now=started + timedelta(minutes=95))
