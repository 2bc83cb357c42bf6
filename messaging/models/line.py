"""What a sending line may still send: one row a channel, shared by every worker."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LineBudget(models.Model):
    """The bucket of a line's rate: `tokens` recipients may go at once, as of `filled_at`."""

    channel = models.OneToOneField(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    tokens = models.FloatField(_("recipients that may go"))
    filled_at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("line's budget")
        verbose_name_plural = _("lines' budgets")

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.tokens:.1f}"
