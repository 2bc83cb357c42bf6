"""What colleagues are told by mail about log-ins: by whom, when, and what to do if it was not right."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from staff.models import User
from staff.outbox import post
from staff.roles import Role


def tell(user: User, template: str, *, by: User | None, now: datetime, **context: object) -> None:
    """Mail `template` (staff/mail/…) about `user` to `user`."""
    _post(user.email, user, template, by, now, context)


def tell_auditors(user: User, template: str, *, by: User | None, now: datetime, **context: object) -> None:
    """Mail the same to everybody in the role *auditor*, but not to `user` twice."""
    auditors = User.objects.filter(groups__name=Role.AUDITOR, is_active=True).exclude(pk=user.pk)
    for address in sorted(set(auditors.exclude(email="").values_list("email", flat=True))):
        _post(address, user, template, by, now, context)


def tell_former_address(user: User, before: str, after: str, *, by: User | None, now: datetime) -> None:
    """Mail the former address of `user`, and the auditors, that links go to another one from now on."""
    words: dict[str, object] = {"before": before, "after": after}
    _post(before, user, "address_changed", by, now, words)
    tell_auditors(user, "address_changed", by=by, now=now, **words)


def _post(
    to: str, user: User, template: str, by: User | None, now: datetime, context: dict[str, object]
) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words = {"user": user, "by": by.display_name if by else "", "now": now, **context}
        subject = render_to_string(f"staff/mail/{template}_subject.txt", words).strip()
        post(to=to, subject=subject, text=render_to_string(f"staff/mail/{template}.txt", words), now=now)
