"""Customers in the back office: corrections go through the action, history and imports are to read."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin, ReadOnlyAdmin
from common.admin import JalaliDateFilter, as_text, when
from common.paging import PAGE_ROWS
from common.wording import digits_text, instant_text
from contacts.actions.people import EDITABLE, edit_contact
from contacts.admin_consent import SetsConsent
from contacts.models import ConsentEntry, Contact, ContactImport, LookUp, OptOutCall
from contacts.presenting import history_of
from contacts.querysets import ContactQuerySet
from contacts.reasons import reason_text
from contacts.selectors import known_tags
from persian.phones import local_form


class TagFilter(admin.SimpleListFilter):
    title = _("Tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tag, tag) for tag in known_tags()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        tag = self.value()
        return cast("ContactQuerySet", queryset).tagged(tag) if tag else queryset


class OfCustomers(ReadOnlyAdmin):
    """Rows about a customer each, found as the customers themselves are."""

    list_select_related = ["contact"]
    search_fields = ["contact"]
    search_help_text = _("Name, company, customer number or number, in any spelling.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(contact__in=Contact.objects.search(search_term).values("pk")), False

    @admin.display(description=_("number"))
    def number(self, obj: Any) -> str:
        return _ltr(local_form(obj.contact.address))


@admin.register(Contact)
class ContactAdmin(SetsConsent, ActionAdmin):
    change_form_template = "admin/contacts/contact/change_form.html"
    list_display = ["__str__", "number", "company", "customer_no", "refuses"]
    list_filter = ["no_promotional", "no_messages", "voc_call_open", TagFilter]
    list_per_page = PAGE_ROWS
    search_fields = ["search_text"]
    search_help_text = _("Name, company, customer number or number, in any spelling.")
    ordering = ["-pk"]
    show_full_result_count = False
    readonly_fields = [
        "number",
        "landline",
        "voc_call_open",
        "history",
        "changed",
    ]
    fields = [*EDITABLE, *readonly_fields]

    changed = staticmethod(when("updated_at", _("updated at")))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        found = queryset.search(search_term)  # type: ignore[attr-defined]
        return found.best_first(*queryset.query.order_by), False

    def save_model(self, request: HttpRequest, obj: Contact, form: ModelForm, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name in EDITABLE}
        edit_contact(contact=obj, changes=changes, by=request.user, now=timezone.now())  # type: ignore[arg-type]

    @admin.display(description=_("number"), ordering="address")
    def number(self, obj: Contact) -> str:
        return _ltr(local_form(obj.address))

    @admin.display(description=_("landline"))
    def landline(self, obj: Contact) -> str:
        return _ltr(local_form(obj.phone)) if obj.phone else "—"

    @admin.display(description=_("Consent"))
    def refuses(self, obj: Contact) -> str:
        """Only what a customer refused is a mark; a red cross for “has not refused” alarmed on every row."""
        marks = [flag.label for flag in ConsentEntry.Flag if getattr(obj, flag.value)]
        if obj.voc_call_open:
            marks.append(_("VOC call open"))
        return format_html_join(" ", '<span class="mark">{}</span>', ((mark,) for mark in marks)) or "–"

    @admin.display(description=_("consent history"))
    def history(self, obj: Contact) -> str:
        lines = ((line.words, instant_text(line.at), line.by, line.reason) for line in history_of(obj, 5))
        entries = format_html_join("", "<li><strong>{}</strong> · {} · {}<br><bdi>{}</bdi></li>", lines)
        return format_html('<ul class="ledger">{}</ul>', entries) if entries else "–"


@admin.register(ConsentEntry)
class ConsentEntryAdmin(OfCustomers):
    list_display = [
        when("at", _("at")),
        "contact",
        "number",
        "flag",
        "after",
        as_text("by", _("by")),
        "source",
        "reason",
    ]
    list_filter = [
        ("at", JalaliDateFilter),
        "flag",
        "after",
        "source",
        ("by", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["contact", "by"]
    ordering = ["-pk"]


@admin.register(OptOutCall)
class OptOutCallAdmin(OfCustomers):
    list_display = [
        when("opened_at", _("opened at")),
        "contact",
        "number",
        as_text("opened_by", _("opened by")),
        "is_closed",
        as_text("closed_by", _("closed by")),
    ]
    list_filter = [("opened_at", JalaliDateFilter), ("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["contact", "opened_by", "closed_by"]
    ordering = ["-pk"]

    @admin.display(description=_("closed"), boolean=True)
    def is_closed(self, obj: OptOutCall) -> bool:
        return obj.closed_at is not None


@admin.register(LookUp)
class LookUpAdmin(OfCustomers):
    """To whom the box of the opt-out call showed which customer."""

    list_display = [when("at", _("at")), as_text("by", _("by")), "contact", "number"]
    list_filter = [("day", JalaliDateFilter), ("by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["contact", "by"]
    ordering = ["-pk"]


@admin.register(ContactImport)
class ContactImportAdmin(ReadOnlyAdmin):
    list_display = [
        "file_name",
        "imported",
        as_text("by", _("by")),
        "status",
        "rows",
        "created",
        "updated",
        "refused",
    ]
    list_filter = [("created_at", JalaliDateFilter), "status"]
    search_fields = ["file_name", "tag"]
    list_select_related = ["by"]
    ordering = ["-pk"]
    fields = [
        "file_name",
        "tag",
        "sha256",
        "by",
        "imported",
        "status",
        "rows",
        "created",
        "updated",
        "unchanged",
        "refused",
        "error",
        "first_refused",
    ]
    readonly_fields = ["imported", "first_refused"]

    imported = staticmethod(when("created_at", _("created at")))

    @admin.display(description=_("refused rows"))
    def first_refused(self, obj: ContactImport) -> str:
        lines = obj.refused_rows.order_by("row")[:20]
        return "؛ ".join(f"{line.row}: {reason_text(line.code)}" for line in lines) or "—"


def _ltr(text: str) -> str:
    return format_html('<bdi dir="ltr">{}</bdi>', digits_text(text))
