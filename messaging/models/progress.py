"""How far large messages are, as they were counted last: for screens alone (docs/adr/0024).

A count is written by `messaging.actions.plan` and `messaging.audience.kept_progress` alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Message

# A message with more recipients has a row here; a smaller one is counted at each look, in some milliseconds.
LARGE: Final = 10_000


class MessageProgress(models.Model):
    """The recipients of one large message by state and reason, at an instant. A table of its own: a counter
    on the message's row would be written under the locks of its claims."""

    message = models.OneToOneField(
        Message,
        verbose_name=_("message"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="progress",
    )
    # [[state, own reason, number], …]
    counts = models.JSONField(_("recipients by state and reason"), default=list)
    # empty: not counted yet
    counted_at = models.DateTimeField(_("counted at"), null=True, blank=True)
    count_ms = models.PositiveIntegerField(_("duration of the count (ms)"), default=0)
    # When a screen first showed these counts, and so wants newer ones; empty: none did.
    wanted_at = models.DateTimeField(_("wanted since"), null=True, blank=True)
    # The message had ended before its recipients were counted.
    after_end = models.BooleanField(_("counted after the end"), default=False)

    class Meta:
        verbose_name = _("progress of a message")
        verbose_name_plural = _("progress of messages")
        indexes = [
            # the duty that counts: what a screen wants, and what is not yet counted for good
            models.Index(
                fields=["message"],
                condition=Q(wanted_at__isnull=False) | Q(after_end=False),
                name="progress_to_count",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def pause(self) -> timedelta:
        """How long the next count waits after this one: a second, or 20 times this one's duration."""
        return max(timedelta(seconds=1), 20 * timedelta(milliseconds=self.count_ms))

    def is_due(self, now: datetime) -> bool:
        """Whether it may be counted again. A clock that jumped back keeps nothing waiting."""
        return self.counted_at is None or abs(now - self.counted_at) >= self.pause
