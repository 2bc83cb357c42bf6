"""What PostgreSQL itself holds about a customer's two options (C7.3)."""

from __future__ import annotations

import pgtrigger

from common.guards import GuardTrigger

_FLAGS = ("no_promotional", "no_messages")

# Looked at when the transaction ends, on the row as it is then. The names are written out with their schema:
# a session's own temporary table would be found first.
_FUNC = """
    IF EXISTS (
        SELECT FROM public.contacts_contact c WHERE c.id = NEW.id AND ({differs})
    ) THEN
        RAISE EXCEPTION 'pgtrigger: Cannot set a flag of % row % without its last word in the consent ledger',
            TG_TABLE_NAME, NEW.id;
    END IF;
    RETURN NULL;
"""
_DIFFERS = """
        (TG_OP = 'INSERT' OR OLD.{flag} <> NEW.{flag}) AND c.{flag} <> coalesce((
            SELECT e.after FROM public.contacts_consententry e
            WHERE e.contact_id = c.id AND e.flag = '{flag}' ORDER BY e.id DESC LIMIT 1
        ), false)
"""


def flags_follow_the_ledger() -> list[pgtrigger.Trigger]:
    """Refuses at commit a flag that was set or changed and is not the ledger's last word."""
    func = _FUNC.format(differs=" OR ".join(_DIFFERS.format(flag=flag) for flag in _FLAGS))
    set_ = " OR ".join(f"NEW.{flag}" for flag in _FLAGS)
    changed = " OR ".join(f"OLD.{flag} <> NEW.{flag}" for flag in _FLAGS)
    return [
        GuardTrigger(
            name=f"contact_flags_{name}",
            when=pgtrigger.After,
            operation=operation,
            timing=pgtrigger.Deferred,
            condition=pgtrigger.Condition(condition),
            func=func,
        )
        for name, operation, condition in (
            ("inserted", pgtrigger.Insert, set_),
            ("changed", pgtrigger.Update, changed),
        )
    ]
