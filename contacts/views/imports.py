"""Importing a list: upload, look, confirm, result."""

from __future__ import annotations

from collections.abc import Iterator

from celery import Task
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from common.body_limits import takes_uploads
from common.copying import ROWS_AT_ONCE
from common.enqueue import enqueue
from common.fresh_proof import asks_again_on
from common.htmx import htmx
from common.paging import NEWEST
from common.wording import listed
from contacts import tasks
from contacts.actions import imports
from contacts.forms import UploadForm
from contacts.imports.columns import title_of, titles
from contacts.imports.export import FaultyRow, report_lines
from contacts.imports.rows import Problem
from contacts.models import ContactImport, ImportedCustomers
from contacts.presenting import VERDICTS
from contacts.reasons import reason_text
from contacts.selectors import imports_seen_by, known_tags, newest_imports
from staff.permissions import requires, signed_in

Status = ContactImport.Status


@takes_uploads(settings.IMPORT_MAX_BYTES, "contacts.import_contacts")
@requires("contacts.import_contacts")
@require_http_methods(["GET", "POST"])
def import_upload(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = imports.receive_upload(
                upload=form.cleaned_data["file"],
                by=signed_in(request),
                now=timezone.now(),
                tag=form.cleaned_data["tag"],
            )
        except ValidationError as error:
            form.add_error("file", error)
        else:
            if row.status == Status.PREVIEWED:
                return redirect("contacts:import_preview", pk=row.pk)
            _wake(row)
            return redirect("contacts:import_result", pk=row.pk)
    context = {
        "form": form,
        "imports": newest_imports(signed_in(request)),
        "titles": listed(titles()),
        "tags": known_tags(),
    }
    return render(request, "contacts/import.html", context, status=422 if form.errors else 200)


@requires("contacts.import_contacts")
@require_http_methods(["GET", "POST"])
def import_preview(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    if row.status != Status.PREVIEWED:
        return redirect("contacts:import_result", pk=pk)
    if request.method == "POST":
        return _decide(request, row)
    try:
        sample = imports.kept_sample(row)
    except ValidationError as error:
        imports.fail_import(import_id=pk, error=" ".join(error.messages), now=timezone.now())
        return redirect("contacts:import_result", pk=pk)
    context = {
        "row": row,
        "notes": sample.notes,
        "restricted": sample.restricted[:NEWEST],
        "more_restricted": len(sample.restricted) > NEWEST,
        "restricted_rows": {line.row for line in sample.restricted},
        "sample": [(line, VERDICTS[line.verdict]) for line in sample.rows],
        **_refused(row),
    }
    return render(request, "contacts/import_preview.html", context)


def _decide(request: HttpRequest, row: ContactImport) -> HttpResponse:
    if "discard" in request.POST:
        imports.discard_import(import_id=row.pk, by=signed_in(request))
        messages.info(request, _("Nothing was imported; the file was removed."))
        return redirect("contacts:import")
    if imports.confirm_import(import_id=row.pk, by=signed_in(request)):
        if row.rows < imports.QUICK_ROWS:
            tasks.run_import(row.pk)
        else:
            _wake(row)
    return redirect("contacts:import_result", pk=row.pk)


@requires("contacts.import_contacts")
@require_http_methods(["GET", "POST"])
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of it; while it runs, the page asks for its own middle again. A POST wakes a worker."""
    row = _own(request, pk)
    if request.method == "POST":
        if row.status == Status.RUNNING:
            _wake(row)
        return redirect("contacts:import_result", pk=pk)
    if row.status == Status.PREVIEWED:
        preview = reverse("contacts:import_preview", args=[pk])
        return HttpResponseClientRedirect(preview) if htmx(request) else redirect(preview)
    template = "contacts/_import_state.html" if htmx(request) else "contacts/import_result.html"
    context = {
        "row": row,
        "running": row.status == Status.RUNNING,
        "may_write": signed_in(request).may("messaging.submit_message") and _has_customers(row),
        **_refused(row),
    }
    return render(request, template, context)


@requires("contacts.import_contacts")
@require_GET
@asks_again_on("contacts:import_result")
def import_report(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows as they stood in the file, each with its reasons, as CSV."""
    row = _own(request, pk)
    response = StreamingHttpResponse(
        report_lines(row.header, _problems(row)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="refused-{row.pk}.csv"'
    return response


def _own(request: HttpRequest, pk: int) -> ContactImport:
    """The person's own import; the others' are for those who look after imports."""
    row = get_object_or_404(ContactImport.objects.select_related("by"), pk=pk)
    if not imports_seen_by(signed_in(request)).filter(pk=pk).exists():
        raise PermissionDenied
    return row


def _has_customers(row: ContactImport) -> bool:
    """Imports of before they were kept have none."""
    return row.taken > 0 and ImportedCustomers.objects.filter(imported=row).exists()


def _refused(row: ContactImport) -> dict[str, object]:
    shown = row.refused_rows.order_by("row", "field")[:NEWEST]
    rows = [(line, title_of(line.field), reason_text(line.code)) for line in shown]
    return {"refused": rows, "refused_shown": NEWEST}


def _problems(row: ContactImport) -> Iterator[FaultyRow]:
    for line in row.refused_rows.order_by("row", "field").iterator(chunk_size=ROWS_AT_ONCE):
        yield FaultyRow(Problem(line.row, line.field, line.value, line.code), line.cells)


def _wake(row: ContactImport) -> None:
    """Have a worker look at a list, or write it; where the broker is away, the person waits instead."""
    task: Task = tasks.run_import if row.rows else tasks.preview_import
    if not enqueue(task.name, row.pk):
        task(row.pk)
