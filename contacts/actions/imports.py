"""Importing lists of customers: a look first, then everything or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.actions import record
from common.kept_files import FileStore
from common.paging import NEWEST
from common.timeouts import GIVEN_UP_AFTER
from contacts.imports.export import report_lines
from contacts.imports.notes import Notes
from contacts.imports.read import check_size
from contacts.imports.rows import one_tag
from contacts.imports.stage import ImportCounts, RestrictedRow, SampleRow, Stage, staged
from contacts.models import ContactImport
from persian.text import fold_line
from staff.models import User

Status = ContactImport.Status

# Below these a person waits for the answer; above, the worker does it and the page asks for it.
QUICK_BYTES: Final = 512 * 1024
QUICK_ROWS: Final = 5_000
# Twice as long, for the row of a preview goes first.
FILES: Final = FileStore("imports", kept_for=2 * GIVEN_UP_AFTER)
# An import by a command, or of long ago, has no file.
_NO_FILE: Final = "0" * 32


@dataclass(frozen=True, slots=True)
class Sample:
    """How the file was read, the first rows as they would be stored, and the first with a number that another
    customer's word restricts (one more than `NEWEST` where there are more)."""

    notes: Notes
    rows: list[SampleRow]
    restricted: list[RestrictedRow]


def look_at_file(*, path: Path, report: Path | None = None, tag: str = "") -> ImportCounts:
    """Check a file without writing anything (a dry run). Raises ValidationError for an unusable file."""
    _keep_apart(path, report)
    with staged(path, one_tag(tag)) as stage:
        _write_report(stage, report)
        return stage.look()


def import_file(
    *, path: Path, by: User | None, now: datetime, report: Path | None = None, tag: str = ""
) -> ContactImport:
    """Import a file at once (the operator's command). All of it is written, or nothing.

    Raises PermissionDenied if `by` may not import, ValidationError for an unusable file or tag.
    """
    _demand(by)
    _keep_apart(path, report)
    tag = one_tag(tag)
    with staged(path, tag) as stage:
        row = ContactImport.objects.create(
            file_name=path.name[:200],
            tag=tag,
            sha256=_sha256(path),
            by=by,
            created_at=now,
            status=Status.RUNNING,
        )
        _write(stage, row, by, now)
        _write_report(stage, report)
    return row


def receive_upload(*, upload: UploadedFile, by: User, now: datetime, tag: str = "") -> ContactImport:
    """Keep an uploaded file under a random name and, if it is small, look at it. `tag` is for all its rows.

    A large one is returned with the status *running*: `preview_import` is the worker's.
    Raises PermissionDenied, or ValidationError (the file is gone then).
    """
    _demand(by)
    check_size(upload.size or 0)
    tag = one_tag(tag)
    stored_as = FILES.keep(upload.chunks(), now=now)
    path = FILES.path(stored_as)
    row = ContactImport.objects.create(
        file_name=fold_line(upload.name or "")[:200],
        tag=tag,
        sha256=_sha256(path),
        stored_as=stored_as,
        by=by,
        created_at=now,
        status=Status.RUNNING,
    )
    if path.stat().st_size > QUICK_BYTES:
        return row
    try:
        preview_import(import_id=row.pk, now=now)
    except ValidationError:
        row.delete()
        raise
    row.refresh_from_db()
    return row


def preview_import(*, import_id: int, now: datetime) -> None:
    """Look at the stored file and keep what was found; the import then waits for a person.

    Raises ValidationError for an unusable file; the import is *failed* then and the file is gone.
    """
    with _claimed(import_id, now, confirmed=False) as row:
        if row is None:
            return
        with staged(stored_path(row), row.tag) as stage:
            _keep_counts(import_id, stage.look(), Status.PREVIEWED)
            stage.keep_refusals(import_id)
            _keep_sample(row, _sample_of(stage))


def confirm_import(*, import_id: int, by: User) -> bool:
    """A person has seen the preview. True for the first press only; `run_import` does the work then."""
    _demand(by)
    waiting = ContactImport.objects.filter(pk=import_id, status=Status.PREVIEWED)
    return waiting.update(status=Status.RUNNING, attempts=0, tried_at=None) == 1


def run_import(*, import_id: int, now: datetime) -> None:
    """Write the confirmed import. Running it again, or twice at once, writes nothing twice.

    Raises ValidationError for a file that cannot be used any more; the import is *failed* then.
    """
    with _claimed(import_id, now, confirmed=True) as row:
        if row is None:
            return
        path = stored_path(row)
        if not path.is_file() or _sha256(path) != row.sha256:
            raise _file_gone()
        with staged(path, row.tag) as stage:
            _write(stage, row, row.by, now)
    remove_file(row)


def discard_import(*, import_id: int, by: User) -> None:
    _demand(by)
    row = ContactImport.objects.filter(pk=import_id, status=Status.PREVIEWED).first()
    if row is not None:
        remove_file(row)
        row.delete()


def fail_import(*, import_id: int, error: str, now: datetime) -> None:
    """Mark an import that cannot go on, with the sentence for its page, and remove its file."""
    row = ContactImport.objects.get(pk=import_id)
    open_ones = ContactImport.objects.filter(pk=import_id, status__in=(Status.RUNNING, Status.PREVIEWED))
    open_ones.update(status=Status.FAILED, error=error, finished_at=now)
    remove_file(row)


def stored_path(row: ContactImport) -> Path:
    """Where an upload lies."""
    return FILES.path(row.stored_as or _NO_FILE)


def kept_sample(row: ContactImport) -> Sample:
    """The first rows of a previewed import. Raises ValidationError when its file is gone."""
    try:
        kept = json.loads(FILES.beside(row.stored_as or _NO_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise _file_gone() from error
    return Sample(
        Notes.from_json(kept["notes"]),
        [SampleRow(**line) for line in kept["rows"]],
        [RestrictedRow(**line) for line in kept["restricted"]],
    )


def _sample_of(stage: Stage) -> Sample:
    return Sample(stage.notes, stage.sample(10), stage.restricted(NEWEST + 1))


def _keep_sample(row: ContactImport, sample: Sample) -> None:
    """Beside the upload: reading a large file again for its first rows takes seconds."""
    FILES.keep_beside(row.stored_as, json.dumps(asdict(sample)))


def _file_gone() -> ValidationError:
    return ValidationError(_("The uploaded file is not there any more. Upload it again."), code="file_gone")


def _write(stage: Stage, row: ContactImport, by: User | None, now: datetime) -> None:
    counts = stage.apply(now, row.pk)
    stage.keep_customers(row.pk)
    stage.keep_refusals(row.pk)
    _keep_counts(row.pk, counts, Status.DONE, finished_at=now)
    row.refresh_from_db()
    record(
        by=by,
        action="contacts.imported",
        obj=row,
        data={
            "file": row.file_name,
            "sha256": row.sha256,
            **asdict(counts),
            **({"tag": row.tag} if row.tag else {}),
        },
        now=now,
    )


def _keep_counts(
    import_id: int, counts: ImportCounts, status: str, finished_at: datetime | None = None
) -> None:
    row = ContactImport.objects.filter(pk=import_id)
    row.update(status=status, finished_at=finished_at, **asdict(counts))


@contextmanager
def _claimed(import_id: int, now: datetime, *, confirmed: bool) -> Iterator[ContactImport | None]:
    """The import, locked in a transaction; None when its turn is over or another worker has it.

    1. What has no rows yet has not been looked at; what has was confirmed by a person.
    2. The attempt is counted in a transaction of its own: what kills this process leaves it behind.
    3. The work's transaction locks the row; another attempt that began in between takes it over.

    An error in the block is written on the import, after the transaction's end, and raised again.
    """
    waiting = ContactImport.objects.filter(pk=import_id, status=Status.RUNNING)
    waiting = waiting.filter(rows__gt=0) if confirmed else waiting.filter(rows=0)
    attempt = _count_attempt(waiting, now)
    if attempt > 3:
        given_up = _(
            "The file was tried three times, and each time the work on it broke off. Save it as CSV, or split"
            " it, and upload it again; if that does not help, ask IT."
        )
        fail_import(import_id=import_id, error=given_up, now=now)
    try:
        with transaction.atomic():
            mine = waiting.filter(attempts=attempt) if attempt else waiting.none()
            locked = mine.select_for_update(of=("self",), skip_locked=True).select_related("by")
            yield locked.first()
    except ValidationError as error:
        fail_import(import_id=import_id, error=" ".join(error.messages), now=now)
        raise


def _count_attempt(waiting: QuerySet[ContactImport], now: datetime) -> int:
    """Which attempt this is, from 1; 0 when the import's turn is over or another worker has it."""
    with transaction.atomic():
        row = waiting.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return 0
        waiting.update(attempts=row.attempts + 1, tried_at=now)
        return row.attempts + 1


def _demand(by: User | None) -> None:
    """The machine (an operator's command) may; a person needs the permission."""
    if by is not None and not by.may("contacts.import_contacts"):
        raise PermissionDenied


def _keep_apart(path: Path, report: Path | None) -> None:
    """The report must not be written over the customers' own file."""
    if report is not None and path.exists() and report.exists() and report.samefile(path):
        raise ValidationError(
            _("The report cannot be the imported file itself: “%(file)s”. Nothing was imported.")
            % {"file": report},
            code="report_is_the_file",
        )


def _write_report(stage: Stage, report: Path | None) -> None:
    if report is None:
        return
    try:
        with report.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(report_lines(stage.header, stage.refusals()))
    except OSError as error:
        raise ValidationError(
            _("The report “%(file)s” cannot be written: %(error)s. Nothing was imported.")
            % {"file": report, "error": error.strerror},
            code="report_unwritable",
        ) from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def remove_file(row: ContactImport) -> None:
    FILES.drop(row.stored_as or _NO_FILE)
