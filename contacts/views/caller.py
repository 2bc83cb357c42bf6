"""The opt-out call: any colleague with a customer on the line who wants no more messages (C7.2)."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.htmx import htmx
from contacts.consent.effects import held_sentences
from contacts.desk.actions import take_call
from contacts.desk.caller import (
    OpenedCall,
    Way,
    open_for_caller,
    seal_opened,
    unseal_caller,
    unseal_opened,
)
from contacts.desk.introducing import introduction_of, opened_sentence, sealed_matches
from contacts.desk.looking_up import look_up, was_shown
from contacts.duty.selectors import on_duty
from contacts.forms import CallerForm
from staff.permissions import requires, signed_in


@requires("contacts.open_call")
@require_http_methods(["GET", "POST"])
def opt_out(request: HttpRequest) -> HttpResponse:
    """The box. What is typed comes as a POST: no number stands in an address."""
    form = CallerForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form)
    user = signed_in(request)
    found = look_up(typed=form.cleaned_data["q"], by=user, now=timezone.now())
    return _page(request, form, found=found, matches=sealed_matches(found.matches, user))


@requires("contacts.open_call")
@require_POST
def introduce(request: HttpRequest) -> HttpResponse:
    """The expert to transfer the caller to, and what to read aloud."""
    user, now = signed_in(request), timezone.now()
    try:
        caller = unseal_caller(request.POST.get("sealed", ""), user)
    except ValidationError as error:
        return _page(request, CallerForm(), faults=error.messages)
    return _page(request, CallerForm(), introduction=introduction_of(caller, on_duty(now), user))


def _page(
    request: HttpRequest, form: CallerForm, *, faults: Iterable[str] = (), **context: object
) -> HttpResponse:
    """The whole page, or what stands below the box where htmx asked: it leaves a refusal's status alone."""
    if htmx(request):
        template, status = "contacts/desk/_caller_answer.html", 200
    else:
        template, status = "contacts/desk/caller.html", 422 if faults else 200
    return render(request, template, {"form": form, "faults": faults, **context}, status=status)


@requires("contacts.open_call")
@require_POST
def call_open(request: HttpRequest) -> HttpResponse:
    """Open the call as the page said; pressed twice, it is one call."""
    user, now, way = signed_in(request), timezone.now(), request.POST.get("way", "")
    try:
        caller = unseal_caller(request.POST.get("sealed", ""), user)
        opened = open_for_caller(caller=caller, way=way, by=user, now=now)
    except ValidationError as error:
        return _page(request, CallerForm(), faults=error.messages)
    if way != Way.ANSWERED:
        return redirect("desk:opened", sealed=seal_opened(opened, user))
    messages.success(request, " ".join([opened_sentence(opened), *_held(opened)]))
    try:
        take_call(call=opened.call, by=user, now=now)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect("desk:call", pk=opened.call.pk)


@requires("contacts.open_call")
@require_GET
def opened(request: HttpRequest, sealed: str) -> HttpResponse:
    """What is true now, to the one who opened the call."""
    user = signed_in(request)
    known = unseal_opened(sealed, user)
    if known is None:
        raise Http404
    call = known.call
    context = {
        "opened": known,
        "call": call,
        "name": str(call.contact) if was_shown(call.contact, user, timezone.now()) else "",
        "held": _held(known),
    }
    return render(request, "contacts/desk/caller_opened.html", context)


def _held(opened: OpenedCall) -> list[str]:
    return held_sentences(opened.effect.stopped, opened.effect.in_flight)
