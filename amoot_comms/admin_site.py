"""The back office: Django's admin behind the portal's own sign-in."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

# The order of the index: what is looked after most comes first. Other apps' tables are not here at all:
# roles come from one table in the code, addresses from HR and IT, and second factors are nobody else's.
APPS: Final = ("contacts", "messaging", "channels", "staff", "email_routing", "audit")


class PortalAdminSite(admin.AdminSite):
    site_header = _("Administration")
    site_title = _("Amoot communications")
    index_title = _("Administration")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take the portal's own models only: a package's admin module offers none of its tables."""
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        own = [model for model in models if model._meta.app_label in APPS]
        super().register(own, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal's sign-in: a second form here would be a way around the second factor."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = self._build_app_dict(request, app_label)
        return [apps[label] for label in APPS if label in apps]
