"""Columns, filters and counts that the lists of the back office share."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.wording import day_text, instant_text, language
from persian.jalali import TEHRAN, month_name, months_back, tehran_date


def when(field: str, label: Any, *, sorts: bool = True) -> Callable[[Any], str]:
    """A list column that shows an instant, or a day, as the page's language writes it."""

    def column(row: Any) -> str:
        value = getattr(row, field)
        if value is None:
            return "–"
        return instant_text(value) if hasattr(value, "hour") else day_text(value)

    return admin.display(description=label, ordering=field if sorts else None)(column)


def as_json(field: str, label: Any) -> Callable[[Any], str]:
    """A value kept as JSON, left to right and in its own digits."""

    def column(row: Any) -> str:
        text = json.dumps(getattr(row, field), ensure_ascii=False, indent=1)
        return format_html('<pre class="json" dir="ltr">{}</pre>', text)

    return admin.display(description=label)(column)


def as_text(field: str, label: Any) -> Callable[[Any], str]:
    """A related row by its name, without a link; a log-in by its person's name."""

    def column(row: Any) -> str:
        related = getattr(row, field)
        return "–" if related is None else str(getattr(related, "display_name", related))

    return admin.display(description=label)(column)


def beginning_of(field: str, label: Any) -> Callable[[Any], str]:
    """The first letters of a text."""
    return admin.display(description=label)(lambda row: getattr(row, field)[:60])


class JalaliDateFilter(admin.DateFieldListFilter):
    """The last days and Jalali months of a day or an instant, on Tehran's clock."""

    def __init__(self, field: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(field, *args, **kwargs)
        today, day = tehran_date(timezone.now()), timedelta(days=1)
        spans: list[tuple[Any, date, date]] = [
            (_("Today"), today, today + day),
            (_("Yesterday"), today - day, today),
            (_("Last 7 days"), today - 6 * day, today + day),
            *((month_name(first, language()), first, end) for first, end in months_back(today, 6)),
        ]
        edges = (self.lookup_kwarg_since, self.lookup_kwarg_until)
        links: Any = (
            (_("Any date"), {}),
            *(
                (title, dict(zip(edges, (self._edge(field, first), self._edge(field, end)), strict=True)))
                for title, first, end in spans
            ),
        )
        self.links = links

    @staticmethod
    def _edge(field: Any, day: date) -> str:
        instant = isinstance(field, models.DateTimeField)
        return str(datetime.combine(day, time(), TEHRAN) if instant else day)


class BoundedPaginator(Paginator):
    """Counts no further than the back office ever pages."""

    LIMIT = 10_000

    @cached_property
    def count(self) -> int:
        return cast("models.QuerySet[Any]", self.object_list)[: self.LIMIT].count()


class Untouched:
    """Mixed into an admin or an inline: rows are looked at and never edited by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
