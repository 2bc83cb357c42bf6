"""Messages in the back office: to look at. Whatever happens to them is an action of the portal."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ReadOnlyAdmin
from channels.admin import MessageChannels
from common.admin import JalaliDateFilter, as_text, beginning_of, when
from common.paging import is_key
from common.permissions import may
from common.wording import number_text
from contacts.models import Contact
from messaging.models import (
    Breach,
    Comparison,
    Delivery,
    DoubtDecision,
    GatewayCall,
    InboundMessage,
    Message,
    MessageStop,
    Override,
    ProviderCallback,
    UnreadableInbound,
)
from messaging.models.querysets import BreachQuerySet, MessageQuerySet
from messaging.policy.reasons import Reason
from messaging.web.labels import REASONS, audience_label
from messaging.web.status_labels import refusal_of
from persian.digits import to_ascii
from persian.phones import InvalidNumber, normalise

CHANNEL = ("channel", MessageChannels)


class MessagesAdmin(ReadOnlyAdmin):
    """`permission` is what the table of roles asks for."""

    permission = "messaging.view_all_messages"
    ordering = ("-id",)

    @admin.display(description=_("message"), ordering="message_id")
    def of_message(self, obj: Any) -> int:
        return int(obj.message_id)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, self.permission)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, self.permission)


@admin.register(Message)
class MessageAdmin(MessagesAdmin):
    permission = "messaging.view_message"
    list_display = (
        "row",
        beginning_of("text", _("text")),
        "channel",
        "purpose",
        "sender",
        "status",
        when("submitted_at", _("submitted at")),
    )
    list_filter = (("submitted_at", JalaliDateFilter), "status", "purpose", CHANNEL)
    list_select_related = ("channel", "sender")
    search_fields = ("=id", "text")
    exclude = ("audience",)
    readonly_fields = ("meant_for",)

    @admin.display(description=_("recipients"))
    def meant_for(self, message: Message) -> str:
        return audience_label(message.audience)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast("MessageQuerySet", super().get_queryset(request)).visible_to(request.user)


@admin.register(Delivery)
class DeliveryAdmin(MessagesAdmin):
    """A million rows a message: found by the customer's whole number, never counted."""

    list_display = (
        "row",
        "of_message",
        "number",
        "state",
        "why",
        when("updated_at", _("last change"), sorts=False),
    )
    list_filter = ("state",)
    search_fields = ("address",)
    search_help_text = _("The whole number of a customer, in any spelling, or the number of a message.")
    raw_id_fields = ("message", "contact", "call")
    exclude = ("reason",)
    readonly_fields = ("why",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        try:
            address = normalise(search_term)
        except InvalidNumber:
            typed = to_ascii(search_term).strip()
            return (queryset.filter(message_id=typed) if is_key(typed) else queryset.none()), False
        contacts = Contact.objects.filter(address=address).values_list("pk", flat=True)
        return queryset.filter(contact_id__in=list(contacts)), False

    @admin.display(description=_("number"))
    def number(self, delivery: Delivery) -> str:
        return format_html('<bdi dir="ltr">{}</bdi>', number_text(delivery.address))

    @admin.display(description=_("reason"))
    def why(self, delivery: Delivery) -> str:
        return str(REASONS[Reason(delivery.reason)].name) if delivery.reason else "–"


@admin.register(GatewayCall)
class GatewayCallAdmin(MessagesAdmin):
    permission = "messaging.view_gatewaycall"
    list_display = (
        "row",
        "channel",
        "of_message",
        when("intended_at", _("intended at"), sorts=False),
        "outcome",
        "size",
        "error",
    )
    list_filter = (("intended_at", JalaliDateFilter), "outcome", CHANNEL)
    list_select_related = ("channel",)
    search_fields = ("=id", "=message__id", "=campaign_id")


@admin.register(MessageStop)
class MessageStopAdmin(MessagesAdmin):
    list_display = (
        "row",
        "of_message",
        "kind",
        when("at", _("at")),
        as_text("by", _("by")),
        "why",
        when("lifted_at", _("lifted at")),
    )
    list_filter = (("at", JalaliDateFilter), "kind")
    list_select_related = ("by",)
    search_fields = ("=message__id",)
    exclude = ("reason",)
    readonly_fields = ("why",)

    @admin.display(description=_("reason"))
    def why(self, stop: MessageStop) -> str:
        """A person's words, or what the provider's refusal means."""
        refusal = refusal_of(stop) if stop.reason else None
        return str(refusal.meaning) if refusal else stop.reason or "–"


@admin.register(Override)
class OverrideAdmin(MessagesAdmin):
    list_display = (
        "row",
        "of_message",
        as_text("requested_by", _("requested by")),
        when("requested_at", _("requested at")),
        as_text("approved_by", _("approved by")),
        when("approved_at", _("approved at")),
    )
    list_filter = (("requested_at", JalaliDateFilter), ("approved_at", admin.EmptyFieldListFilter))
    list_select_related = ("requested_by", "approved_by")
    search_fields = ("=message__id",)


@admin.register(DoubtDecision)
class DoubtDecisionAdmin(MessagesAdmin):
    list_display = (
        "row",
        "of_message",
        "choice",
        "people",
        as_text("by", _("by")),
        when("at", _("at")),
        "reason",
    )
    list_filter = (("at", JalaliDateFilter), "choice")
    list_select_related = ("by",)
    search_fields = ("=message__id",)


@admin.register(InboundMessage)
class InboundMessageAdmin(MessagesAdmin):
    list_display = (
        "row",
        "channel",
        "number",
        beginning_of("text", _("text")),
        "line",
        when("received_at", _("received at")),
    )
    list_filter = (("received_at", JalaliDateFilter), CHANNEL)
    list_select_related = ("channel",)
    search_fields = ("=number", "=provider_id", "text")


@admin.register(UnreadableInbound)
class UnreadableInboundAdmin(MessagesAdmin):
    permission = "messaging.view_operations"
    list_display = (
        "row",
        "channel",
        when("since", _("since")),
        when("until", _("until")),
        "code",
        when("found_at", _("found at")),
    )
    list_filter = (("since", JalaliDateFilter), CHANNEL)
    list_select_related = ("channel",)
    search_fields = ("=code",)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Broken JSON cannot be masked for sure: `raw` may hold a customer's words."""
        return () if may(request.user, "messaging.view_all_messages") else ("raw",)


@admin.register(ProviderCallback)
class ProviderCallbackAdmin(MessagesAdmin):
    permission = "messaging.view_gatewaycall"
    list_display = ("row", "channel", when("received_at", _("received at")), "note")
    list_filter = (("received_at", JalaliDateFilter), CHANNEL)
    list_select_related = ("channel",)
    search_fields = ("note",)
    exclude = ("body",)
    readonly_fields = ("readable",)

    @admin.display(description=_("body"))
    def readable(self, callback: ProviderCallback) -> str:
        return bytes(callback.body).decode("utf-8", "replace")


@admin.register(Comparison)
class ComparisonAdmin(MessagesAdmin):
    permission = "messaging.view_breaches"
    list_display = (
        "row",
        "channel",
        "day",
        "state",
        "listed",
        "shadow",
        "outside_hours",
        "sent_late",
        "error",
    )
    list_filter = (("day", JalaliDateFilter), "state", CHANNEL)
    search_fields = ("=error",)
    list_select_related = ("channel",)


@admin.register(Breach)
class BreachAdmin(MessagesAdmin):
    permission = "messaging.view_breaches"
    list_display = (
        "row",
        "day",
        "kind",
        "channel",
        "recipients",
        "sender",
        "sender_manager",
        when("found_at", _("found at")),
    )
    list_filter = (("day", JalaliDateFilter), "kind", CHANNEL)
    search_fields = ("text", "sender__last_name", "=message__id")
    list_select_related = ("channel", "sender", "sender_manager")
    raw_id_fields = ("message",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast("BreachQuerySet", super().get_queryset(request)).visible_to(request.user)
