"""What the screen calls the acts that the trail keeps. A code without a word here is shown as it is."""

from __future__ import annotations

from typing import Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ACTIONS: Final[dict[str, Promise]] = {
    "backup.restored": _("backup restored"),
    "call.settled": _("call in doubt settled"),
    "call.stopped": _("provider asked to stop dialling"),
    "channel.added": _("channel added to the register"),
    "channel.changed": _("channel changed"),
    "channel.outage_declared": _("outage declared"),
    "channel.outage_detected": _("outage detected"),
    "channel.outage_ended": _("outage ended"),
    "channel.windows_set": _("sending windows set"),
    "contact.call_closed": _("opt-out call closed"),
    "contact.call_opened": _("opt-out call opened"),
    "contact.consent_noted": _("note added to the consent history"),
    "contact.edited": _("customer's record changed"),
    "contact.opt_out_cleared": _("opt-out cleared"),
    "contact.opt_out_set": _("opt-out set"),
    "contacts.created_for_numbers": _("customers made for new numbers"),
    "contacts.imported": _("customers imported"),
    "department.changed": _("department changed"),
    "department.opened": _("department added"),
    "employee.account_linked": _("log-in linked to a colleague"),
    "employee.changed": _("colleague's record changed"),
    "employee.hired": _("colleague hired"),
    "employee.left": _("colleague's leave recorded"),
    "employee.reinstated": _("colleague's leave taken back"),
    "factor.added": _("second factor added"),
    "factor.code_failed": _("wrong code of the second factor"),
    "factor.codes_renewed": _("recovery codes made anew"),
    "factor.keys_renewed": _("second factors encrypted anew"),
    "factor.removed": _("second factor removed"),
    "factor.reset": _("second factor reset by an administrator"),
    "message.stop_calls": _("calls of a voice message called back"),
    "message.cancel": pgettext_lazy("audit", "message cancelled"),
    "message.doubt_asked": _("provider to be asked again"),
    "message.doubt_decided": _("unknown outcome decided"),
    "message.pause": pgettext_lazy("audit", "message paused"),
    "message.planned": _("message planned"),
    "message.resume": _("message resumed"),
    "message.submitted": _("message submitted"),
    "sends.compared": _("provider's list compared"),
    "sends.not_compared": _("provider's list could not be compared"),
    "user.changed": _("log-in changed"),
    "user.disabled": _("log-in disabled"),
    "user.enabled": _("log-in enabled"),
    "user.locked_out": _("sign-in locked after wrong passwords"),
    "user.opened": _("log-in opened"),
    "user.password_changed": _("own password changed"),
    "user.password_link_sent": _("link to choose a password sent"),
    "user.password_reset": _("password reset by a link"),
    "user.password_reset_asked": _("reset of a password asked for"),
    "user.password_set": _("password set by somebody else"),
    "user.roles_set": _("roles set"),
    "user.sessions_ended": _("own sessions ended elsewhere"),
    "user.sign_in_failed": _("wrong password"),
    "user.signed_in": _("signed in"),
    "user.signed_out": _("signed out"),
    "user.superuser_made": _("superuser made"),
    "user.unknown_name": _("sign-in under a name that nobody has"),
    "user.unlocked": _("sign-in unlocked by an administrator"),
}


def action_label(action: str) -> str:
    """The act in words."""
    return str(ACTIONS.get(action, action))


def object_label(object_type: str) -> str:
    """The kind of thing in words; `app.model` of a model that is no more is shown as it is."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return object_type
