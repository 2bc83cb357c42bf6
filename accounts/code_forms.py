"""The second factor's forms: for keyboards that type Persian digits, and codes that work once."""

from __future__ import annotations

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.encryption import Unreadable
from persian.digits import to_ascii


class _AnyDigits:
    """Reads «۱۲۳ ۴۵۶» as 123456."""

    cleaned_data: dict[str, Any]

    def clean_code(self) -> Any:
        self.cleaned_data["code"] = to_ascii(self.cleaned_data["code"]).replace(" ", "")
        return super().clean_code()  # type: ignore[misc]


class _OnceOnly(_AnyDigits):
    """Refuses an app's code that was taken before, and says where a secret cannot be read.

    allauth remembers a code for one step of 30 s; with a tolerance it is valid for several.
    """

    authenticator: Authenticator

    def clean_code(self) -> Any:
        try:
            code = super().clean_code()
        except Unreadable as error:
            raise ValidationError(
                _("Your second factor can no longer be read. Ask an administrator to reset it."),
                code="unreadable",
            ) from error
        if self.authenticator.type == Authenticator.Type.TOTP:
            seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
            if not cache.add(f"factor-code-{self.authenticator.user_id}-{code}", "used", timeout=seconds):
                raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OnceOnly, base.AuthenticateForm):
    pass


class ReauthenticateForm(_OnceOnly, base.ReauthenticateForm):
    pass


class ActivateTOTPForm(_AnyDigits, totp.ActivateTOTPForm):
    pass
