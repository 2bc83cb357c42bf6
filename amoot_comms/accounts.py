"""Sign-in's house rules."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class NoSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by HR and IT; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
