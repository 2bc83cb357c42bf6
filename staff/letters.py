"""What colleagues are told by mail about log-ins: by whom, when, and what to do if it was not right."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from staff.models import User
from staff.outbox import post
from staff.permissions import members_of
from staff.roles import Role


def send_letter(user: User, template: str, *, by: User | None, now: datetime, **context: object) -> None:
    """Mail `template` (staff/mail/…) about `user` to `user`."""
    _post([user.email], user, template, by, now, context)


def tell_auditors(user: User, template: str, *, by: User | None, now: datetime, **context: object) -> None:
    """Mail the same to everybody in the role *auditor*, but not to `user` twice."""
    _post(_addresses(members_of(Role.AUDITOR), user), user, template, by, now, context)


def tell_administrators(
    user: User, template: str, *, by: User | None, now: datetime, **context: object
) -> None:
    """Mail the same to every administrator but `user`."""
    _post(_addresses(members_of(Role.ADMIN), user), user, template, by, now, context)


def tell_new_manager(person: str, manager: User, former: User | None, *, now: datetime) -> None:
    """Mail the former manager of `person`, and senior management, that `manager` put himself there."""
    told = members_of(Role.SENIOR)
    if former is not None and former.is_active and former.email:
        told = told | User.objects.filter(pk=former.pk)
    _post(_addresses(told, manager), manager, "own_manager", manager, now, {"person": person})


def tell_former_address(user: User, before: str, after: str, *, by: User | None, now: datetime) -> None:
    """Mail the former address of `user`, and the auditors, that links go to another one from now on."""
    told = [before, *_addresses(members_of(Role.AUDITOR), user)]
    _post(told, user, "address_changed", by, now, {"before": before, "after": after})


def _addresses(users: QuerySet[User], user: User) -> list[str]:
    """The addresses of the users but `user`, each once."""
    return sorted(set(users.exclude(pk=user.pk).values_list("email", flat=True)))


def _post(
    addresses: list[str],
    user: User,
    template: str,
    by: User | None,
    now: datetime,
    context: dict[str, object],
) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words = {"user": user, "by": by.display_name if by else "", "now": now, **context}
        subject = render_to_string(f"staff/mail/{template}_subject.txt", words).strip()
        text = render_to_string(f"staff/mail/{template}.txt", words)
        for address in addresses:
            post(to=address, subject=subject, text=text, now=now)
