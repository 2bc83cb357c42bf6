"""Sign-in's house rules, told to django-allauth and django-axes."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.client_address import client_address
from common.fresh_proof import is_fresh
from persian.digits import to_persian
from persian.jalali import is_persian


class NoSignupAdapter(DefaultAccountAdapter):
    """Accounts are made by HR and IT; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """No throttle here: allauth's counts by user name alone, so a stranger could lock a colleague out.

        django-axes counts failures by user name *and* address. The codes of the second factor
        stay under allauth's own limit, which only somebody with the password can reach.
        """

    def get_client_ip(self, request: HttpRequest) -> str:
        """The same address for allauth's limits and mails as for django-axes and the log."""
        return client_address(request) or "unknown"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A proof of the last minutes holds for allauth's own pages, too; the sign-in counts as one."""
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not is_fresh(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever holds a second factor proves it with that: the password alone would not do."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods


def login_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The user name that failures are counted under, one for all spellings of upper and lower case."""
    found = (credentials or {}).get("username") or request.POST.get("login") or request.POST.get("username")
    return str(found).strip().casefold() if found else None


class LongEnough(MinimumLengthValidator):
    """The least length of a password, said in the page's own digits."""

    def get_help_text(self) -> str:
        return _("A password has at least %(length)s characters.") % {"length": digits_of(self.min_length)}

    def get_error_message(self) -> str:
        return _("This password is too short: it needs at least %(length)s characters.") % {
            "length": digits_of(self.min_length)
        }


def digits_of(number: int) -> str:
    return to_persian(number) if is_persian(get_language() or "fa") else str(number)
