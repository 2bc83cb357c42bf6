"""The page of the duty roster: who is on duty now, the days ahead, and the VOC manager's forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.wording import day_text
from contacts.duty import actions
from contacts.duty.forms import DayForm, FallbackForm, ShiftForm
from contacts.duty.presenting import roster
from contacts.duty.selectors import fallbacks
from contacts.models import DutyDay, DutyShift
from contacts.voc_manager import is_voc_manager
from persian.jalali import tehran_date
from staff.models import User
from staff.permissions import requires, signed_in


@requires("contacts.view_dutyshift")
@require_GET
def duty_page(request: HttpRequest) -> HttpResponse:
    return _page(request, timezone.now())


@requires("contacts.manage_desk")
@require_POST
def shift_add(request: HttpRequest) -> HttpResponse:
    user, now = _planner(request)
    form = ShiftForm(request.POST, prefix="shift", today=tehran_date(now))

    def act() -> str:
        actions.add_shifts(**form.cleaned_data, by=user, now=now)
        return _("The duty is on the roster, every week from now on.")

    return _done(request, form, act, now) or _page(request, now, shift=form)


@requires("contacts.manage_desk")
@require_POST
def shift_end(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = _planner(request)
    shift = get_object_or_404(DutyShift, pk=pk)
    if actions.end_shift(shift=shift, by=user, now=now):
        messages.success(request, _("The weekly duty has ended."))
    else:
        messages.info(request, _("The weekly duty had ended already."))
    return redirect("desk:duty")


@requires("contacts.manage_desk")
@require_POST
def day_set(request: HttpRequest) -> HttpResponse:
    user, now = _planner(request)
    form = DayForm(request.POST, prefix="day", today=tehran_date(now))

    def act() -> str:
        actions.set_day(**form.cleaned_data, by=user, now=now)
        day = day_text(form.cleaned_data["day"])
        return _("The duty of %(day)s is on the roster; the weekly pattern does not hold on it.") % {
            "day": day
        }

    return _done(request, form, act, now) or _page(request, now, day=form)


@requires("contacts.manage_desk")
@require_POST
def day_end(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = _planner(request)
    entry = get_object_or_404(DutyDay, pk=pk)
    try:
        ended = actions.end_day(entry=entry, by=user, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("desk:duty")
    if ended:
        messages.success(request, _("The entry of %(day)s is taken back.") % {"day": day_text(entry.day)})
    else:
        messages.info(request, _("The entry had been taken back already."))
    return redirect("desk:duty")


@requires("contacts.manage_desk")
@require_POST
def fallbacks_set(request: HttpRequest) -> HttpResponse:
    user, now = _planner(request)
    form = FallbackForm(request.POST, prefix="fallback", today=tehran_date(now))

    def act() -> str:
        changed = actions.set_fallbacks(**form.cleaned_data, by=user, now=now)
        return _("The fallbacks are stored.") if changed else _("Nothing was changed.")

    return _done(request, form, act, now) or _page(request, now, fallback=form)


def _planner(request: HttpRequest) -> tuple[User, datetime]:
    """Who presses, and when. Raises PermissionDenied for others than the VOC manager, whatever they sent."""
    user, now = signed_in(request), timezone.now()
    actions.demand_planner(by=user, now=now)
    return user, now


def _done(request: HttpRequest, form: Form, act: Callable[[], str], now: datetime) -> HttpResponse | None:
    """Back to the page where the form was right and the action took it; else None, errors on the form."""
    if not form.is_valid():
        return None
    try:
        messages.success(request, act())
    except ValidationError as error:
        form.add_error(None, error)
        return None
    return redirect("desk:duty")


def _page(request: HttpRequest, now: datetime, **bound: Form) -> HttpResponse:
    today = tehran_date(now)
    context: dict[str, Any] = {"roster": roster(now), "may_plan": is_voc_manager(signed_in(request), now)}
    if context["may_plan"]:
        context |= _forms(today) | {f"{name}_form": form for name, form in bound.items()}
    return render(request, "contacts/duty/page.html", context, status=422 if bound else 200)


def _forms(today: date) -> dict[str, Form]:
    named = dict(zip(("first", "second"), fallbacks(), strict=False))
    return {
        "shift_form": ShiftForm(prefix="shift", today=today),
        "day_form": DayForm(prefix="day", today=today, initial={"day": today}),
        "fallback_form": FallbackForm(prefix="fallback", today=today, initial=named),
    }
