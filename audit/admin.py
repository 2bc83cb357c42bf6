"""The audit trail in the back office: to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ReadOnlyAdmin
from audit.details import in_words
from audit.heads import written
from audit.models import Entry, Link
from audit.words import action_label, acts, object_label
from common.admin import JalaliDateFilter, when
from common.wording import digits_text


class ActFilter(admin.SimpleListFilter):
    title = _("act")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return acts()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("row", when("at", _("at")), "actor", "act", "about")
    list_filter = (("at", JalaliDateFilter), ActFilter)
    search_fields = ("=actor", "=action", "=object_id")
    search_help_text = _("The user name, or the number of what the entry is about.")
    ordering = ("-id",)
    fields = ("at", "actor", "act", "about", "told", "data")

    @admin.display(description=_("act"), ordering="action")
    def act(self, entry: Entry) -> str:
        return action_label(entry.action)

    @admin.display(description=_("about"))
    def about(self, entry: Entry) -> str:
        return f"{object_label(entry.object_type)} {digits_text(entry.object_id)}".strip() or "–"

    @admin.display(description=_("Details"))
    def told(self, entry: Entry) -> str:
        return format_html_join("", "{}: {}<br>", in_words(entry.data)) or "–"


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    list_display = ("row", "entry_id", when("sealed_at", _("sealed at")), "head")
    fields = ("entry_id", "sealed_at", "head")
    readonly_fields = ("head",)
    list_filter = (("sealed_at", JalaliDateFilter),)
    search_fields = ("=entry_id",)
    ordering = ("-id",)

    @admin.display(description=_("digest"))
    def head(self, link: Link) -> str:
        return written(bytes(link.digest))
