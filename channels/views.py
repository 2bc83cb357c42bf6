"""The register of official channels, a channel's page, its outages and hours."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels import actions
from channels.forms import OutageForm, WeekForm, week_initial
from channels.hours import week_lines
from channels.limits import limit_of
from channels.models import PURPOSES, Channel, Outage
from channels.selectors import register_by_kind, state_of
from common.fresh_proof import asks_again
from common.media import BY_MEDIUM, Purpose
from common.paging import NEWEST
from staff.permissions import may, requires, signed_in


@requires("channels.view_channel")
@require_GET
def register_page(request: HttpRequest) -> HttpResponse:
    """Every official channel: what, whose, which rule, which hours, open now or until when."""
    now = timezone.now()
    return render(request, "channels/list.html", {"groups": register_by_kind(now), "now": now})


@requires("channels.view_channel")
@require_GET
def channel_page(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, _channel(code))


@requires("channels.declare_outage")
@require_POST
@asks_again
def declare_outage(request: HttpRequest, code: str) -> HttpResponse:
    channel = _channel(code)
    form = OutageForm(request.POST)
    if not form.is_valid():
        return _page(request, channel, form)
    try:
        actions.declare_outage(
            channel=channel, reason=form.cleaned_data["reason"], by=signed_in(request), now=timezone.now()
        )
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return _page(request, channel, form)
    messages.success(request, _("The outage is declared: nothing leaves by this channel until it is ended."))
    return redirect("channels:detail", code=channel.code)


@requires("channels.declare_outage")
@require_POST
@asks_again
def end_outage(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    outage = get_object_or_404(Outage.objects.select_related("channel"), pk=pk, channel__code=code)
    if actions.end_outage(outage=outage, by=signed_in(request), now=timezone.now()):
        messages.success(request, _("The outage has ended: what waited leaves again."))
    else:
        messages.info(request, _("The outage had ended already."))
    return redirect("channels:detail", code=code)


@requires("channels.change_windows")
@require_http_methods(["GET", "POST"])
@asks_again
def windows_page(request: HttpRequest, code: str, purpose: str) -> HttpResponse:
    channel = _channel(code)
    if channel.kind not in BY_MEDIUM or purpose not in PURPOSES:
        raise Http404
    stored = [(w.weekday, w.opens, w.closes) for w in channel.windows.all() if w.purpose == purpose]
    limit = limit_of(channel, purpose)
    form = WeekForm(
        request.POST or None, initial=week_initial(sorted(stored)), purpose=Purpose(purpose), limit=limit
    )
    if request.method == "POST" and form.is_valid():
        changed = actions.set_windows(
            channel=channel,
            purpose=purpose,
            intervals=form.intervals,
            reason=form.cleaned_data["reason"],
            by=signed_in(request),
            now=timezone.now(),
        )
        if changed:
            messages.success(request, _("The sending windows are stored."))
        else:
            messages.info(request, _("Nothing was changed: these were the hours already."))
        return redirect("channels:detail", code=channel.code)
    context = {
        "channel": channel,
        "purpose": PURPOSES[Purpose(purpose)],
        "form": form,
        "limit": week_lines(limit.intervals()) if limit is not None else [],
    }
    return render(request, "channels/windows.html", context, status=422 if form.errors else 200)


def _page(request: HttpRequest, channel: Channel, form: OutageForm | None = None) -> HttpResponse:
    """The channel's page, with the outage form as it was sent when something was wrong with it."""
    outages = list(
        channel.outages.select_related("declared_by", "ended_by").order_by("-started_at", "-id")[:NEWEST]
    )
    still_open = [outage for outage in outages if outage.ended_at is None]
    context = {
        "state": state_of(channel, still_open, timezone.now()),
        "outages": outages,
        "form": form or OutageForm(),
        "may_declare": may(request.user, "channels.declare_outage"),
        "is_declared": any(outage.origin == Outage.Origin.DECLARED for outage in still_open),
        "may_change": may(request.user, "channels.change_windows"),
    }
    return render(request, "channels/detail.html", context, status=422 if form and form.errors else 200)


def _channel(code: str) -> Channel:
    channel: Channel = get_object_or_404(Channel.objects.register(), code=code)
    return channel
