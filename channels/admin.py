"""The register in the back office. Every saving is an action; outages are to read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin, ReadOnlyAdmin
from channels import actions
from channels.models import Channel, Outage, SendingWindow, WindowsChange
from common.admin import JalaliDateFilter, as_text, when
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
        details = actions.ChannelDetails(
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


class MessageChannels(admin.RelatedFieldListFilter):
    """Of all official channels those that the portal sends messages by."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        return [
            (channel.pk, channel.display_name) for channel in Channel.objects.of_messages().order_by("id")
        ]


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
