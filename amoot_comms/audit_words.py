"""Words of the audit trail for the portal as a whole."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words

ACTIONS: Final = {
    "backup.restored": _("backup restored"),
    "factor.keys_renewed": _("second factors encrypted anew"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
    )
