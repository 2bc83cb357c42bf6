"""Requests of one message at which the gateway failed (docs/adr/0028).

Written by `messaging.dispatch.poison`, and set back by `messaging.actions.stop.resume`.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Message


class FailureCount(models.Model):
    """A table of its own: a counter on the message's row would wait for the claims that hold it.

    `failures` are those of a message that never went through, each behind another message's success.
    """

    message = models.OneToOneField(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    failures = models.PositiveIntegerField(_("failures"), default=0)
    first_failed_at = models.DateTimeField(_("first failed at"))
    last_failed_at = models.DateTimeField(_("last failed at"))

    class Meta:
        verbose_name = _("failures of a message")
        verbose_name_plural = _("failures of messages")

    def __str__(self) -> str:
        return f"{self.pk}: {self.failures}"
