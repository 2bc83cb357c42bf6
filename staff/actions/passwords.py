"""Passwords are chosen by their owner alone: by a link, to the address that the portal keeps."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.actions import record
from staff.actions.accounts import end_sessions, lock
from staff.letters import send_letter
from staff.models import User
from staff.permissions import demand


def send_password_link(*, user: User, by: User | None, now: datetime, end_password: bool = False) -> None:
    """Mail `user` a link with which they choose a password: once, within `PASSWORD_RESET_TIMEOUT` seconds.

    The present password stays valid until then, so that nobody is shut out by a press of somebody else;
    `end_password`, for one that became known, makes it and every session end now. Raises PermissionDenied
    unless `by` may change users (a superuser's: a superuser), ValidationError for a log-in that is
    disabled or has no address.
    """
    demand(by, "staff.change_user")
    with transaction.atomic():
        locked = lock(user=user, by=by)
        if not locked.is_active:
            raise ValidationError(_("The log-in is disabled; enable it first."))
        if not locked.email:
            raise ValidationError(_("The log-in has no e-mail address to send a link to."))
        if end_password:
            locked.set_unusable_password()
            locked.save(update_fields=["password"])
            end_sessions(locked)
        data = {"to": locked.email, "password_ended": end_password}
        record(by=by, action="user.password_link_sent", obj=locked, data=data, now=now)
        _post_link(locked, by=by, now=now, ended=end_password)


def _post_link(user: User, *, by: User | None, now: datetime, ended: bool) -> None:
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = settings.SITE_URL.rstrip("/") + reverse("account_reset_password_from_key", kwargs=key)
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    send_letter(user, "password_link", by=by, now=now, link=link, hours=hours, ended=ended)
