"""The register in the back office. Every saving is an action; outages are to read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin, ReadOnlyAdmin
from channels import actions
from channels.models import Channel, Outage, SendingWindow, WindowsChange
from common.admin import JalaliDateFilter, Untouched, as_text, when
from common.fresh_proof import AsksAgainAdmin
from staff.permissions import signed_in

_IDENTITY: Final = ("code", "kind", "clause")
_DETAILS: Final = tuple(field.name for field in fields(actions.ChannelDetails))


class SendingWindowInline(Untouched, admin.TabularInline):
    """The week, to read: hours are changed on the channel's own page, with a reason."""

    model = SendingWindow
    extra = 0
    ordering = ("purpose", "weekday", "opens")
    fields = readonly_fields = ("purpose", "weekday", "opens_at", "closes_at")


@admin.register(Channel)
class ChannelAdmin(AsksAgainAdmin, ActionAdmin):
    list_display = ("name", "kind", "address", "owner", "clause", "is_active")
    list_filter = ("kind", "is_active", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "name_en", "address", "code")
    ordering = ("clause", "id")
    fields = (*_IDENTITY, *_DETAILS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return _IDENTITY if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [SendingWindowInline] if obj and Channel.objects.sending().filter(pk=obj.pk).exists() else []

    def save_model(self, request: HttpRequest, obj: Channel, form: forms.ModelForm, change: bool) -> None:
        by, now, asked = signed_in(request), timezone.now(), form.cleaned_data
        details = actions.ChannelDetails(**{name: asked[name] for name in _DETAILS})
        if change:
            actions.change_channel(channel=Channel.objects.get(pk=obj.pk), details=details, by=by, now=now)
        else:
            identity = {name: asked[name] for name in _IDENTITY}
            obj.pk = actions.add_channel(**identity, details=details, by=by, now=now).pk


class MessageChannels(admin.RelatedFieldListFilter):
    """Of all official channels those that the portal sends messages by."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        return [(row.pk, row.display_name) for row in Channel.objects.of_messages().order_by("id")]


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = (
        "channel",
        when("started_at", _("started at")),
        when("ended_at", _("ended at")),
        "origin",
        "cause",
        "code",
        "reason",
    )
    list_filter = (("started_at", JalaliDateFilter), ("channel", MessageChannels), "origin", "cause")
    list_select_related = ("channel",)
    search_fields = ("reason", "=code")
    ordering = ("-started_at", "-id")


@admin.register(WindowsChange)
class WindowsChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "channel",
        when("changed_at", _("changed at")),
        "purpose",
        "reason",
        as_text("changed_by", _("changed by")),
        when("told_at", _("told at")),
    )
    list_filter = (("changed_at", JalaliDateFilter), ("channel", MessageChannels), "purpose")
    search_fields = ("reason",)
    list_select_related = ("channel", "changed_by")
    ordering = ("-changed_at", "-id")
