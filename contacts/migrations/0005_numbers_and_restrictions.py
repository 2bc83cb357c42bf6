"""Numbers and restrictions, the triggers that keep them, and the rows of all customers there are.

`CREATE TRIGGER` locks the customers' table against writers (SHARE ROW EXCLUSIVE: imports, opt-outs and calls
wait; pages, plans and claims go on) until the commit. What is written by then is all in, what is written
afterwards meets the triggers.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

_FLAGS = ("no_messages", "no_promotional", "voc_call_open")

# What a customer `c` says to each of his numbers: one row a source, those that restrict nothing left out.
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
# The customers of an UPDATE whose numbers, or whose flags, are others than before.
_OTHER_NUMBERS = """
    after c JOIN before b ON b.id = c.id AND (b.mobile, b.phone) IS DISTINCT FROM (c.mobile, c.phone)
"""
_OTHER_FLAGS = "after c JOIN before b ON b.id = c.id AND ({}) IS DISTINCT FROM ({})".format(
    *(", ".join(f"{row}.{flag}" for flag in _FLAGS) for row in "bc")
)
_NUMBERS = "CROSS JOIN LATERAL (VALUES (c.mobile), (nullif(c.phone, c.mobile))) n(number)"

KEEPERS = f"""
CREATE FUNCTION contacts_keep_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contacts_number (contact_id, number, since)
        SELECT c.id, n.number, c.created_at FROM after c {_NUMBERS} WHERE n.number IS NOT NULL;
        RETURN NULL;
    END IF;
    INSERT INTO contacts_number (contact_id, number, since)
    SELECT c.id, n.number, c.updated_at FROM {_OTHER_NUMBERS} {_NUMBERS} WHERE n.number IS NOT NULL
    ON CONFLICT (number, contact_id) DO UPDATE SET until = NULL WHERE contacts_number.until IS NOT NULL;
    UPDATE contacts_number n SET until = greatest(c.updated_at, n.since)
      FROM {_OTHER_NUMBERS}
     WHERE n.contact_id = c.id AND n.until IS NULL
       AND n.number IS DISTINCT FROM c.mobile AND n.number IS DISTINCT FROM c.phone;
    INSERT INTO contacts_restriction ({_COLUMNS})
    SELECT {_VALUES} FROM {_OTHER_FLAGS} JOIN contacts_number n ON n.contact_id = c.id {_WORDS}
     WHERE {_SAYS_SOMETHING} {_ITS_OWN_ROW};
    DELETE FROM contacts_restriction r USING {_OTHER_FLAGS}, contacts_number n {_WORDS}
     WHERE n.contact_id = c.id AND NOT {_SAYS_SOMETHING}
       AND r.address = n.number AND r.source = word.source AND r.source_id = c.id;
    RETURN NULL;
END $$;
CREATE FUNCTION contacts_keep_restrictions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        -- Not by the customer's own row, which is locked then: a flag that is being set is waited for.
        PERFORM FROM contacts_contact WHERE id IN (SELECT contact_id FROM added) ORDER BY id FOR SHARE;
    END IF;
    INSERT INTO contacts_restriction ({_COLUMNS})
    SELECT {_VALUES} FROM added n JOIN contacts_contact c ON c.id = n.contact_id
       AND (c.no_messages OR c.no_promotional OR c.voc_call_open) {_WORDS}
     WHERE {_SAYS_SOMETHING} {_ITS_OWN_ROW};
    RETURN NULL;
END $$;
CREATE FUNCTION contacts_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Cannot % rows of %: %', lower(TG_OP), TG_TABLE_NAME, TG_ARGV[0];
END $$;
CREATE TRIGGER contact_numbers_of_new AFTER INSERT ON contacts_contact
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_numbers();
CREATE TRIGGER contact_numbers_of_changed AFTER UPDATE ON contacts_contact
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_numbers();
CREATE TRIGGER contact_stays BEFORE DELETE OR TRUNCATE ON contacts_contact
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_refuse('what a customer refused stays with the numbers');
"""  # noqa: S608 - fragments of our own, no input

FILL = f"""
INSERT INTO contacts_number (contact_id, number, since)
SELECT c.id, n.number, c.created_at FROM contacts_contact c {_NUMBERS} WHERE n.number IS NOT NULL;
INSERT INTO contacts_restriction ({_COLUMNS})
SELECT {_VALUES} FROM contacts_contact c {_NUMBERS} {_WORDS}
 WHERE n.number IS NOT NULL AND {_SAYS_SOMETHING};
"""  # noqa: S608 - fragments of our own, no input

GUARDS = """
CREATE TRIGGER number_restrictions AFTER INSERT ON contacts_number
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION contacts_keep_restrictions();
CREATE TRIGGER number_stays BEFORE DELETE OR TRUNCATE ON contacts_number
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_refuse('a number that was given stays the customer''s');
CREATE TRIGGER number_is_frozen BEFORE UPDATE ON contacts_number FOR EACH ROW
    WHEN ((OLD.id, OLD.contact_id, OLD.number, OLD.since)
          IS DISTINCT FROM (NEW.id, NEW.contact_id, NEW.number, NEW.since))
    EXECUTE FUNCTION contacts_refuse('a number that was given stays the customer''s');
CREATE TRIGGER restriction_follows_the_flag BEFORE INSERT ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.source IN ('refusal', 'call'))
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s flag');
CREATE TRIGGER restriction_stays_with_the_flag BEFORE UPDATE OR DELETE ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND OLD.source IN ('refusal', 'call'))
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s flag');
CREATE TRIGGER restriction_becomes_no_flag BEFORE UPDATE ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.source IN ('refusal', 'call'))
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s flag');
CREATE TRIGGER restrictions_stay BEFORE TRUNCATE ON contacts_restriction
    FOR EACH STATEMENT EXECUTE FUNCTION contacts_refuse('each source takes back its own rows alone');
"""

AWAY = """
DROP TRIGGER contact_numbers_of_new ON contacts_contact;
DROP TRIGGER contact_numbers_of_changed ON contacts_contact;
DROP TRIGGER contact_stays ON contacts_contact;
DROP FUNCTION contacts_keep_numbers, contacts_keep_restrictions, contacts_refuse CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_import_attempts")]

    operations = [
        migrations.CreateModel(
            name="Number",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=16, verbose_name="number")),
                (
                    "kind",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(number__regex="^\\+989[0-9]{9}$", then=models.Value("mobile")),
                            default=models.Value("landline"),
                        ),
                        output_field=models.CharField(
                            choices=[("mobile", "mobile"), ("landline", "landline")], max_length=8
                        ),
                        verbose_name="kind",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="since")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "contact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="numbers",
                        to="contacts.contact",
                        verbose_name="customer",
                    ),
                ),
            ],
            options={"verbose_name": "customer's number", "verbose_name_plural": "customers' numbers"},
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(max_length=254, verbose_name="address")),
                (
                    "source",
                    models.CharField(
                        choices=[("refusal", "customer's refusal"), ("call", "open call")],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("source_id", models.BigIntegerField(verbose_name="source id")),
                (
                    "stops_all",
                    models.BooleanField(default=False, verbose_name="no message at all is sent"),
                ),
                (
                    "stops_promotional",
                    models.BooleanField(default=False, verbose_name="promotional messages are not sent"),
                ),
                (
                    "holds_promotional",
                    models.BooleanField(default=False, verbose_name="promotional messages wait"),
                ),
            ],
            options={"verbose_name": "restriction", "verbose_name_plural": "restrictions"},
        ),
        migrations.RunSQL(KEEPERS, AWAY),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="number",
            constraint=models.UniqueConstraint(fields=("number", "contact"), name="number_once_a_customer"),
        ),
        migrations.AddConstraint(
            model_name="number",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="number_until_after_since",
            ),
        ),
        migrations.AddIndex(
            model_name="number", index=models.Index(fields=["contact"], name="number_by_contact")
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.UniqueConstraint(
                fields=("address", "source", "source_id"), name="restriction_once_a_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("stops_all", True),
                    ("stops_promotional", True),
                    ("holds_promotional", True),
                    _connector="OR",
                ),
                name="restriction_restricts",
            ),
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
