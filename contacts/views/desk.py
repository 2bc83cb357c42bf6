"""The VOC desk: its queue and a call's card. A press that came too late is told who was first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.htmx import htmx
from common.paging import PAGE_ROWS, page_by
from contacts.consent.effects import decided_sentence, stopped_sentences
from contacts.desk import actions
from contacts.desk.card import card_context
from contacts.desk.forms import EndForm, NotReachedForm, TakeOverForm, UnchangedForm
from contacts.desk.queue import QueueFilter, counts, next_call, queue, rows_of
from contacts.forms import ReasonForm
from contacts.models import ConsentEntry, OptOutCall
from contacts.voc_manager import is_voc_manager
from staff.permissions import requires, signed_in

View = Callable[..., HttpResponse]
Act = Callable[[], object]
# A press that came too late: its form is no longer on the card.
TOO_LATE: Final = frozenset({"call_taken", "call_closed", "call_waits"})


def on_the_desk(view: View) -> View:
    """Let only VOC experts and the VOC manager in."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = signed_in(request)
        if not user.may("contacts.set_consent") and not is_voc_manager(user, timezone.now()):
            raise PermissionDenied(_("None of your roles allows this."))
        return view(request, *args, **kwargs)

    return login_required(gated)


@on_the_desk
@require_GET
def call_queue(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    asked = request.GET.get("show", "")
    shown = QueueFilter(asked) if asked in tuple(QueueFilter) else QueueFilter.ALL
    page = page_by(queue(shown, user), request.GET, size=PAGE_ROWS)
    context = {
        "shown": shown.value,
        "page": page,
        "rows": rows_of(page.rows, now),
        "counts": counts(user),
        "next_call": next_call(now),
        "is_expert": user.may("contacts.set_consent"),
        "is_manager": is_voc_manager(user, now),
    }
    return render(
        request, "contacts/desk/_queue.html" if htmx(request) else "contacts/desk/queue.html", context
    )


@on_the_desk
@require_GET
def call_card(request: HttpRequest, pk: int) -> HttpResponse:
    call = _call(pk)
    user, now = signed_in(request), timezone.now()
    if call.taken_by_id == user.pk and call.closed_at is None:
        actions.press(call=call, by=user, now=now)
    return _card(request, call)


@requires("contacts.set_consent")
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    call = _call(pk)
    return _pressed(
        request, call, lambda: actions.take_call(call=call, by=signed_in(request), now=timezone.now())
    )


@requires("contacts.set_consent")
@require_POST
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    call, form = _call(pk), TakeOverForm(request.POST, prefix="take_over")

    def act() -> None:
        actions.take_over_call(
            call=call,
            holder_id=form.cleaned_data["holder"],
            reason=form.cleaned_data["reason"],
            by=signed_in(request),
            now=timezone.now(),
        )

    return _filled(request, call, "take_over", form, act)


@requires("contacts.set_consent")
@require_POST
def hand_back(request: HttpRequest, pk: int) -> HttpResponse:
    call = _call(pk)
    act = lambda: actions.hand_back(call=call, by=signed_in(request), now=timezone.now())  # noqa: E731
    return _pressed(request, call, act, _("The call is back in the queue."), to_queue=True)


@requires("contacts.set_consent")
@require_POST
def not_reached(request: HttpRequest, pk: int) -> HttpResponse:
    call, form = _call(pk), NotReachedForm(request.POST, prefix="not_reached")

    def act() -> None:
        now = timezone.now()
        note, next_try_at = form.cleaned_data["note"], form.next_try_at(now)
        actions.not_reached(call=call, note=note, next_try_at=next_try_at, by=signed_in(request), now=now)

    told = _("Not reached: the call waits for its next try; promotional messages wait with it.")
    return _filled(request, call, "not_reached", form, act, told, to_queue=True)


@requires("contacts.set_consent")
@require_POST
def press(request: HttpRequest, pk: int) -> HttpResponse:
    """A sign of life from the card of whoever has the call; the answer says who has it now."""
    call = _call(pk)
    actions.press(call=call, by=signed_in(request), now=timezone.now())
    return render(request, "contacts/desk/_call_holder.html", {"call": _call(pk), "user": signed_in(request)})


@requires("contacts.set_consent")
@require_POST
def decide(request: HttpRequest, pk: int, flag: str) -> HttpResponse:
    """Set (`value=1`) or clear one of the two options, for the customer and everybody ticked."""
    call, form = _call(pk), ReasonForm(request.POST, prefix=flag)
    value = request.POST.get("value") == "1"
    also = {int(text) for text in request.POST.getlist("also") if text.isascii() and text.isdecimal()}
    if not form.is_valid():
        return _card(request, call, options={flag: form}, also=also)
    try:
        decided = actions.decide(
            call=call,
            flag=flag,
            value=value,
            reason=form.cleaned_data["reason"],
            also=also,
            by=signed_in(request),
            now=timezone.now(),
        )
    except ValidationError as error:
        if error.code in TOO_LATE:
            return _too_late(request, call, error)
        form.add_error("reason", error)
        return _card(request, call, options={flag: form}, also=also)
    changed = any(one.effect.changed for one in decided)
    tell = messages.success if changed else messages.info
    tell(request, decided_sentence(ConsentEntry.Flag(flag), value, decided))
    return redirect("desk:call", pk=pk)


@requires("contacts.set_consent")
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer wants no change."""
    call, form = _call(pk), UnchangedForm(request.POST, prefix="unchanged")

    def act() -> None:
        reason = form.cleaned_data["reason"]
        actions.close_unchanged(call=call, reason=reason, by=signed_in(request), now=timezone.now())

    told = _("The call is closed; what waited for it goes on.")
    return _filled(request, call, "unchanged", form, act, told)


@on_the_desk
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """The VOC manager ends a call whose customer was not reached."""
    if not is_voc_manager(signed_in(request), timezone.now()):
        raise PermissionDenied(_("Only the VOC manager ends a call whose customer was not reached."))
    call, form = _call(pk), EndForm(request.POST, prefix="end")

    def act() -> None:
        effect = actions.close_by_manager(
            call=call,
            safe_side=form.cleaned_data["outcome"] == "safe_side",
            reason=form.cleaned_data["reason"],
            by=signed_in(request),
            now=timezone.now(),
        )
        sentences = [_("The call is closed."), *stopped_sentences(effect.stopped, effect.in_flight)]
        messages.success(request, " ".join(sentences))

    return _filled(request, call, "end", form, act)


def _call(pk: int) -> OptOutCall:
    rows = OptOutCall.objects.select_related("contact", "taken_by", "named", "opened_by", "closed_by")
    return get_object_or_404(rows, pk=pk)


def _pressed(
    request: HttpRequest, call: OptOutCall, act: Act, told: str = "", *, to_queue: bool = False
) -> HttpResponse:
    """Do it and say so; somebody who came too late is told why, on the card."""
    try:
        act()
    except ValidationError as error:
        return _too_late(request, call, error)
    if told:
        messages.success(request, told)
    return redirect("desk:queue") if to_queue else redirect("desk:call", pk=call.pk)


def _filled(
    request: HttpRequest,
    call: OptOutCall,
    name: str,
    form: forms.Form,
    act: Act,
    told: str = "",
    *,
    to_queue: bool = False,
) -> HttpResponse:
    """The same with a form: what is refused stays on the card as it was typed."""
    if not form.is_valid():
        return _card(request, call, filled={name: form})
    try:
        act()
    except ValidationError as error:
        if error.code in TOO_LATE:
            return _too_late(request, call, error)
        form.add_error(None, error)
        return _card(request, _call(call.pk), filled={name: form})
    if told:
        messages.success(request, told)
    return redirect("desk:queue") if to_queue else redirect("desk:call", pk=call.pk)


def _too_late(request: HttpRequest, call: OptOutCall, error: ValidationError) -> HttpResponse:
    messages.warning(request, " ".join(error.messages))
    return redirect("desk:call", pk=call.pk)


def _card(
    request: HttpRequest,
    call: OptOutCall,
    *,
    filled: dict[str, forms.Form] | None = None,
    options: dict[str, ReasonForm] | None = None,
    also: set[int] | None = None,
) -> HttpResponse:
    context = card_context(call, signed_in(request), timezone.now(), filled or {}, options or {}, also)
    return render(request, "contacts/desk/call.html", context, status=422 if filled or options else 200)
