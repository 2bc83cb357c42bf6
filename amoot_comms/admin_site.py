"""The back office: Django's admin behind the portal's own sign-in."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

# The order of the index: what is looked after most comes first. Other apps' tables are not shown:
# roles come from one table in the code, and accounts from HR and IT.
APPS: Final = ("contacts", "messaging", "channels", "staff", "email_routing", "audit")


class PortalAdminSite(admin.AdminSite):
    site_header = _("Back office")
    site_title = _("Amoot communications")
    index_title = _("Back office")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The portal's sign-in: a second form here would be a way around the second factor."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = self._build_app_dict(request, app_label)
        return [apps[label] for label in APPS if label in apps]
