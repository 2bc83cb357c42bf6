"""Sign-in's own pages beside allauth's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from common import fresh_proof


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
