"""Sign-in's house rules, told to django-allauth and django-axes."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class NoSignupAdapter(DefaultAccountAdapter):
    """Accounts are made by HR and IT; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """No throttle here: allauth's counts by user name alone, so a stranger could lock a colleague out.

        django-axes counts failures by user name *and* address. The codes of the second factor
        stay under allauth's own limit, which only somebody with the password can reach.
        """

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever holds a second factor proves it with that: the password alone would not do."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods


def login_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The user name that failures are counted under, one for all spellings of upper and lower case."""
    found = (credentials or {}).get("username") or request.POST.get("login") or request.POST.get("username")
    return str(found).strip().casefold() if found else None
