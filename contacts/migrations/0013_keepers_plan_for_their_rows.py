"""The triggers that keep numbers and restrictions plan each large statement for the rows that it changes.

PL/pgSQL keeps the plan of the session's first call. An import of new customers calls the trigger of changed
ones with none, and the plan for none is a nested loop over both transition tables: the next import in that
session compared each of its changed rows with each other one (30,000 took minutes). A plan for many rows, on
the other hand, reads whole tables, which an opt-out must not. So a few rows go by kept plans, and more by
plans of their own.
"""

from __future__ import annotations

from django.db import migrations

FEW = 100

_FLAGS = ("no_messages", "no_promotional", "voc_call_open")
_WORDS = """
    CROSS JOIN LATERAL (VALUES ('refusal', c.no_messages, c.no_promotional, FALSE),
                               ('call', FALSE, FALSE, c.voc_call_open))
         AS word(source, stops_all, stops_promotional, holds_promotional)
"""
_SAYS_SOMETHING = "(word.stops_all OR word.stops_promotional OR word.holds_promotional)"
_COLUMNS = "address, source, source_id, stops_all, stops_promotional, holds_promotional"
_VALUES = "n.number, word.source, c.id, word.stops_all, word.stops_promotional, word.holds_promotional"
_ITS_OWN_ROW = """
    ON CONFLICT (address, source, source_id) DO UPDATE
       SET stops_all = excluded.stops_all, stops_promotional = excluded.stops_promotional,
           holds_promotional = excluded.holds_promotional
"""
_OTHER_NUMBERS = """
    after c JOIN before b ON b.id = c.id AND (b.mobile, b.phone) IS DISTINCT FROM (c.mobile, c.phone)
"""
_OTHER_FLAGS = "after c JOIN before b ON b.id = c.id AND ({}) IS DISTINCT FROM ({})".format(
    *(", ".join(f"{row}.{flag}" for flag in _FLAGS) for row in "bc")
)
_NUMBERS = "CROSS JOIN LATERAL (VALUES (c.mobile), (nullif(c.phone, c.mobile))) n(number)"

# Fragments of our own, no input.
_OF_CHANGED = (
    f"""
    INSERT INTO contacts_number (contact_id, number, since)
    SELECT c.id, n.number, c.updated_at FROM {_OTHER_NUMBERS} {_NUMBERS} WHERE n.number IS NOT NULL
    ON CONFLICT (number, contact_id) DO UPDATE SET until = NULL WHERE contacts_number.until IS NOT NULL""",  # noqa: S608
    f"""
    UPDATE contacts_number n SET until = greatest(c.updated_at, n.since)
      FROM {_OTHER_NUMBERS}
     WHERE n.contact_id = c.id AND n.until IS NULL
       AND n.number IS DISTINCT FROM c.mobile AND n.number IS DISTINCT FROM c.phone""",  # noqa: S608
    f"""
    INSERT INTO contacts_restriction ({_COLUMNS})
    SELECT {_VALUES} FROM {_OTHER_FLAGS} JOIN contacts_number n ON n.contact_id = c.id {_WORDS}
     WHERE {_SAYS_SOMETHING} {_ITS_OWN_ROW}""",  # noqa: S608
    f"""
    DELETE FROM contacts_restriction r USING {_OTHER_FLAGS}, contacts_number n {_WORDS}
     WHERE n.contact_id = c.id AND NOT {_SAYS_SOMETHING}
       AND r.address = n.number AND r.source = word.source AND r.source_id = c.id""",  # noqa: S608
)
_OF_NUMBERS = (
    f"""
    INSERT INTO contacts_restriction ({_COLUMNS})
    SELECT {_VALUES} FROM added n JOIN contacts_contact c ON c.id = n.contact_id
       AND (c.no_messages OR c.no_promotional OR c.voc_call_open) {_WORDS}
     WHERE {_SAYS_SOMETHING} {_ITS_OWN_ROW}""",  # noqa: S608
)


def _planned(table: str, statements: tuple[str, ...]) -> str:
    kept = "".join(f"{statement};" for statement in statements)
    anew = "".join(f"EXECUTE $sql${statement}$sql$;" for statement in statements)
    return f"""
    CASE (SELECT count(*) FROM (SELECT FROM {table} LIMIT {FEW + 1}) few)
    WHEN 0 THEN NULL;
    WHEN {FEW + 1} THEN {anew}
    ELSE {kept}
    END CASE;
"""  # noqa: S608


_HEAD = "RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$"


def _functions(of_changed: str, of_numbers: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION contacts_keep_numbers() {_HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contacts_number (contact_id, number, since)
        SELECT c.id, n.number, c.created_at FROM after c {_NUMBERS} WHERE n.number IS NOT NULL;
        RETURN NULL;
    END IF;
    {of_changed}
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION contacts_keep_restrictions() {_HEAD}
BEGIN
    IF pg_trigger_depth() = 1 THEN
        -- Not by the customer's own row, which is locked then: a flag that is being set is waited for.
        PERFORM FROM contacts_contact WHERE id IN (SELECT contact_id FROM added) ORDER BY id FOR SHARE;
    END IF;
    {of_numbers}
    RETURN NULL;
END $$;
"""  # noqa: S608 - fragments of our own, no input


PLANNED = _functions(_planned("after", _OF_CHANGED), _planned("added", _OF_NUMBERS))
KEPT = _functions(*("".join(f"{one};" for one in statements) for statements in (_OF_CHANGED, _OF_NUMBERS)))


class Migration(migrations.Migration):
    dependencies = [("contacts", "0012_search_words")]

    operations = [migrations.RunSQL(PLANNED, KEPT)]
