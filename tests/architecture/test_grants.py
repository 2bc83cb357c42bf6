"""The application's rights in PostgreSQL's own catalogue, and what an intruder with them cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from amoot_comms.database import checks, granting
from amoot_comms.database.grants import GRANTS, SEQUENCES, Grant
from tests.factories import ContactFactory
from tests.guards import as_owner
from tests.processes import APPLICATION, owner_url

pytestmark = pytest.mark.django_db

# What may be given on a table at all, but for SELECT, which every table has.
OTHERS = ("INSERT", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def asked(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def tables() -> dict[str, set[str]]:
    """The columns of every table, generated ones too."""
    rows = asked("""
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND a.attnum > 0 AND NOT a.attisdropped
    """)
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


def effective() -> dict[str, Grant]:
    """What the role may do by any way: its own rights, PUBLIC's, those of roles that it belongs to."""
    others = asked(
        "SELECT c.relname, p FROM pg_class c CROSS JOIN unnest(%s::text[]) p"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND has_table_privilege(%s, c.oid, p)",
        list(OTHERS),
        APPLICATION,
    )
    assert {privilege for _, privilege in others} <= {"INSERT", "DELETE"}
    updates = asked(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(%s, c.oid, a.attnum, 'UPDATE')",
        APPLICATION,
    )
    return {
        table: Grant(
            insert=(table, "INSERT") in others,
            delete=(table, "DELETE") in others,
            update=frozenset(column for of, column in updates if of == table),
        )
        for table in tables()
    }


def test_every_table_stands_in_the_table_of_grants_with_columns_that_exist() -> None:
    found = tables()
    assert found.keys() == GRANTS.keys()
    assert {
        table: grant.update - found[table] for table, grant in GRANTS.items() if grant.update - found[table]
    } == {}


def test_the_catalogue_says_what_the_table_of_grants_says() -> None:
    assert effective() == GRANTS


def test_every_table_is_read_and_only_the_named_sequences_are_drawn_from() -> None:
    unread = asked(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT has_table_privilege(%s, oid, 'SELECT')",
        APPLICATION,
    )
    assert unread == []
    drawn = asked(
        "SELECT relname FROM (SELECT relname, oid FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' OFFSET 0) sequences"
        " WHERE has_sequence_privilege(%s, oid, 'USAGE, UPDATE')",
        APPLICATION,
    )
    assert {name for (name,) in drawn} == SEQUENCES


def test_the_role_is_nobody_special_and_makes_nothing() -> None:
    ((*powers, creates, makes),) = asked(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,"
        " has_schema_privilege(rolname, 'public', 'CREATE'),"
        " has_database_privilege(rolname, current_database(), 'CREATE') FROM pg_roles WHERE rolname = %s",
        APPLICATION,
    )
    assert (*powers, creates, makes) == (False,) * 7
    assert asked("SELECT FROM pg_auth_members WHERE member = %s::regrole", APPLICATION) == []
    assert (
        asked("SELECT FROM pg_class WHERE relowner = %s::regrole AND NOT relispartition", APPLICATION) == []
    )


@pytest.mark.parametrize(
    "change",
    [
        "GRANT TRUNCATE ON audit_entry TO {}",
        "GRANT UPDATE (actor) ON audit_entry TO {}",
        "GRANT UPDATE ON contacts_number TO {}",
        "GRANT UPDATE ON SEQUENCE audit_entry_id_seq TO {}",
        "REVOKE INSERT ON audit_entry FROM {}",
        "REVOKE UPDATE (status) ON messaging_message FROM {}",
        "REVOKE SELECT ON staff_user FROM {}",
    ],
)
def test_a_right_too_many_or_too_few_is_set_right_by_the_next_migrate(change: str) -> None:
    """And is seen: in each case one of the tests above would fail."""
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(change).format(sql.Identifier(APPLICATION)))
            assert list(granting._statements(cursor, APPLICATION)) != []
        granting.apply(connection, APPLICATION)
        with connection.cursor() as cursor:
            assert list(granting._statements(cursor, APPLICATION)) == []
    test_the_catalogue_says_what_the_table_of_grants_says()
    test_every_table_is_read_and_only_the_named_sequences_are_drawn_from()


def test_a_table_that_is_not_named_is_not_even_read_and_is_noticed() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE new_one (id int)")
        granting.apply(connection, APPLICATION)
    with pytest.raises(AssertionError):
        test_every_table_stands_in_the_table_of_grants_with_columns_that_exist()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        asked("SELECT * FROM new_one")


ATTACKS = [
    "UPDATE audit_entry SET actor = 'FORGED'",
    "UPDATE audit_entry SET id = id",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "DELETE FROM audit_link",
    "UPDATE audit_seal SET signature = ''",
    "UPDATE contacts_consententry SET after = NOT after",
    "DELETE FROM contacts_consententry",
    "TRUNCATE contacts_consententry CASCADE",
    "INSERT INTO contacts_restriction (address, source, source_id, stops_all, stops_promotional,"
    " holds_promotional) VALUES ('+989121234567', 'keyword', 1, true, false, false)",
    "DELETE FROM contacts_restriction",
    "UPDATE contacts_number SET until = NULL",
    "DELETE FROM contacts_contact",
    "UPDATE messaging_delivery SET address = '+989121234567'",
    "UPDATE messaging_message SET text = 'FORGED'",
    "UPDATE messaging_message SET scheduled_at = NULL",
    "UPDATE channels_windowschange SET reason = 'FORGED'",
    "DELETE FROM channels_outage",
    "INSERT INTO messaging_override (message_id) VALUES (1)",
    "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "ALTER TABLE audit_entry ADD COLUMN more int",
    "DROP TABLE audit_entry",
    "DROP TRIGGER contact_stays ON contacts_contact",
    "CREATE OR REPLACE FUNCTION public.contacts_refuse() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NEW; END'",
    "ALTER FUNCTION contacts_keep_numbers() SECURITY INVOKER",
    "CREATE TABLE public.mine (id int)",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_entry EXECUTE FUNCTION contacts_refuse()",
    "SET session_replication_role = replica",
    "SET ROLE amoot_owner",
    "ALTER ROLE amoot_application SUPERUSER",
    "CREATE ROLE mine",
    "COPY audit_entry TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT pg_read_file('postgresql.conf')",
]


@pytest.fixture(scope="module")
def intruder(django_db_setup: None, django_db_blocker: object) -> Iterator[psycopg.Connection]:
    """A session of the application alone: no superuser stands behind it."""
    with psycopg.connect(owner_url()) as session:
        session.execute(f"SET SESSION AUTHORIZATION {APPLICATION}")
        session.commit()
        yield session
        session.rollback()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("first", ["SELECT 1", "SELECT set_config('pgtrigger.ignore', '{all}', true)"])
def test_the_application_cannot(intruder: psycopg.Connection, first: str, attack: str) -> None:
    intruder.rollback()
    intruder.execute(first)
    if attack == "SET ROLE amoot_owner" and not asked("SELECT FROM pg_roles WHERE rolname = 'amoot_owner'"):
        attack = "SET ROLE pg_read_server_files"
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
        intruder.execute(attack)
    intruder.rollback()


def test_a_temporary_table_of_the_same_name_deceives_no_trigger() -> None:
    """Otherwise a forged ledger, or forged numbers, would be read in place of the portal's."""
    contact = ContactFactory(mobile="+989121111111")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE contacts_number (LIKE public.contacts_number INCLUDING ALL)")
        cursor.execute("CREATE TEMPORARY TABLE contacts_restriction (LIKE public.contacts_restriction)")
        cursor.execute("UPDATE contacts_contact SET mobile = '+989122222222' WHERE id = %s", [contact.pk])
        cursor.execute("UPDATE contacts_contact SET voc_call_open = true WHERE id = %s", [contact.pk])
        cursor.execute("DROP TABLE pg_temp.contacts_number, pg_temp.contacts_restriction")
    numbers = asked("SELECT number FROM contacts_number WHERE contact_id = %s ORDER BY 1", contact.pk)
    restricted = asked("SELECT address FROM contacts_restriction WHERE source_id = %s ORDER BY 1", contact.pk)
    assert numbers == restricted == [("+989121111111",), ("+989122222222",)]


def test_functions_with_the_owners_rights_have_a_path_of_their_own() -> None:
    functions = asked(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert dict(functions) == {
        "contacts_keep_numbers": ["search_path=public, pg_temp"],
        "contacts_keep_restrictions": ["search_path=public, pg_temp"],
        "contacts_keep_written_words": ["search_path=public, pg_temp"],
    }


def test_the_check_names_a_connection_to_which_no_right_matters() -> None:
    assert checks.faults(connection) == []
    with as_owner():
        (superuser,) = checks.faults(connection)
        assert "is a superuser" in superuser.msg
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE audit_entry OWNER TO {APPLICATION}")
    (owner,) = checks.faults(connection)
    assert "owns the tables" in owner.msg
