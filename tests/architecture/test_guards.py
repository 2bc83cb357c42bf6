"""The triggers that hold the tables: read from PostgreSQL's own catalogue."""

from __future__ import annotations

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

# Tables that tell who did what, who refused what, and what was sent to whom.
EVIDENCE = {
    "audit_entry",
    "audit_link",
    "channels_outage",
    "contacts_consententry",
    "contacts_contact",
    "contacts_number",
    "contacts_optoutcall",
    "messaging_audiencemember",
    "messaging_breach",
    "messaging_comparison",
    "messaging_decideddelivery",
    "messaging_delivery",
    "messaging_doubtdecision",
    "messaging_gatewaycall",
    "messaging_inboundmessage",
    "messaging_message",
    "messaging_messagestop",
    "messaging_override",
    "messaging_unreadableinbound",
}

TRIGGERS = """
    SELECT c.relname, t.tgname, t.tgtype, t.tgenabled, p.prosrc
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
# Bits of tgtype: DELETE, TRUNCATE.
DELETE, TRUNCATE = 8, 32


def triggers() -> list[tuple[str, str, int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        rows: list[tuple[str, str, int, str, str]] = cursor.fetchall()
        return rows


def test_no_trigger_reads_a_setting() -> None:
    found = triggers()
    assert found
    for word in ("current_setting", "set_config", "_should_ignore"):
        assert [name for _, name, _, _, source in found if word in source.lower()] == []


def test_no_trigger_is_switched_off() -> None:
    assert [name for _, name, _, enabled, _ in triggers() if enabled != "O"] == []


def test_the_switch_itself_is_gone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'")
        assert cursor.fetchall() == []


@pytest.mark.parametrize("operation", [DELETE, TRUNCATE])
def test_no_table_of_evidence_loses_rows(operation: int) -> None:
    held = {table for table, _, kind, _, _ in triggers() if kind & operation}
    assert EVIDENCE - held == set()
