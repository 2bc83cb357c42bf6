"""Apart from `apps.py`, where Django would take it for a second configuration of the portal itself."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """The back office, on the portal's own admin site."""

    default_site = "amoot_comms.admin_site.PortalAdminSite"
