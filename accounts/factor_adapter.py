"""The second factor's house rules, told to django-allauth's `mfa`."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from common.encryption import decrypt, encrypt


class FactorAdapter(DefaultMFAAdapter):
    """Secrets of apps and seeds of recovery codes are stored encrypted; clear text is never accepted."""

    def encrypt(self, text: str) -> str:
        return encrypt(text, purpose="second factor")

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `common.encryption.Unreadable` for what none of `FACTOR_KEYS` encrypted."""
        return decrypt(encrypted_text, purpose="second factor")
