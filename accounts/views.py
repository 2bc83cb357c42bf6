"""Sign-in's own pages beside allauth's."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions import reset_second_factor
from accounts.forms import FactorResetForm, PasswordLinkForm
from accounts.lockouts import locked_out, unlock
from accounts.own_sessions import end_other_sessions, end_session, own_sessions
from common import fresh_proof
from common.fresh_proof import asks_again
from staff.actions.passwords import send_password_link
from staff.models import User
from staff.permissions import requires, signed_in


@login_required
@require_safe
def go_on(request: HttpRequest) -> HttpResponse:
    """What was pressed before the proof was asked for, to be pressed again: nothing has been done yet."""
    kept = fresh_proof.kept_form(request)
    if kept is None:
        return redirect("home")
    if not fresh_proof.is_fresh(request):
        return fresh_proof.question(request, request.path)
    address, fields = kept
    return render(request, "account/go_on.html", {"address": address, "fields": fields})


@login_required
@require_http_methods(["GET", "POST"])
def sessions_page(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; a POST ends one of one's own sessions, or all others."""
    user, now, current = signed_in(request), timezone.now(), request.session.session_key
    if request.method == "POST":
        asked = request.POST.get("session", "")
        if asked == "others":
            ended = end_other_sessions(user, current=current, now=now)
        else:
            ended = asked.isdecimal() and end_session(user, pk=int(asked[:18]), now=now)
        done = _("Ended: it is signed out there.") if ended else _("That session had ended already.")
        messages.success(request, done)
        return redirect("sessions")
    found = own_sessions(user, current=current, now=now)
    return render(request, "account/sessions.html", {"sessions": found})


@requires("staff.change_user")
@require_http_methods(["GET", "POST"])
@asks_again
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a colleague a link to choose a password: for the first one, or one that is lost."""
    user = get_object_or_404(User, pk=pk)
    form = PasswordLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        ended = form.cleaned_data["end_password"]
        try:
            send_password_link(user=user, by=signed_in(request), now=timezone.now(), end_password=ended)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The link is on its way to %(to)s.") % {"to": user.email})
            return redirect("admin:staff_user_change", pk)
    context = {"form": form, "person": user, "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
    return render(request, "account/password_link.html", context, status=422 if form.errors else 200)


@requires("staff.change_user")
@require_safe
def lock_outs(request: HttpRequest) -> HttpResponse:
    return render(request, "account/lock_outs.html", {"lockouts": locked_out(now=timezone.now())})


@requires("staff.change_user")
@require_POST
def unlock_user(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    if unlock(user=user, by=signed_in(request), now=timezone.now()):
        messages.success(request, _("%(name)s may sign in again.") % {"name": user.display_name})
    else:
        messages.info(request, _("%(name)s was not locked out.") % {"name": user.display_name})
    return redirect("lock_outs")


@requires("staff.change_user")
@require_http_methods(["GET", "POST"])
@asks_again
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a colleague's second factor, for a lost phone."""
    user = get_object_or_404(User, pk=pk)
    form = FactorResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reset_second_factor(
                user=user, reason=form.cleaned_data["reason"], by=signed_in(request), now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("The second factor was reset. Its owner and the auditors get a mail.")
            )
            return redirect("admin:staff_user_change", pk)
    status = 422 if form.errors else 200
    return render(request, "account/reset_factor.html", {"form": form, "person": user}, status=status)
