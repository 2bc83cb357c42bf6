"""Customers' calls about messages (C7.2), from the first word to the decision."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.guards import frozen, kept, set_once
from common.wording import instant_text
from contacts.models.customers import Contact


class OptOutCall(models.Model):
    """A customer's call about messages (C7.2), open until a VOC expert decides."""

    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="calls"
    )
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        "staff.User", verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("closed by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("opt-out call")
        verbose_name_plural = _("opt-out calls")
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(closed_at__isnull=True), name="one_open_call"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__gte=F("opened_at"), closed_by__isnull=False),
                name="call_closed_at_and_by",
            ),
        ]
        triggers = [
            frozen("opt_out_call_frozen_fields", "contact", "opened_at", "opened_by"),
            set_once("opt_out_call_closed_once", "closed_at", "closed_by"),
            *kept("opt_out_call"),
        ]

    def __str__(self) -> str:
        return instant_text(self.opened_at)
