"""Write, look ahead, send: three pages, one draft."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from channels.models import PURPOSES, Channel
from common.body_limits import takes_uploads
from common.fresh_proof import ask_again
from common.media import FIRST_CHANNEL, Purpose
from messaging.actions.submit import Draft, check_sender, draft_decision, foresee
from messaging.audience.members import no_such_import, tag_counts
from messaging.audience.planning import preview
from messaging.compose.drafts import SealedDraft, seal_draft, submit_sealed, submitted_before, unseal_draft
from messaging.evaluation.facts import medium_of
from messaging.web.forms.compose import ComposeForm
from messaging.web.presenting import Length, ProgressView
from persian.text import fold
from staff.models import Employee, User
from staff.permissions import requires, signed_in


def _sender_fault(user: User, now: datetime) -> list[str]:
    """Why the user cannot answer for a message (C7.7), if so."""
    try:
        check_sender(employee=Employee.objects.filter(user=user).first(), by=user, now=now)
    except ValidationError as error:
        return error.messages
    return []


def _compose_page(request: HttpRequest, form: ComposeForm, faults: list[str] | None = None) -> HttpResponse:
    context = {
        "form": form,
        "faults": faults or [],
        "sender_faults": _sender_fault(form.user, form.now),
        "tags": tag_counts(),
        "has_channels": Channel.objects.sending().exists(),
    }
    status = 422 if form.errors or faults else 200
    return render(request, "messaging/compose.html", context, status=status)


@takes_uploads(settings.IMPORT_MAX_BYTES, "messaging.submit_message")
@requires("messaging.submit_message")
@require_http_methods(["GET", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    """The form; a good one leads to the look ahead, whose draft can also come back to be changed."""
    user, now = signed_in(request), timezone.now()
    if request.method == "GET":
        return _opened(request, user, now)
    if "sealed" in request.POST:
        return _change_again(request, user, now)
    form = ComposeForm(request.POST, request.FILES, user=user, now=now)
    is_valid = form.is_valid()
    form.keep_upload()
    if not is_valid or form.draft is None or _sender_fault(user, now):
        return _compose_page(request, form)
    foreseen = ProgressView(foresee(form.draft, now=now))
    sealed = SealedDraft(form.draft, form.cleaned_data["key"], form.file, foreseen.plan.total)
    length = Length.of(form.draft.text, medium_of(form.draft.channel))
    context = {
        "draft": form.draft,
        "purpose": PURPOSES[Purpose(form.draft.purpose)],
        "audience": form.draft.audience.as_json(),
        "counts": foreseen,
        "length": length,
        "parts": length.parts_for(foreseen.plan.waiting),
        "sealed": seal_draft(sealed, user),
        "sender": Employee.objects.select_related("direct_manager").get(user=user),
    }
    return render(request, "messaging/preview.html", context)


def _opened(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    """The empty form, with `import` in the address for the customers of an import."""
    if "import" not in request.GET:
        return _compose_page(request, ComposeForm(user=user, now=now))
    initial = {"audience": "import", "imported": request.GET["import"]}
    form = ComposeForm(user=user, now=now, initial=initial)
    if form.import_audience is None:
        return _compose_page(request, ComposeForm(user=user, now=now), [no_such_import()])
    return _compose_page(request, form)


def _change_again(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    try:
        sealed = unseal_draft(request.POST["sealed"], user)
    except ValidationError as error:
        return _compose_page(request, ComposeForm(user=user, now=now), error.messages)
    return _compose_page(request, ComposeForm.again(sealed, user=user, now=now))


@requires("messaging.submit_message")
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Send the draft that was looked at. Pressed twice, it is one message."""
    user, now = signed_in(request), timezone.now()
    text = request.POST.get("sealed", "")
    sealed = None
    try:
        if (earlier := submitted_before(text, user)) is not None:
            messages.info(request, _("This message was sent already; here it is."))
            return redirect("messaging:detail", pk=earlier.pk)
        sealed = unseal_draft(text, user)
        if sealed.total > settings.FRESH_PROOF_RECIPIENTS and (asked := ask_again(request)):
            return asked
        message = submit_sealed(sealed=sealed, by=user, now=now)
    except ValidationError as error:
        form = ComposeForm(user=user, now=now)
        if sealed is not None:
            form = ComposeForm.again(sealed, user=user, now=now)
        return _compose_page(request, form, error.messages)
    messages.success(request, _("The message is submitted. This page shows how far it is."))
    return redirect("messaging:detail", pk=message.pk)


@requires("messaging.submit_message")
@require_POST
def text_length(request: HttpRequest) -> HttpResponse:
    channel = Channel.objects.sending().filter(code=request.POST.get("channel", FIRST_CHANNEL)).first()
    if channel is None:
        return HttpResponse()
    length = Length.of(fold(request.POST.get("text", "")).strip(), medium_of(channel))
    return render(request, "messaging/_length.html", {"length": length})


@takes_uploads(settings.IMPORT_MAX_BYTES, "messaging.submit_message")
@requires("messaging.submit_message")
@require_POST
def foresight(request: HttpRequest) -> HttpResponse:
    """What would happen to what stands in the form now. A text that is still missing does not matter."""
    user, now = signed_in(request), timezone.now()
    form = ComposeForm(request.POST, request.FILES, user=user, now=now)
    form.is_valid()
    context: dict[str, object] = {"form": form, "asked": True}
    if form.draft is not None and not form.errors.keys() - {"text"}:
        context |= _foreseen(form.draft, now)
    return render(request, "messaging/_foresight_panel.html", context)


def _foreseen(draft: Draft, now: datetime) -> dict[str, object]:
    return {
        "counts": ProgressView(preview(draft.audience.source(), draft_decision(draft, now))),
        "taken": draft.audience,
        "length": Length.of(draft.text.strip(), medium_of(draft.channel)),
        "draft": draft,
    }
