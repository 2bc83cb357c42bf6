"""The audit trail in the back office: to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ReadOnlyAdmin, when
from audit.heads import written
from audit.models import Entry, Link
from audit.words import action_label


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("row", when("at", _("at")), "actor", "act", "object_type", "object_id")
    search_fields = ("=actor", "=action", "=object_id")
    ordering = ("-id",)

    @admin.display(description=_("act"), ordering="action")
    def act(self, entry: Entry) -> str:
        return action_label(entry.action)


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    list_display = ("row", "entry_id", when("sealed_at", _("sealed at")), "head")
    fields = ("entry_id", "sealed_at", "head")
    readonly_fields = ("head",)
    search_fields = ("=entry_id",)
    ordering = ("-id",)

    @admin.display(description=_("digest"))
    def head(self, link: Link) -> str:
        return written(bytes(link.digest))
