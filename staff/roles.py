"""Who may what: the one table of roles and permissions. Groups in the database are made from it.

`sync_roles` runs after every migrate; `tests/architecture/test_matrix.py` holds every URL to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    SENDER = "sender"
    VOC = "voc"
    MANAGER = "manager"
    SENIOR = "senior"
    IT = "it"
    HR = "hr"
    BRANDING = "branding"
    AUDITOR = "auditor"
    ADMIN = "admin"


ROLE_NAMES = {
    Role.SENDER: _("Sender"),
    Role.VOC: _("VOC expert"),
    Role.MANAGER: _("Department manager"),
    Role.SENIOR: _("Senior management"),
    Role.IT: _("IT expert"),
    Role.HR: _("Human resources"),
    Role.BRANDING: _("Advertising and branding"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMIN: _("Administrator"),
}


def role_labels(names: Iterable[str]) -> list[Any]:
    """The roles among the names of groups, in words and in the table's order."""
    held = set(names)
    return [ROLE_NAMES[role] for role in Role if role in held]


# The base role, which every account has and no table of the database can take away: whose channel it is,
# whom to ask, which days are holidays, and a customer on the line who wants no more messages (C7.2).
COLLEAGUE = frozenset(
    {
        "channels.view_channel",
        "staff.view_employee",
        "staff.view_department",
        "staff.view_holiday",
        "contacts.open_call",
    }
)

PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.SENDER: COLLEAGUE
    | {
        "contacts.view_contact",
        "contacts.import_contacts",
        "messaging.view_message",
        "messaging.submit_message",
        "messaging.stop_message",
    },
    Role.VOC: COLLEAGUE
    | {
        "contacts.view_contact",
        "contacts.change_contact",
        "contacts.import_contacts",
        "contacts.set_consent",
        "contacts.view_consententry",
        "contacts.view_dutyshift",
        "contacts.view_optoutcall",
        "messaging.view_message",
        "messaging.view_all_messages",
    },
    Role.MANAGER: COLLEAGUE
    | {
        "contacts.view_contact",
        "messaging.view_message",
        "messaging.view_breaches",
        "messaging.submit_message",
        "messaging.stop_message",
        "messaging.settle_doubt",
        "contacts.manage_desk",
        "contacts.view_dutyshift",
    },
    Role.SENIOR: COLLEAGUE
    | {
        "contacts.view_contact",
        "contacts.view_consententry",
        "contacts.view_optoutcall",
        "messaging.view_message",
        "messaging.view_breaches",
        "messaging.view_all_messages",
        "messaging.stop_message",
        "messaging.settle_doubt",
        "messaging.view_operations",
        "channels.declare_outage",
        "channels.change_windows",
        "audit.view_entry",
    },
    Role.IT: COLLEAGUE | {"channels.declare_outage", "messaging.view_operations"},
    Role.HR: COLLEAGUE | {"staff.add_employee", "staff.change_employee", "staff.confirm_holidays"},
    Role.BRANDING: COLLEAGUE
    | {
        "channels.change_channel",
        "contacts.view_contact",
        "contacts.import_contacts",
        "messaging.view_message",
        "messaging.submit_message",
        "messaging.stop_message",
    },
    Role.AUDITOR: COLLEAGUE
    | {
        "contacts.view_contact",
        "contacts.view_consententry",
        "contacts.view_lookup",
        "contacts.view_optoutcall",
        "messaging.view_message",
        "messaging.view_breaches",
        "messaging.view_all_messages",
        "messaging.view_operations",
        "channels.view_windowschange",
        "audit.view_entry",
    },
    Role.ADMIN: COLLEAGUE
    | {
        "channels.add_channel",
        "channels.change_channel",
        "channels.view_sendingwindow",
        "channels.view_windowschange",
        "channels.view_outage",
        "channels.declare_outage",
        "staff.add_employee",
        "staff.change_employee",
        "staff.add_department",
        "staff.change_department",
        "staff.confirm_holidays",
        "staff.view_user",
        "staff.add_user",
        "staff.change_user",
        "contacts.view_contact",
        "contacts.change_contact",
        "contacts.import_contacts",
        "contacts.view_consententry",
        "contacts.view_lookup",
        "contacts.view_optoutcall",
        "contacts.view_contactimport",
        "messaging.view_message",
        "messaging.view_breaches",
        "messaging.view_all_messages",
        "messaging.view_gatewaycall",
        "messaging.view_operations",
        "audit.view_entry",
        "audit.view_link",
    },
}

# Roles whose people also work in the back office (the admin).
BACK_OFFICE = frozenset({Role.VOC, Role.IT, Role.HR, Role.AUDITOR, Role.ADMIN, Role.BRANDING})


# What the groups need; a migration that is half done or undone may lack some of them.
_TABLES = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


def sync_roles(*, using: str = "default", **_kwargs: Any) -> None:
    """Make each role's group hold exactly the permissions of the table (a `post_migrate` receiver).

    Raises `LookupError` naming a permission that does not exist, so that a typing error in the
    table cannot silently take a right away.
    """
    from django.apps import apps
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission
    from django.db import connections

    if not _TABLES.issubset(connections[using].introspection.table_names()):
        return
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0, using=using)
    known = {
        f"{row.content_type.app_label}.{row.codename}": row
        for row in Permission.objects.using(using).select_related("content_type")
    }
    for role, names in PERMISSIONS.items():
        missing = sorted(names - known.keys())
        if missing:
            raise LookupError(f"role {role}: no such permission {', '.join(missing)}")
        group, _created = Group.objects.using(using).get_or_create(name=role.value)
        group.permissions.set([known[name] for name in names])
