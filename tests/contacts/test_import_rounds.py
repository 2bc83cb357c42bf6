"""An import whose worker dies, or whose task is lost, is tried again, and not for ever."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.urls import reverse

from common.statement_timeout import limit_statements
from contacts.actions import imports
from contacts.actions.import_rounds import forget_old_imports, resume_imports
from contacts.models import Contact, ContactImport, RefusedRow
from contacts.selectors import left_behind
from tests.factories import NOW
from tests.processes import database_url

MINUTE = timedelta(minutes=1)


def upload(sender, *, large: bool = True, rows: str = "") -> ContactImport:
    """An uploaded file; a large one is left to a worker."""
    text = "name,mobile\nعلی,09123456789\n" + rows
    padding = "," * imports.QUICK_BYTES if large else ""
    file = SimpleUploadedFile("list.csv", (text + padding).encode())
    return imports.receive_upload(upload=file, by=sender, now=NOW)


@pytest.mark.django_db
class TestAttempts:
    def test_an_import_left_behind_is_looked_at_and_then_written(self, sender):
        row = upload(sender)
        assert resume_imports(now=NOW + MINUTE / 2, after=MINUTE) == 0
        assert resume_imports(now=NOW + 2 * MINUTE, after=MINUTE) == 1
        row.refresh_from_db()
        assert (row.status, row.attempts) == ("previewed", 1)
        imports.confirm_import(import_id=row.pk, by=sender)
        assert resume_imports(now=NOW + 4 * MINUTE, after=MINUTE) == 1
        row.refresh_from_db()
        assert (row.status, row.attempts, Contact.objects.count()) == ("done", 1, 1)
        assert not left_behind(NOW + timedelta(days=1)).exists()

    def test_what_broke_off_three_times_is_given_up_and_says_so(self, sender, client):
        row = upload(sender)
        ContactImport.objects.filter(pk=row.pk).update(attempts=3)
        resume_imports(now=NOW + 5 * MINUTE, after=MINUTE)
        row.refresh_from_db()
        assert row.status == "failed"
        assert not imports.stored_path(row).exists()
        client.force_login(sender)
        page = client.get(reverse("contacts:import_result", args=[row.pk])).content.decode()
        assert "سه بار" in page

    def test_the_own_preview_that_waits_is_in_the_list(self, sender, voc, client):
        row = upload(sender, large=False)
        client.force_login(sender)
        address = reverse("contacts:import_result", args=[row.pk])
        assert address in client.get(reverse("contacts:import")).content.decode()

    def test_what_is_old_is_forgotten(self, sender):
        abandoned = upload(sender, large=False)
        done = upload(sender, large=False, rows="بد,1\n")
        imports.confirm_import(import_id=done.pk, by=sender)
        imports.run_import(import_id=done.pk, now=NOW)
        lost = imports.FILES.folder / "lost"
        lost.write_text("a file whose row is gone")
        os.utime(lost, (0, 0))
        forget_old_imports(now=NOW + timedelta(hours=23))
        assert ContactImport.objects.count() == 2
        assert not lost.exists()
        forget_old_imports(now=NOW + timedelta(hours=25))
        assert not ContactImport.objects.filter(pk=abandoned.pk).exists()
        assert not imports.stored_path(abandoned).exists()
        assert RefusedRow.objects.count() == 1
        forget_old_imports(now=NOW + timedelta(days=91))
        assert not RefusedRow.objects.exists()
        assert ContactImport.objects.get().refused == 1


_DIES = """
import os, signal, sys
import django
django.setup()
from contacts.actions import imports
imports.staged = lambda path, tag: os.kill(os.getpid(), signal.SIGKILL)
from django.utils import timezone
imports.preview_import(import_id=int(sys.argv[1]), now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_an_attempt_that_kills_its_worker_is_counted(sender, settings):
    row = upload(sender)
    for attempt in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", _DIES, str(row.pk)],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "amoot_comms.settings",
                "DATABASE_URL": database_url(),
                "MEDIA_ROOT": settings.MEDIA_ROOT,
            },
            cwd=Path(__file__).parents[2],
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        row.refresh_from_db()
        assert (row.status, row.attempts) == ("running", attempt)
    assert row.tried_at is not None
    resume_imports(now=row.tried_at + 2 * MINUTE, after=MINUTE)
    row.refresh_from_db()
    assert row.status == "failed"


@pytest.mark.django_db(transaction=True)
def test_a_statement_of_a_worker_is_broken_off(settings):
    from django.db.backends.signals import connection_created

    settings.TASK_STATEMENT_SECONDS = 1
    limit_statements()
    try:
        connection.close()
        started = time.monotonic()
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - started < 15
    finally:
        connection_created.disconnect(dispatch_uid="statement_timeout")
        connection.close()
