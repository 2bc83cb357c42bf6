"""Words of the audit trail for sign-in, second factors and passwords."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words

ACTIONS: Final = {
    "factor.added": _("second factor added"),
    "factor.code_failed": _("wrong code of the second factor"),
    "factor.codes_renewed": _("recovery codes made anew"),
    "factor.removed": _("second factor removed"),
    "factor.reset": _("second factor reset by an administrator"),
    "user.locked_out": _("sign-in locked after wrong passwords"),
    "user.password_changed": _("own password changed"),
    "user.password_reset": _("password reset by a link"),
    "user.password_reset_asked": _("reset of a password asked for"),
    "user.sessions_ended": _("own sessions ended elsewhere"),
    "user.sign_in_failed": _("wrong password"),
    "user.signed_in": _("signed in"),
    "user.signed_out": _("signed out"),
    "user.unknown_name": _("sign-in under a name that nobody has"),
    "user.unlocked": _("sign-in unlocked by an administrator"),
}
NAMES: Final = {
    "client": _("from address"),
    "factor": _("second factor"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
        names=NAMES,
        values={
            "factor": {
                "recovery_codes": _("recovery codes"),
                "totp": _("app with codes"),
                "webauthn": _("security key"),
            },
        },
    )
