"""What an intruder with the database's highest rights can do to the trail, and how it is found."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import transaction

from audit import heads
from audit.chain import GENESIS, link_digest
from audit.models import Entry, Link, Seal
from audit.sealing import seal_entries
from audit.signing import key_id, public_keys
from audit.verifying import FaultKind
from tests.audit.trail import MINUTE, check, cut_the_end, found, intruder, now, tell, two_seals

pytestmark = pytest.mark.django_db


# --- What the attack of the first release did, one test each ----------------------------------------


def test_a_back_dated_entry_is_found():
    two_seals()
    (slipped_in,) = tell(at=now() - timedelta(days=3))
    seal_entries(now=now())
    assert found() == (FaultKind.BACKDATED, slipped_in.pk)
    assert check(history=True).fault is None


@pytest.mark.parametrize("number", [-5, 4_000_000])
def test_a_back_dated_entry_with_a_forged_instant_is_found(number):
    two_seals()
    with intruder():
        Entry.objects.create(
            id=number,
            at=now() - timedelta(hours=2),
            recorded_at=now() - timedelta(hours=2),
            actor="system",
            action="contact.opt_out_set",
            object_type="x",
            object_id="1",
        )
    seal_entries(now=now())
    assert found() == (FaultKind.BACKDATED, number)


def test_an_entry_without_an_instant_counts_only_from_before_the_first_seal():
    old = tell(2)
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET recorded_at = NULL")
    seal_entries(now=now())
    assert check().fault is None
    (later,) = tell()
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET recorded_at = NULL WHERE id = %s", [later.pk])
    seal_entries(now=now())
    assert found() == (FaultKind.BACKDATED, later.pk)
    assert old


def test_the_instant_of_recording_is_the_databases_own():
    with transaction.atomic():
        entry = Entry.objects.create(
            at=now(),
            recorded_at=now() - timedelta(days=9),
            actor="x",
            action="x",
            object_type="x",
            object_id="1",
        )
    entry.refresh_from_db()
    assert entry.recorded_at is not None
    assert abs(entry.recorded_at - now()) < MINUTE


def test_a_cut_off_end_is_found_by_the_file_of_heads():
    two_seals()
    cut_the_end(after=2)
    assert check(file=False).fault is None
    assert found() == (FaultKind.HEAD_MISSING, None)


def test_an_end_that_was_cut_off_with_its_seal_left_is_found():
    two_seals()
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_link WHERE id > 3")
        cursor.execute("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_link)")
    assert found(file=False) == (FaultKind.LINK_MISSING, None)


def test_an_end_that_was_cut_off_and_sealed_on_is_found():
    two_seals()
    cut_the_end(after=2)
    tell(5)
    seal_entries(now=now())
    assert check(file=False).fault is None
    assert found() == (FaultKind.HEAD_MISSING, None)


def test_an_emptied_trail_is_found():
    two_seals()
    cut_the_end(after=0)
    assert found() == (FaultKind.HEAD_MISSING, None)


def link_anew():
    """Give every entry a link that fits it as it stands, and the seals the new digests."""
    digest = GENESIS
    for link in Link.objects.order_by("id"):
        digest = link_digest(digest, Entry.objects.get(pk=link.entry_id))
        Link.objects.filter(pk=link.pk).update(digest=digest)
        Seal.objects.filter(links=link.pk).update(head=digest)


@pytest.mark.parametrize("what", ["left", "dropped", "signed by himself"])
def test_a_chain_made_anew_after_an_edit_is_found(what):
    (first, *_rest), _second = two_seals()
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'somebody' WHERE id = %s", [first.pk])
        link_anew()
        if what == "dropped":
            cursor.execute("DELETE FROM audit_seal")
        if what == "signed by himself":
            key = Ed25519PrivateKey.generate()
            for row in Seal.objects.all():
                said = row.as_head().statement.signed_bytes()
                Seal.objects.filter(pk=row.pk).update(key=key_id(key.public_key()), signature=key.sign(said))
    expected = FaultKind.SEAL_MISSING if what == "dropped" else FaultKind.SEAL_WRONG
    assert found(file=False)[0] == expected


def test_how_long_an_entry_could_be_changed_before_its_seal_is_named():
    """What is changed before it is sealed is not found: the time for it is what is known."""
    (prompt,) = tell()
    seal_entries(now=now())
    (entry,) = tell()
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'somebody' WHERE id = %s", [entry.pk])
    seal_entries(now=now() + 11 * MINUTE)
    verdict = check(at=now() + 11 * MINUTE)
    assert verdict.fault is None
    assert (verdict.late, verdict.late_entries) == (1, (entry.pk,))
    assert prompt.pk not in verdict.late_entries


def test_an_edited_instant_of_a_seal_is_found():
    _first, (entry, *_rest) = two_seals()
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET sealed_at = sealed_at - interval '1 day' WHERE id = 3")
    assert found() == (FaultKind.SEALED_AT_CHANGED, entry.pk)


def test_an_edited_instant_of_a_seal_and_its_links_is_found():
    _first, second = two_seals()
    with intruder() as cursor:
        cursor.execute("UPDATE audit_link SET sealed_at = sealed_at + interval '1 minute' WHERE id > 2")
        cursor.execute("UPDATE audit_seal SET sealed_at = sealed_at + interval '1 minute' WHERE id = 2")
    assert found(file=False) == (FaultKind.SEAL_WRONG, second[-1].pk)


@pytest.mark.parametrize(
    "column", ["last_entry = 7", "key = 'x'", "signature = sha512('x')", "head = sha256('x')"]
)
def test_an_edited_seal_is_found(column):
    two_seals()
    with intruder() as cursor:
        cursor.execute(f"UPDATE audit_seal SET {column} WHERE id = 1")  # noqa: S608
    assert found(file=False)[0] == FaultKind.SEAL_WRONG


# --- The file of heads -------------------------------------------------------------------------------


def test_every_seal_has_its_line():
    two_seals()
    known, unsigned = heads.heads_in(heads.place(), public_keys())
    assert [head.statement.seal for head in known] == [1, 2]
    assert unsigned == []


def test_a_file_of_heads_that_is_not_there_is_a_fault():
    two_seals()
    heads.place().unlink()
    assert found() == (FaultKind.HEADS_ABSENT, None)


def test_a_line_that_somebody_else_wrote_is_a_fault():
    two_seals()
    with heads.place().open("a") as file:
        key = Ed25519PrivateKey.generate()
        head = Seal.objects.get(pk=2).as_head()
        file.write(heads.line_of(head._replace(signature=key.sign(b"x"))) + "\n")
    assert found() == (FaultKind.HEADS_DAMAGED, None)


def test_a_line_that_was_taken_out_is_a_fault():
    two_seals()
    lines = heads.place().read_text().splitlines(keepends=True)
    heads.place().write_text(lines[1])
    assert found() == (FaultKind.HEADS_DAMAGED, None)


def test_a_line_that_a_dying_process_left_half_is_written_again():
    two_seals()
    lines = heads.place().read_text()
    heads.place().write_text(lines[:-20])
    assert check().fault is None
    seal_entries(now=now())
    known, _unsigned = heads.heads_in(heads.place(), public_keys())
    assert [head.statement.seal for head in known] == [1, 2]
    assert check(at=now() + 11 * MINUTE).fault is None


def test_a_file_that_could_not_be_written_is_a_fault_after_ten_minutes(tmp_path, settings):
    tell()
    seal_entries(now=now())
    written = heads.place().read_text()
    settings.AUDIT_HEADS_PATH = str(tmp_path)  # a directory: nothing can be written to it
    tell()
    seal_entries(now=now())
    settings.AUDIT_HEADS_PATH = str(tmp_path / "again")
    heads.place().write_text(written)
    assert check().fault is None
    assert found(at=now() + 11 * MINUTE) == (FaultKind.HEADS_BEHIND, None)
    seal_entries(now=now())
    assert check(at=now() + 11 * MINUTE).fault is None


# --- The command -----------------------------------------------------------------------------------------


def test_an_entry_without_a_link_may_wait_ten_minutes_and_not_longer():
    seal_entries(now=now())
    (entry,) = tell()
    assert check(at=now() + 9 * MINUTE).fault is None
    assert found(at=now() + 11 * MINUTE) == (FaultKind.UNSEALED, entry.pk)


def test_the_command_names_the_first_bad_entry_and_fails():
    entries = tell(3)
    seal_entries(now=now())
    with intruder() as cursor:
        cursor.execute("UPDATE audit_entry SET actor = 'x' WHERE id = %s", [entries[1].pk])
    out = StringIO()
    with pytest.raises(CommandError, match=str(entries[1].pk)):
        call_command("verify_audit", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["holds"] is False
    assert told["fault"]["kind"] == "changed"
    assert told["fault"]["entry"] == entries[1].pk


def test_the_command_demands_the_file_of_heads():
    two_seals()
    call_command("verify_audit", stdout=StringIO())
    copy = heads.place().rename(heads.place().with_name("copy"))
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=StringIO())
    call_command("verify_audit", "--heads", str(copy), stdout=StringIO())
    call_command("verify_audit", "--without-heads", stdout=StringIO())


def test_production_has_no_place_for_the_heads_by_default(settings):
    settings.AUDIT_HEADS_PATH = ""
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="AUDIT_HEADS_PATH"):
        call_command("verify_audit")


def test_in_development_each_database_has_its_own_file(settings):
    settings.AUDIT_HEADS_PATH = ""
    assert heads.place().suffix == ".heads"
    assert heads.place().parent == settings.VAR_DIR / "audit"


def test_a_head_is_read_as_it_was_written():
    digest = bytes(range(32))
    assert heads.read(heads.written(digest)) == digest
    with pytest.raises(ValueError, match="not a head"):
        heads.read("AAAA")
