"""Messages in the back office: to look at. Whatever happens to them is an action of the portal."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import WrittenDates
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
)
from messaging.models.querysets import BreachQuerySet, MessageQuerySet
from messaging.policy.reasons import Reason
from messaging.web.labels import REASONS
from persian.jalali import format_datetime
from persian.phones import InvalidNumber, normalise
from staff.models import User


class BoundedPaginator(Paginator):
    """Counts no further than the back office ever pages."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        return cast("QuerySet[Any]", self.object_list)[: self.LIMIT].count()


def _shown(instant: datetime | None) -> str:
    return format_datetime(instant, get_language() or "fa") if instant else "—"


class ReadOnlyAdmin(WrittenDates):
    """Nothing here is written by hand. `permission` is what the table of roles asks for."""

    permission = "messaging.view_all_messages"
    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    actions = None

    @admin.display(description=_("message"), ordering="message_id")
    def of_message(self, obj: Any) -> int:
        return int(obj.message_id)

    def _may(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.may(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    permission = "messaging.view_message"
    list_display = ("row", "beginning", "channel", "purpose", "sender", "status", "submitted")
    list_filter = ("status", "purpose", "channel")
    list_select_related = ("channel", "sender")
    search_fields = ("=id", "text")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast("MessageQuerySet", super().get_queryset(request)).visible_to(request.user)

    @admin.display(description=_("text"))
    def beginning(self, message: Message) -> str:
        return message.text[:60]

    @admin.display(description=_("submitted at"), ordering="submitted_at")
    def submitted(self, message: Message) -> str:
        return _shown(message.submitted_at)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """A million rows a message: found by the customer's whole number, never counted."""

    list_display = ("row", "of_message", "number", "state", "why", "updated")
    search_fields = ("address",)
    search_help_text = _("The whole number of a customer, in any spelling.")
    ordering = ("-id",)
    raw_id_fields = ("message", "contact", "call")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        try:
            address = normalise(search_term)
        except InvalidNumber:
            return queryset.none(), False
        contacts = Contact.objects.filter(address=address).values_list("pk", flat=True)
        return queryset.filter(contact_id__in=list(contacts)), False

    @admin.display(description=_("number"))
    def number(self, delivery: Delivery) -> str:
        return format_html('<bdi dir="ltr">{}</bdi>', number_text(delivery.address))

    @admin.display(description=_("reason"))
    def why(self, delivery: Delivery) -> str:
        return str(REASONS[Reason(delivery.reason)].name) if delivery.reason else "–"

    @admin.display(description=_("last change"))
    def updated(self, delivery: Delivery) -> str:
        return _shown(delivery.updated_at)


@admin.register(GatewayCall)
class GatewayCallAdmin(ReadOnlyAdmin):
    permission = "messaging.view_gatewaycall"
    list_display = ("row", "channel", "of_message", "intended", "outcome", "size", "error")
    list_filter = ("outcome", "channel")
    list_select_related = ("channel",)
    search_fields = ("=id", "=message__id", "=campaign_id")
    ordering = ("-id",)

    @admin.display(description=_("intended at"))
    def intended(self, call: GatewayCall) -> str:
        return _shown(call.intended_at)


@admin.register(MessageStop)
class MessageStopAdmin(ReadOnlyAdmin):
    list_display = ("row", "of_message", "kind", "stopped", "by", "reason", "lifted")
    list_filter = ("kind",)
    list_select_related = ("by",)
    search_fields = ("=message__id",)
    ordering = ("-id",)

    @admin.display(description=_("at"))
    def stopped(self, stop: MessageStop) -> str:
        return _shown(stop.at)

    @admin.display(description=_("lifted at"))
    def lifted(self, stop: MessageStop) -> str:
        return _shown(stop.lifted_at)


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    list_display = ("row", "of_message", "requested_by", "requested", "approved_by", "approved")
    list_select_related = ("requested_by", "approved_by")
    search_fields = ("=message__id",)
    ordering = ("-id",)

    @admin.display(description=_("requested at"))
    def requested(self, override: Override) -> str:
        return _shown(override.requested_at)

    @admin.display(description=_("approved at"))
    def approved(self, override: Override) -> str:
        return _shown(override.approved_at)


@admin.register(DoubtDecision)
class DoubtDecisionAdmin(ReadOnlyAdmin):
    list_display = ("row", "of_message", "choice", "people", "by", "decided", "reason")
    list_filter = ("choice",)
    list_select_related = ("by",)
    search_fields = ("=message__id",)
    ordering = ("-id",)

    @admin.display(description=_("at"))
    def decided(self, decision: DoubtDecision) -> str:
        return _shown(decision.at)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin):
    list_display = ("row", "channel", "number", "beginning", "line", "received")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    search_fields = ("=number", "=provider_id")
    ordering = ("-id",)

    @admin.display(description=_("text"))
    def beginning(self, message: InboundMessage) -> str:
        return message.text[:60]

    @admin.display(description=_("received at"))
    def received(self, message: InboundMessage) -> str:
        return _shown(message.received_at)


@admin.register(ProviderCallback)
class ProviderCallbackAdmin(ReadOnlyAdmin):
    permission = "messaging.view_gatewaycall"
    list_display = ("row", "channel", "came", "note")
    list_filter = ("channel",)
    list_select_related = ("channel",)
    ordering = ("-id",)
    exclude = ("body",)
    readonly_fields = ("readable",)

    @admin.display(description=_("received at"))
    def came(self, callback: ProviderCallback) -> str:
        return _shown(callback.received_at)

    @admin.display(description=_("body"))
    def readable(self, callback: ProviderCallback) -> str:
        return bytes(callback.body).decode("utf-8", "replace")


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
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
    list_filter = ("state", "channel")
    list_select_related = ("channel",)
    ordering = ("-id",)


@admin.register(Breach)
class BreachAdmin(ReadOnlyAdmin):
    permission = "messaging.view_breaches"
    list_display = ("row", "day", "kind", "channel", "recipients", "sender", "sender_manager", "found")
    list_filter = ("kind", "channel")
    list_select_related = ("channel", "sender", "sender_manager")
    raw_id_fields = ("message",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return cast("BreachQuerySet", super().get_queryset(request)).visible_to(request.user)

    @admin.display(description=_("found at"), ordering="found_at")
    def found(self, breach: Breach) -> str:
        return _shown(breach.found_at)
