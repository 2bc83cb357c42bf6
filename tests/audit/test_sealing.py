"""The chain over the audit trail, its seals and their keys."""

from io import StringIO
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.utils import DatabaseError

from audit.actions import record
from audit.models import Link, Seal
from audit.sealing import seal_entries
from audit.signing import encoded, public_keys
from audit.verifying import FaultKind
from tests.audit.trail import check, found, intruder, now, tell
from tests.guards import as_owner

pytestmark = pytest.mark.django_db


def test_an_untouched_trail_holds():
    tell(5)
    assert seal_entries(now=now(), batch=2) == 5

    verdict = check()

    assert verdict.fault is None
    assert (verdict.links, verdict.fresh) == (5, 0)
    assert verdict.head == bytes(Link.objects.get(pk=5).digest)


def test_sealing_twice_seals_once():
    tell(3)
    seal_entries(now=now())
    assert seal_entries(now=now()) == 0
    assert Link.objects.count() == 3


def test_an_entry_that_commits_late_is_sealed_later_and_the_chain_holds():
    early, late, last = tell(3)
    with intruder() as cursor:
        # As if its transaction had not ended yet when the seal came.
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [late.pk])
    seal_entries(now=now())
    with intruder():
        late.recorded_at = now()
        late.save(force_insert=True)
    seal_entries(now=now())
    assert list(Link.objects.order_by("id").values_list("entry_id", flat=True)) == [
        early.pk,
        last.pk,
        late.pk,
    ]
    assert check().fault is None


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
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {change} WHERE id = %s", [entries[2].pk])  # noqa: S608

    assert found() == (FaultKind.CHANGED, entries[2].pk)


def test_a_deleted_entry_is_found():
    entries = tell(5)
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [entries[3].pk])
    assert found() == (FaultKind.DELETED, entries[3].pk)


@pytest.mark.parametrize("position", [0, 2])
def test_an_entry_deleted_with_its_link_is_found(position):
    entries = tell(5)
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id = %s", [entries[position].pk])
        cursor.execute("DELETE FROM audit_link WHERE entry_id = %s", [entries[position].pk])
    assert found() == (FaultKind.LINK_MISSING, entries[position + 1].pk)


def test_two_entries_that_changed_places_are_found():
    entries = tell(5)
    seal_entries(now=now())
    first, second = entries[1].pk, entries[2].pk
    with intruder() as cursor:
        cursor.execute(
            "UPDATE audit_entry SET id = CASE id WHEN %s THEN -1 ELSE id END WHERE id = %s", [first, first]
        )
        cursor.execute("UPDATE audit_entry SET id = %s WHERE id = %s", [first, second])
        cursor.execute("UPDATE audit_entry SET id = %s WHERE id = -1", [second])
    assert found() == (FaultKind.CHANGED, first)


def test_links_that_changed_places_are_found():
    entries = tell(5)
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET entry_id = -entry_id WHERE id IN (2, 3)")
        cursor.execute("UPDATE audit_link SET entry_id = %s WHERE id = 2", [entries[2].pk])
        cursor.execute("UPDATE audit_link SET entry_id = %s WHERE id = 3", [entries[1].pk])
    assert found()[0] == FaultKind.CHANGED


def test_a_digest_that_was_written_over_is_found():
    tell(3)
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET digest = sha256('x') WHERE id = 3")
    assert found()[0] == FaultKind.CHANGED


def test_the_links_and_seals_of_a_batch_say_the_same_instant():
    tell(3)
    at = now()
    seal_entries(now=at, batch=2)
    assert set(Link.objects.values_list("sealed_at", flat=True)) == {at}
    assert list(Seal.objects.order_by("id").values_list("id", "links")) == [(1, 2), (2, 3)]


# --- Keys ----------------------------------------------------------------------------------------------


def test_former_keys_are_believed_by_their_public_half(settings):
    former = encoded(next(iter(public_keys().values())).public_bytes_raw())
    tell()
    seal_entries(now=now())
    settings.AUDIT_SIGNING_KEY = encoded(Ed25519PrivateKey.generate().private_bytes_raw())
    tell()
    seal_entries(now=now())
    assert found()[0] == FaultKind.SEAL_WRONG
    settings.AUDIT_PUBLIC_KEYS = [former]
    assert check().fault is None


def test_nothing_is_sealed_without_the_key_and_verified_without_it(settings):
    tell()
    seal_entries(now=now())
    public = encoded(next(iter(public_keys().values())).public_bytes_raw())
    settings.AUDIT_SIGNING_KEY = ""
    settings.AUDIT_PUBLIC_KEYS = [public]
    assert check().fault is None
    with pytest.raises(ImproperlyConfigured, match="AUDIT_SIGNING_KEY"):
        seal_entries(now=now())


def test_a_key_of_another_length_is_refused(settings):
    settings.AUDIT_SIGNING_KEY = "too-short"
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        seal_entries(now=now())


def test_a_new_key_is_printed_in_both_halves(settings):
    out, err = StringIO(), StringIO()
    call_command("make_audit_key", stdout=out, stderr=err)
    given = dict(line.split("=", 1) for line in out.getvalue().split())
    settings.AUDIT_SIGNING_KEY = given["AUDIT_SIGNING_KEY"]
    tell()
    seal_entries(now=now())
    settings.AUDIT_SIGNING_KEY = ""
    settings.AUDIT_PUBLIC_KEYS = [given["AUDIT_PUBLIC_KEYS"]]
    assert check().fault is None
    assert Seal.objects.get().key in err.getvalue()


@pytest.mark.parametrize("table", ["audit_entry", "audit_link", "audit_seal"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "TRUNCATE {} CASCADE"]
)
def test_the_database_refuses_to_change_the_trail(table, statement):
    tell(2)
    seal_entries(now=now())
    with pytest.raises(DatabaseError, match="Cannot"), as_owner(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record(by=None, action="contact.opt_out_set", now=now())


@pytest.mark.django_db(transaction=True)
def test_four_seals_at_once_make_one_chain():
    tell(400)

    def run():
        try:
            seal_entries(now=now(), batch=50)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal_entries(now=now())

    verdict = check()
    assert verdict.fault is None
    assert (verdict.links, verdict.fresh) == (400, 0)
