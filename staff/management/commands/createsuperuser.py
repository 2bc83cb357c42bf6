"""`manage.py createsuperuser`: Django's own, recorded in the audit and told to the auditors."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands.createsuperuser import Command as DjangoCommand
from django.db import transaction
from django.utils import timezone

from audit.actions import record
from staff.letters import send_letter, tell_auditors
from staff.models import User


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with transaction.atomic():
            before = set(User.objects.filter(is_superuser=True).values_list("pk", flat=True))
            super().handle(*args, **options)
            for user in User.objects.filter(is_superuser=True).exclude(pk__in=before):
                record(by=None, action="user.superuser_made", obj=user, now=now)
                for told in (send_letter, tell_auditors):
                    told(user, "superuser_made", by=None, now=now)
