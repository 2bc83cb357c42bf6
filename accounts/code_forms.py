"""The second factor's forms, for keyboards that type Persian digits."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base import forms as base
from allauth.mfa.totp import forms as totp

from persian.digits import to_ascii


class _AnyDigits:
    """Reads «۱۲۳ ۴۵۶» as 123456."""

    cleaned_data: dict[str, Any]

    def clean_code(self) -> Any:
        self.cleaned_data["code"] = to_ascii(self.cleaned_data["code"]).replace(" ", "")
        return super().clean_code()  # type: ignore[misc]


class AuthenticateForm(_AnyDigits, base.AuthenticateForm):
    pass


class ReauthenticateForm(_AnyDigits, base.ReauthenticateForm):
    pass


class ActivateTOTPForm(_AnyDigits, totp.ActivateTOTPForm):
    pass
