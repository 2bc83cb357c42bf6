"""An entry's data in words: what each name means, the codes among the values, and people by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from persian.digits import grouped, to_persian
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
    "tag": _("tag"),
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
    ("roles", "admin"): _("Administrator"),
    ("roles", "auditor"): _("Auditor"),
    ("roles", "branding"): _("Advertising and branding"),
    ("roles", "hr"): _("Human resources"),
    ("roles", "it"): _("IT expert"),
    ("roles", "manager"): _("Department manager"),
    ("roles", "sender"): _("Sender"),
    ("roles", "senior"): _("Senior management"),
    ("roles", "voc"): _("VOC expert"),
    ("source", "command"): _("operator's command"),
    ("source", "voc_call"): _("call with the VOC expert"),
}


# Values that are keys of rows, and the rows' model.
REFERENCES: Final[dict[str, str]] = {
    "department": "staff.department",
    "department_id": "staff.department",
    "direct_manager": "staff.employee",
    "direct_manager_id": "staff.employee",
    "manager": "staff.employee",
    "manager_id": "staff.employee",
    "sender": "staff.employee",
    "sender_manager": "staff.employee",
}
# What only a technician reads: shown folded.
TECHNICAL: Final = frozenset({"call", "code", "content_hash", "entry", "outage", "sha256"})

Names = Mapping[tuple[str, int], str]


def names_in(entries: Iterable[Entry]) -> dict[tuple[str, int], str]:
    """The people and departments that the entries' data refers to, one query a model."""
    keys: dict[str, set[int]] = {}
    for entry in entries:
        for name, value in entry.data.items():
            if name in REFERENCES:
                keys.setdefault(REFERENCES[name], set()).update(_keys(value))
    return {
        (label, pk): str(getattr(row, "full_name", None) or getattr(row, "display_name", row))
        for label, wanted in keys.items()
        for pk, row in apps.get_model(label)._default_manager.in_bulk(list(wanted)).items()
    }


def _keys(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, int) and not isinstance(one, bool)]


def in_words(data: dict[str, Any], names: Names | None = None) -> list[tuple[str, str]]:
    """Name and value of everything that was recorded; what has no word here is shown as it is."""
    return [(str(NAMES.get(name, name)), _value(name, value, names or {})) for name, value in data.items()]


def _value(name: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return str(VALUES.get((name, value), value))
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, int):
        return names.get((REFERENCES.get(name, ""), value)) or _number(name, value)
    if isinstance(value, dict) and name == "audience" and "kind" in value:
        return _audience(value)
    if isinstance(value, list):
        return _list(name, value, names)
    return json.dumps(value, ensure_ascii=False)


def _number(name: str, value: int) -> str:
    persian = is_persian(get_language() or "fa")
    if name in TECHNICAL or name in REFERENCES:
        return to_persian(value) if persian else str(value)
    return grouped(value) if persian else f"{value:,}"


def _list(name: str, value: list[Any], names: Names) -> str:
    persian = is_persian(get_language() or "fa")
    if any(isinstance(part, dict) for part in value):
        return json.dumps(value, ensure_ascii=False)
    # A change stands as [from, to]; roles and fields are lists in themselves.
    is_list = name in ("roles", "fields") and not any(isinstance(part, list) for part in value)
    if len(value) == 2 and not is_list:
        return (" ← " if persian else " → ").join(_value(name, part, names) for part in value)
    parts = (str(NAMES.get(part, part)) if name == "fields" else _value(name, part, names) for part in value)
    return ("، " if persian else ", ").join(parts) or "–"


def _audience(audience: dict[str, Any]) -> str:
    if audience["kind"] == "tag":
        return gettext("customers with the tag “%(tag)s”") % {"tag": audience.get("tag") or "–"}
    if audience["kind"] == "import":
        return gettext("customers of the import “%(name)s”") % {"name": audience.get("name") or "–"}
    if audience["kind"] == "file":
        return gettext("numbers of the file “%(name)s”") % {"name": audience.get("name") or "–"}
    return gettext("all customers")
