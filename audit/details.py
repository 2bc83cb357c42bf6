"""An entry's data in words: what each name means, and the codes among the values."""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from persian.digits import to_persian
from persian.jalali import is_persian

NAMES: Final[dict[str, Promise]] = {
    "absent": _("unknown to the provider"),
    "address": _("address"),
    "after": _("after"),
    "audience": _("audience"),
    "before": _("before"),
    "breaches": _("new breaches"),
    "call": _("call"),
    "calls": _("calls"),
    "channel": _("channel"),
    "choice": _("choice"),
    "client": _("from address"),
    "code": _("code"),
    "created": _("new"),
    "day": _("day"),
    "department": _("department"),
    "department_id": _("department"),
    "direct_manager": _("direct manager"),
    "direct_manager_id": _("direct manager"),
    "email": _("e-mail"),
    "entry": _("entry in the history"),
    "extension": _("extension"),
    "factor": _("second factor"),
    "fields": _("what was changed"),
    "file": _("file"),
    "first_name": _("first name"),
    "flag": _("option"),
    "found": _("known to the provider"),
    "hired_on": _("hired on"),
    "job_title": _("job title"),
    "kind": _("kind"),
    "last_name": _("last name"),
    "left_on": _("left on"),
    "listed": _("on the provider's list"),
    "manager": _("manager"),
    "manager_id": _("manager"),
    "name": _("name"),
    "outage": _("outage"),
    "outside_hours": _("outside the hours"),
    "purpose": _("purpose"),
    "reason": _("reason"),
    "recipients": _("recipients"),
    "refused": _("refused"),
    "roles": _("roles"),
    "rows": _("rows"),
    "sender": _("sender"),
    "sender_manager": _("direct manager"),
    "sent_late": _("sent late by the provider"),
    "shadow": _("past the portal"),
    "source": _("source"),
    "stopped": _("waiting messages stopped"),
    "unchanged": _("unchanged"),
    "unsent": _("not sent so far"),
    "updated": _("changed"),
    "usage_rule": _("usage rule"),
    "waiting": _("waiting"),
    "why": _("reason"),
}

VALUES: Final[dict[tuple[str, str], Promise]] = {
    ("choice", "abandon"): _("give up"),
    ("choice", "resend"): _("send again"),
    ("choice", "sent"): _("it was sent"),
    ("why", "account"): _("the provider refuses our account"),
    ("why", "credit"): _("credit exhausted"),
    ("why", "network"): _("no connection to the provider"),
    ("why", "provider"): _("disturbance at the provider"),
    ("why", "unclear"): _("answers that make no sense"),
    ("factor", "recovery_codes"): _("recovery codes"),
    ("factor", "totp"): _("app with codes"),
    ("factor", "webauthn"): _("security key"),
    ("flag", "no_messages"): _("no message at all is sent"),
    ("flag", "no_promotional"): _("promotional messages are not sent"),
    ("purpose", "notification"): _("Notification"),
    ("purpose", "promotional"): _("Promotional"),
    ("purpose", "survey"): _("Survey"),
    ("source", "command"): _("operator's command"),
    ("source", "voc_call"): _("call with the VOC expert"),
}


def in_words(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and value of everything that was recorded; what has no word here is shown as it is."""
    return [(str(NAMES.get(name, name)), _value(name, value)) for name, value in data.items()]


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return str(VALUES.get((name, value), value))
    if isinstance(value, int):
        return to_persian(value) if is_persian(get_language() or "fa") else str(value)
    if (
        isinstance(value, list)
        and len(value) == 2
        and not any(isinstance(part, list | dict) for part in value)
    ):
        # a change: from, to
        return f"{_value(name, value[0])} → {_value(name, value[1])}"
    return json.dumps(value, ensure_ascii=False)
