"""A backup is restored into an empty database whole, and what is not whole is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.utils import timezone
from psycopg import sql

from amoot_comms.backup import manifest as about
from amoot_comms.backup.making import back_up
from amoot_comms.backup.programs import BackupError, program
from audit.actions import record
from audit.models import Entry, Link
from audit.sealing import seal_entries
from contacts.models import Contact
from tests.factories import ChannelFactory, ContactFactory, MessageFactory, UserFactory
from tests.processes import ROOT, owner_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def contents() -> None:
    """Customers, a message that waits, and a chain of which the last entry waits for its seal."""
    from django.db import transaction

    ChannelFactory(code="sms")
    UserFactory(username="boss", roles=["it"])
    ContactFactory.create_batch(7)
    MessageFactory()
    for number in range(5):
        if number == 4:
            seal_entries(now=timezone.now())
        with transaction.atomic():
            record(by=None, action="message.planned", object_type="x", object_id=number, now=timezone.now())


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of a new database beside the test's own."""
    here = owner_url()
    name = f"restored_{os.getpid()}"
    quoted = sql.Identifier(name)
    with psycopg.connect(here, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(quoted))
        yield here.rpartition("/")[0] + f"/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def restore(folder: Path, url: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "restore", str(folder), "--by", "boss", "--json", *options]
    environment = {**os.environ, "DATABASE_URL": url, "DEVELOPMENT": "1", **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_what_is_restored_is_what_was_backed_up_and_sending_is_held(
    contents: None, empty: str, tmp_path: Path
) -> None:
    folder = back_up(tmp_path, now=timezone.now())
    assert (folder.stat().st_mode & 0o777, tmp_path.joinpath(".x").exists()) == (0o700, False)
    told = json.loads((folder / about.FILE).read_text())
    assert told["tables"]["contacts_contact"] == Contact.objects.count() >= 7
    assert told["chain"]["links"] == Link.objects.count() > 0
    assert str(settings.SECRET_KEY) not in (folder / about.FILE).read_text()
    done = restore(folder, empty)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["head"] == told["chain"]["head"]
    with psycopg.connect(empty) as connection:
        asked = [
            connection.execute("SELECT count(*) FROM contacts_contact").fetchone(),
            connection.execute("SELECT count(*) FROM channels_outage WHERE ended_at IS NULL").fetchone(),
            connection.execute(
                "SELECT count(*) FROM audit_entry WHERE action = 'backup.restored'"
            ).fetchone(),
        ]
        assert asked == [(Contact.objects.count(),), (1,), (1,)]
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("DELETE FROM audit_entry")
    assert "is not empty" in restore(folder, empty).stderr


def test_a_dump_that_was_changed_or_a_key_that_is_another_restores_nothing(
    contents: None, empty: str, tmp_path: Path
) -> None:
    folder = back_up(tmp_path, now=timezone.now())
    refused = restore(folder, empty, SECRET_KEY="another-key-" + "0123456789abcdef" * 3)
    assert "SECRET_KEY: not what the backup was made with" in refused.stderr
    with (folder / about.DUMP).open("r+b") as file:
        file.seek(-20, os.SEEK_END)
        byte = file.read(1)
        file.seek(-20, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))
    refused = restore(folder, empty)
    assert refused.returncode == 1
    assert "is not what its manifest describes" in refused.stderr
    assert "Traceback" not in refused.stderr
    with psycopg.connect(empty) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)


def test_a_row_that_is_missing_is_named_by_its_table(contents: None, empty: str, tmp_path: Path) -> None:
    folder = back_up(tmp_path, now=timezone.now())
    path = folder / about.FILE
    told = json.loads(path.read_text())
    told["tables"]["contacts_contact"] += 1
    path.write_text(json.dumps(told))
    refused = restore(folder, empty)
    assert refused.returncode == 1
    rows = told["tables"]["contacts_contact"]
    assert f"Table contacts_contact: {rows - 1} rows were restored, {rows} were backed up." in refused.stderr


def test_an_edited_trail_does_not_pass(contents: None, empty: str, tmp_path: Path) -> None:
    with psycopg.connect(owner_url()) as connection:
        connection.execute("SET session_replication_role = replica")
        first = Entry.objects.order_by("id").first()
        assert first is not None
        connection.execute("UPDATE audit_entry SET actor = 'forged' WHERE id = %s", [first.pk])
    folder = back_up(tmp_path, now=timezone.now())
    refused = restore(folder, empty)
    assert "The audit trail of the backup does not hold" in refused.stderr


def test_a_program_that_is_older_than_the_server_is_named() -> None:
    with pytest.raises(BackupError, match=r"pg_dump 99 or newer is needed for PostgreSQL 99\.1; found: \d"):
        program("pg_dump", at_least="99.1")
    with pytest.raises(BackupError, match="found: none"):
        program("pg_nothing", at_least="15.0")


def test_a_backup_that_fails_leaves_nothing_behind(contents: None, tmp_path: Path) -> None:
    now = timezone.now()
    back_up(tmp_path, now=now)
    with pytest.raises(BackupError, match="it is there already"):
        back_up(tmp_path, now=now)
    assert len(list(tmp_path.iterdir())) == 1
