"""The navigation, as a table: what each role finds in the menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from staff.models import User


@dataclass(frozen=True)
class Item:
    """A place of the portal; shown to those who hold `permission` (None: to every colleague)."""

    label: Promise
    url_name: str
    icon: str
    permission: str | None = None
    starts_group: bool = False
    back_office: bool = False


@dataclass(frozen=True)
class MenuEntry:
    """An item as one user's page shows it."""

    label: Promise
    url: str
    icon: str
    current: bool
    starts_group: bool


ITEMS: Final = (
    Item(_("Home"), "home", "house-door"),
    Item(_("Opt-out call"), "desk:opt_out", "telephone-inbound", "contacts.open_call"),
    Item(_("VOC desk"), "desk:queue", "headset", "contacts.set_consent"),
    Item(_("Messages"), "messaging:list", "chat-left-text", "messaging.view_message"),
    Item(_("New message"), "messaging:compose", "pencil-square", "messaging.submit_message"),
    Item(_("Received messages"), "messaging:inbound", "inbox", "messaging.view_all_messages"),
    Item(_("Breaches"), "messaging:breaches", "shield-exclamation", "messaging.view_breaches"),
    Item(_("Written opt-outs"), "desk:words", "chat-left-dots", "contacts.set_consent"),
    Item(_("Customers"), "contacts:list", "people", "contacts.view_contact"),
    Item(_("Duty"), "desk:duty", "calendar-week", "contacts.view_dutyshift"),
    Item(_("Official channels"), "channels:list", "broadcast", "channels.view_channel", starts_group=True),
    Item(_("Colleagues"), "staff:directory", "person-lines-fill", "staff.view_employee"),
    Item(_("Public holidays"), "staff:holidays", "calendar3", "staff.confirm_holidays"),
    Item(
        _("Sending status"),
        "messaging:operations",
        "speedometer2",
        "messaging.view_operations",
        starts_group=True,
    ),
    Item(_("Audit trail"), "audit:list", "journal-check", "audit.view_entry", starts_group=True),
    Item(_("Locked sign-ins"), "lock_outs", "lock", "staff.change_user"),
    Item(_("Administration"), "admin:index", "gear", starts_group=True, back_office=True),
)


def entries(request: HttpRequest) -> list[MenuEntry]:
    """The menu of the signed-in user, the current place marked: the one with the longest address."""
    user = request.user
    if not isinstance(user, User):
        return []
    found = [(item, url) for item in ITEMS if _allowed(item, user) and (url := _address(item))]
    here = max(
        (url for _item, url in found if request.path == url or (url != "/" and request.path.startswith(url))),
        key=len,
        default=None,
    )
    return [MenuEntry(item.label, url, item.icon, url == here, item.starts_group) for item, url in found]


def _allowed(item: Item, user: User) -> bool:
    if item.back_office:
        return user.is_active and user.is_staff
    return item.permission is None or user.may(item.permission)


def _address(item: Item) -> str | None:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return None
