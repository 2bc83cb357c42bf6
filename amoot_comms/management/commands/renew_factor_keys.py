"""`manage.py renew_factor_keys`: encrypt every second factor with the newest of FACTOR_KEYS.

Afterwards the older keys can leave the settings.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.stored_factors import rewrite
from audit.actions import record
from common.encryption import Unreadable, renew


class Command(BaseCommand):
    help = "Encrypt every second factor with the newest of FACTOR_KEYS, so that older keys can be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                changed = rewrite(
                    Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN),
                    lambda token: renew(token, purpose="second factor"),
                )
                record(by=None, action="factor.keys_renewed", data={"rows": changed}, now=timezone.now())
        except Unreadable as error:
            raise CommandError(
                "A second factor is encrypted with none of FACTOR_KEYS; nothing was changed."
            ) from error
        self.stdout.write(f"second factors encrypted anew: {changed}")
