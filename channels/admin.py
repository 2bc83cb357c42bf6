"""The register in the back office. Every saving is an action; outages are to read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin, ReadOnlyAdmin, when
from channels import actions
from channels.models import Channel, Outage, SendingWindow, WindowsChange
from common.fresh_proof import AsksAgainAdmin
from staff.permissions import signed_in


class SendingWindowInline(admin.TabularInline):
    """The week, to read: hours are changed on the channel's own page, with a reason."""

    model = SendingWindow
    extra = 0
    ordering = ("purpose", "weekday", "opens")
    fields = readonly_fields = ("purpose", "weekday", "opens_at", "closes_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Channel)
class ChannelAdmin(AsksAgainAdmin, ActionAdmin):
    list_display = ("name", "kind", "address", "owner", "clause", "is_active")
    list_filter = ("kind", "is_active", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "name_en", "address", "code")
    ordering = ("clause", "id")
    fields = (
        "code",
        "kind",
        "clause",
        "name",
        "name_en",
        "address",
        "owner",
        "usage_rule",
        "usage_rule_en",
        "is_active",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "kind", "clause") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [SendingWindowInline] if obj and Channel.objects.sending().filter(pk=obj.pk).exists() else []

    def save_model(self, request: HttpRequest, obj: Channel, form: forms.ModelForm, change: bool) -> None:
        by, now, asked = signed_in(request), timezone.now(), form.cleaned_data
        details = actions.Details(
            **{
                name: asked[name]
                for name in (
                    "name",
                    "name_en",
                    "address",
                    "owner",
                    "usage_rule",
                    "usage_rule_en",
                    "is_active",
                )
            }
        )
        if change:
            actions.change_channel(channel=Channel.objects.get(pk=obj.pk), details=details, by=by, now=now)
        else:
            obj.pk = actions.add_channel(
                code=asked["code"],
                kind=asked["kind"],
                clause=asked["clause"],
                details=details,
                by=by,
                now=now,
            ).pk


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
    list_filter = ("channel", "origin", "cause")
    list_select_related = ("channel",)
    ordering = ("-started_at", "-id")


@admin.register(WindowsChange)
class WindowsChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "channel",
        when("changed_at", _("changed at")),
        "purpose",
        "reason",
        "changed_by",
        when("told_at", _("told at")),
    )
    list_filter = ("channel", "purpose")
    list_select_related = ("channel", "changed_by")
    ordering = ("-changed_at", "-id")
