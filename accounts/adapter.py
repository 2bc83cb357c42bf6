"""Sign-in's house rules, told to django-allauth and django-axes."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.devices import known_device, remember
from accounts.names import login_name
from accounts.passwords import DEMO_PASSWORD
from accounts.trail import record_act
from common.client_address import client_address
from common.fresh_proof import is_fresh
from staff.models import User
from staff.outbox import post

# Stands for a client whose address the server does not name: of the prefix that leads nowhere (RFC 6666).
NO_ADDRESS: Final = "100::"


class NoSignupAdapter(DefaultAccountAdapter):
    """Accounts are made by HR and IT; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox: a mail server that is away fails no page and tells nobody who has an account."""
        words = {"request": self.request, "email": email, **context}
        mail = self.render_mail(template_prefix, email, words)
        post(to=email, subject=mail.subject, text=str(mail.body), now=timezone.now())

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """To the address that HR and IT keep, however the visitor spelled it."""
        super().send_password_reset_mail(user, user.email, context)
        record_act(self.request, action="user.password_reset_asked", by=None, user=user)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """To the same address, whatever allauth's own table of addresses says."""
        if user.email:
            super().send_notification_mail(template_prefix, user, context, email=user.email)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """By SITE_URL: a link in a mail must not follow the request's Host header."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.SITE_URL.rstrip('/')}{path}"

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Raises ValidationError for the demo's published password where there is no demo data."""
        if credentials.get("password") == DEMO_PASSWORD and not settings.DEMO:
            raise ValidationError(
                _("This password stands in the portal's documentation. Choose another by “Forgot password”."),
                code="published",
            )
        return super().authenticate(request, **credentials)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ImmediateHttpResponse (429) after too many sign-ins from one address.

        A known browser is left out: a stranger at the same address must not use up its tries. allauth's
        own throttle counts by user name alone, so a stranger could lock a colleague out; django-axes
        counts failures (`accounts.devices`). The codes of the second factor stay under allauth's limit,
        which only somebody with the password can reach.
        """
        if known_device(request, login_name(request, credentials)):
            return
        if not ratelimit.consume(request, app="allauth.account", action="sign_in"):
            raise ImmediateHttpResponse(ratelimit.respond_429(request))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """The browser is known from now on."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember(request, response, user)
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        """The same address for allauth's limits and mails as for django-axes and the log."""
        return client_address(request) or NO_ADDRESS

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A proof of the last minutes holds for allauth's own pages, too; the sign-in counts as one."""
        required: bool = super().is_reauthentication_required(app=app, **kwargs)
        return required and not is_fresh(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """A user with a second factor proves it with that: the password alone would not do."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        stronger = [method for method in methods if method["id"] != "reauthenticate"]
        return stronger or methods
