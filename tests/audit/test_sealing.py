"""The chain over the audit trail, and what an intruder with the database's highest rights can do to it."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from audit.actions import record
from audit.heads import heads_in_log, read, written
from audit.models import Entry, Link
from audit.sealing import GENESIS, FaultKind, digest_of, seal, verify

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def tell(count=1, *, now=NOW, action="contact.opt_out_set"):
    with transaction.atomic():
        return [
            record(
                by=None,
                action=action,
                object_type="contacts.contact",
                object_id=number,
                data={"flag": "no_promotional", "n": number, "متن": "٪ «س»"},
                now=now,
            )
            for number in range(count)
        ]


@contextmanager
def intruder():
    """The database's superuser, whom no trigger holds."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_an_untouched_trail_holds():
    tell(5)
    assert seal(now=NOW, batch=2) == 5

    verdict = verify(now=NOW)

    assert verdict.fault is None
    assert (verdict.links, verdict.fresh) == (5, 0)
    assert verdict.head == bytes(Link.objects.get(pk=5).digest)


def test_sealing_twice_seals_once():
    tell(3)
    seal(now=NOW)
    assert seal(now=NOW) == 0
    assert Link.objects.count() == 3


def test_an_entry_that_commits_late_is_sealed_later_and_the_chain_holds():
    early, late, last = tell(3)
    for number, entry in enumerate((early, last, late), start=1):
        before = Link.objects.order_by("id").last()
        digest = digest_of(bytes(before.digest) if before else GENESIS, Entry.objects.get(pk=entry.pk))
        Link.objects.create(id=number, entry_id=entry.pk, digest=digest, sealed_at=NOW)
    assert verify(now=NOW).fault is None


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor_id = 7",
        "actor = 'somebody'",
        "action = 'contact.opt_out_cleared'",
        "object_type = 'contacts.other'",
        "object_id = '999'",
        'data = data || \'{"flag": "no_messages"}\'',
    ],
)
def test_an_edit_of_any_column_is_found(change):
    entries = tell(5)
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {change} WHERE id = %s", [entries[2].pk])  # noqa: S608

    fault = verify(now=NOW).fault

    assert fault is not None
    assert (fault.kind, fault.entry_id) == (FaultKind.CHANGED, entries[2].pk)


def test_a_deleted_entry_is_found():
    entries = tell(5)
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [entries[3].pk])
    fault = verify(now=NOW).fault
    assert fault is not None
    assert (fault.kind, fault.entry_id) == (FaultKind.DELETED, entries[3].pk)


@pytest.mark.parametrize("position", [0, 2])
def test_an_entry_deleted_with_its_link_is_found(position):
    entries = tell(5)
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [entries[position].pk])
        cursor.execute("DELETE FROM audit_link WHERE entry_id = %s", [entries[position].pk])
    fault = verify(now=NOW).fault
    assert fault is not None
    assert (fault.kind, fault.entry_id) == (FaultKind.LINK_MISSING, entries[position + 1].pk)


def test_two_entries_that_changed_places_are_found():
    entries = tell(5)
    seal(now=NOW)
    first, second = entries[1].pk, entries[2].pk
    with intruder() as cursor:
        cursor.execute(
            "UPDATE audit_entry SET id = CASE id WHEN %s THEN -1 ELSE id END WHERE id = %s", [first, first]
        )
        cursor.execute("UPDATE audit_entry SET id = %s WHERE id = %s", [first, second])
        cursor.execute("UPDATE audit_entry SET id = %s WHERE id = -1", [second])
    fault = verify(now=NOW).fault
    assert fault is not None
    assert (fault.kind, fault.entry_id) == (FaultKind.CHANGED, first)


def test_links_that_changed_places_are_found():
    entries = tell(5)
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET entry_id = -entry_id WHERE id IN (2, 3)")
        cursor.execute("UPDATE audit_link SET entry_id = %s WHERE id = 2", [entries[2].pk])
        cursor.execute("UPDATE audit_link SET entry_id = %s WHERE id = 3", [entries[1].pk])
    fault = verify(now=NOW).fault
    assert fault is not None
    assert fault.kind == FaultKind.CHANGED


def test_a_digest_that_was_written_over_is_found():
    tell(3)
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET digest = sha256('x') WHERE id = 3")
    fault = verify(now=NOW).fault
    assert fault is not None
    assert fault.kind == FaultKind.CHANGED


def test_a_cut_off_end_is_found_by_the_head_in_the_log():
    tell(5)
    seal(now=NOW)
    head = verify(now=NOW).head
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_link WHERE id > 3")
        cursor.execute("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_link)")

    assert verify(now=NOW).fault is None
    fault = verify(now=NOW, heads=[head]).fault
    assert fault is not None
    assert fault.kind == FaultKind.HEAD_MISSING


def test_an_older_head_is_still_in_the_chain():
    tell(2)
    seal(now=NOW)
    head = verify(now=NOW).head
    tell(2)
    seal(now=NOW)
    assert verify(now=NOW, heads=[head]).fault is None


def test_an_entry_without_a_link_may_wait_ten_minutes_and_not_longer():
    seal(now=NOW)
    (entry,) = tell()
    assert verify(now=NOW + timedelta(minutes=10)).fault is None
    fault = verify(now=NOW + timedelta(minutes=10, seconds=1)).fault
    assert fault is not None
    assert (fault.kind, fault.entry_id) == (FaultKind.UNSEALED, entry.pk)


def test_the_command_names_the_first_bad_entry_and_fails():
    entries = tell(3, now=datetime.now(UTC))
    seal(now=NOW)
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'x' WHERE id = %s", [entries[1].pk])
    out = StringIO()
    with pytest.raises(CommandError, match=str(entries[1].pk)):
        call_command("verify_audit", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["holds"] is False
    assert told["fault"]["kind"] == "changed"
    assert told["fault"]["entry"] == entries[1].pk


def test_the_command_reads_heads_from_a_log(tmp_path, caplog, django_capture_on_commit_callbacks):
    tell(3, now=datetime.now(UTC))
    with caplog.at_level("INFO"), django_capture_on_commit_callbacks(execute=True):
        seal(now=NOW)
    log = tmp_path / "portal.log"
    log.write_text("noise\n" + "\n".join(record.getMessage() for record in caplog.records))
    out = StringIO()
    call_command("verify_audit", "--json", "--log", str(log), stdout=out)
    assert json.loads(out.getvalue())["holds"] is True

    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_link")
        cursor.execute("DELETE FROM audit_entry")
    with pytest.raises(CommandError):
        call_command("verify_audit", "--log", str(log), stdout=out)


def test_a_log_that_is_not_there_is_named():
    with pytest.raises(CommandError, match=r"nowhere\.log"):
        call_command("verify_audit", "--log", "nowhere.log")


def test_a_head_is_read_as_it_was_written():
    digest = bytes(range(32))
    assert read(written(digest)) == digest
    assert heads_in_log([f'{{"event": "audit.sealed entries=1 link=9 head={written(digest)}"}}']) == {digest}
    with pytest.raises(ValueError, match="not a head"):
        read("AAAA")


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_change_the_trail(table, statement):
    tell(2)
    seal(now=NOW)
    with pytest.raises(DatabaseError, match="Cannot"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record(by=None, action="contact.opt_out_set", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_four_seals_at_once_make_one_chain():
    tell(400)

    def run():
        try:
            seal(now=NOW, batch=50)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal(now=NOW)

    verdict = verify(now=NOW)
    assert verdict.fault is None
    assert (verdict.links, verdict.fresh) == (400, 0)
