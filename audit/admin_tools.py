"""What the back office's pages share: read-only tables, Jalali columns, actions that may refuse."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from audit.presenting import rows_of
from common.admin import BoundedPaginator, Untouched, as_json, as_text, when
from common.paging import PAGE_ROWS


class WrittenDates(admin.ModelAdmin):
    """On a page that is only read, instants and days stand as the page's language writes them.

    Django itself would show them in the Gregorian calendar, whatever the language.
    """

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = list(super().get_fields(request, obj))
        if obj is None or self.has_change_permission(request, obj):
            return names
        return [self._written(name, request) for name in names]

    def _written(self, name: Any, request: HttpRequest) -> Any:
        try:
            field = self.opts.get_field(name)
        except (FieldDoesNotExist, TypeError):
            return name
        if isinstance(field, models.DateField):
            return when(name, field.verbose_name)
        if isinstance(field, models.JSONField):
            return as_json(name, field.verbose_name)
        if isinstance(field, models.ForeignKey) and not self._may_follow(field, request):
            return as_text(name, field.verbose_name)
        return name

    def _may_follow(self, field: Any, request: HttpRequest) -> bool:
        """Django links every related row, also where the page behind the link answers 403."""
        related = self.admin_site._registry.get(field.related_model)
        return related is not None and related.has_view_permission(request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail knows of the object: Django's own history sees the admin's forms alone."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        entries = Entry.objects.about(self.opts.label_lower, str(obj.pk)).order_by("-pk")[:100]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(object)s") % {"object": obj},
            "object": obj,
            "opts": self.opts,
            "rows": rows_of(list(entries)),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/audit_history.html", context)

    @admin.display(description=_("row"), ordering="pk")
    def row(self, obj: Any) -> int:
        return int(obj.pk)


class ReadOnlyAdmin(Untouched, WrittenDates):
    """A table that is looked at and never edited by hand, with the history that the trail knows."""

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = PAGE_ROWS
    actions = None


class ActionAdmin(WrittenDates):
    """A form whose saving is an action. Nothing is deleted by hand: what is no longer used is switched off.

    A refusal that only the action can know of (somebody else was quicker) is shown as a message; the
    forms check the rest beforehand.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, PermissionDenied) as error:
            texts = error.messages if isinstance(error, ValidationError) else [str(error)]
            # The admin's own refusal of the whole page says nothing; an action's says why.
            if request.method != "POST" or not any(texts):
                raise
            for text in texts:
                messages.error(request, text)
            return HttpResponseRedirect(request.get_full_path())
