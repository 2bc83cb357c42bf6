"""Customers' written words (reading 16): while one restricts, the row of its number stands in the restrictions."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import common.guards

# A word restricts its number as long as it says so; the restriction is nobody else's to write. A word is never
# deleted, and its number never changes (triggers of the table).
KEEPER = """
CREATE FUNCTION contacts_keep_written_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.restricts THEN
        INSERT INTO contacts_restriction
               (address, source, source_id, stops_all, stops_promotional, holds_promotional)
        VALUES (NEW.number, 'keyword', NEW.id, FALSE, TRUE, FALSE)
        ON CONFLICT (address, source, source_id) DO NOTHING;
    ELSE
        DELETE FROM contacts_restriction
         WHERE address = NEW.number AND source = 'keyword' AND source_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER written_word_restricts AFTER INSERT OR UPDATE OF restricts ON contacts_writtenword
    FOR EACH ROW EXECUTE FUNCTION contacts_keep_written_words();
CREATE TRIGGER restriction_follows_the_word BEFORE INSERT ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.source = 'keyword')
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s written word');
CREATE TRIGGER restriction_stays_with_the_word BEFORE UPDATE OR DELETE ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND OLD.source = 'keyword')
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s written word');
CREATE TRIGGER restriction_becomes_no_word BEFORE UPDATE ON contacts_restriction FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.source = 'keyword')
    EXECUTE FUNCTION contacts_refuse('it follows the customer''s written word');
"""
AWAY = """
DROP TRIGGER restriction_follows_the_word ON contacts_restriction;
DROP TRIGGER restriction_stays_with_the_word ON contacts_restriction;
DROP TRIGGER restriction_becomes_no_word ON contacts_restriction;
DROP FUNCTION contacts_keep_written_words CASCADE;
DELETE FROM contacts_restriction WHERE source = 'keyword';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0018_duty_roster"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="consententry",
            name="source",
            field=models.CharField(
                choices=[
                    ("voc_call", "call with the VOC expert"),
                    ("message", "customer's message"),
                    ("command", "operator's command"),
                    ("correction", "correction"),
                ],
                max_length=12,
                verbose_name="source",
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="source",
            field=models.CharField(
                choices=[
                    ("refusal", "customer's refusal"),
                    ("call", "open call"),
                    ("keyword", "customer's written word"),
                ],
                max_length=12,
                verbose_name="source",
            ),
        ),
        migrations.CreateModel(
            name="WrittenWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=16, verbose_name="number")),
                ("text", models.TextField(verbose_name="text")),
                ("reference", models.CharField(max_length=60, verbose_name="message")),
                (
                    "meaning",
                    models.CharField(
                        choices=[
                            ("opt_out", "asks for no more promotional messages"),
                            ("opt_in", "asks for promotional messages again"),
                            ("perhaps", "perhaps an opt-out"),
                        ],
                        max_length=10,
                        verbose_name="meaning",
                    ),
                ),
                ("said_at", models.DateTimeField(verbose_name="said at")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("restricts", models.BooleanField(default=False, verbose_name="restricts the number")),
                ("sorted_at", models.DateTimeField(blank=True, null=True, verbose_name="sorted at")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("set", "an option was activated"),
                            ("cleared", "an option was deactivated"),
                            ("unchanged", "nothing was changed"),
                            ("no_opt_out", "it was no opt-out"),
                        ],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="written_words",
                        to="contacts.contact",
                        verbose_name="customer",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "sorted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="sorted by",
                    ),
                ),
            ],
            options={
                "verbose_name": "customer's written word",
                "verbose_name_plural": "customers' written words",
            },
        ),
        migrations.AddField(
            model_name="consententry",
            name="word",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="contacts.writtenword",
                verbose_name="customer's written word",
            ),
        ),
        migrations.AddConstraint(
            model_name="consententry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("source", "message"), _negated=True), ("word__isnull", False), _connector="OR"
                ),
                name="consent_entry_has_its_word",
            ),
        ),
        migrations.AddIndex(
            model_name="writtenword",
            index=models.Index(
                condition=models.Q(("decided_at__isnull", True)),
                fields=["said_at"],
                name="open_written_words",
            ),
        ),
        migrations.AddIndex(
            model_name="writtenword",
            index=models.Index(fields=["contact", "id"], name="written_words_by_contact"),
        ),
        migrations.AddConstraint(
            model_name="writtenword",
            constraint=models.UniqueConstraint(fields=("reference",), name="written_word_once_a_message"),
        ),
        migrations.AddConstraint(
            model_name="writtenword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("outcome", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("restricts", False),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="written_word_decided_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="writtenword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sorted_at__isnull", True), ("sorted_by__isnull", True)),
                    models.Q(("sorted_at__isnull", False), ("sorted_by__isnull", False)),
                    _connector="OR",
                ),
                name="written_word_sorted_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="writtenword",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("meaning", "opt_out"), _negated=True),
                    ("restricts", True),
                    ("decided_at__isnull", False),
                    _connector="OR",
                ),
                name="written_word_restricts_until_decided",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writtenword",
            trigger=pgtrigger.compiler.Trigger(
                name="written_word_frozen_fields",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."contact_id" IS DISTINCT FROM (NEW."contact_id") OR OLD."meaning" IS DISTINCT FROM (NEW."meaning") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."recorded_at" IS DISTINCT FROM (NEW."recorded_at") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."said_at" IS DISTINCT FROM (NEW."said_at") OR OLD."text" IS DISTINCT FROM (NEW."text"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="22d24a743ace93f8dc3709d5549f03f8c2f8669a",
                    operation="UPDATE",
                    pgid="pgtrigger_written_word_frozen_fields_c5356",
                    table="contacts_writtenword",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writtenword",
            trigger=pgtrigger.compiler.Trigger(
                name="written_word_sorted_once",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."sorted_at" IS NOT NULL AND ((OLD."sorted_at" IS DISTINCT FROM (NEW."sorted_at") OR OLD."sorted_by_id" IS DISTINCT FROM (NEW."sorted_by_id"))))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e856d567ce3f5513e794d43a4bc394e7525d1c0e",
                    operation="UPDATE",
                    pgid="pgtrigger_written_word_sorted_once_d52ff",
                    table="contacts_writtenword",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writtenword",
            trigger=pgtrigger.compiler.Trigger(
                name="written_word_decided_once",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."decided_at" IS NOT NULL AND ((OLD."decided_at" IS DISTINCT FROM (NEW."decided_at") OR OLD."decided_by_id" IS DISTINCT FROM (NEW."decided_by_id") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."outcome" IS DISTINCT FROM (NEW."outcome") OR OLD."restricts" IS DISTINCT FROM (NEW."restricts"))))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4ace5368a2d4bb18c5630757c41925a3d070aefe",
                    operation="UPDATE",
                    pgid="pgtrigger_written_word_decided_once_71933",
                    table="contacts_writtenword",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writtenword",
            trigger=pgtrigger.compiler.Trigger(
                name="written_word_stays",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7a06ed558a4391b820600f15475626edcb48228a",
                    operation="DELETE",
                    pgid="pgtrigger_written_word_stays_5deb7",
                    table="contacts_writtenword",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="writtenword",
            trigger=pgtrigger.compiler.Trigger(
                name="written_word_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="b735b6b89c2c33c5a05be429ac7828deff91a080",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_written_word_keeps_all_d7892",
                    table="contacts_writtenword",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(KEEPER, AWAY),
    ]
