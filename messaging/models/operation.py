"""What the workers say of themselves while they work. Nothing that a promise rests on is in it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerBeat(models.Model):
    """One worker process, as it last reported; written by `messaging.dispatch.heartbeat` alone.

    Instants are the database's. `clock_difference_ms` is the database's clock less the worker's own;
    `sent`, `calls` and `failures` count since the process began.
    """

    name = models.CharField(_("worker"), max_length=120, unique=True)
    channels = ArrayField(models.SlugField(), verbose_name=_("channels"), default=list)
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("last seen"))
    clock_difference_ms = models.BigIntegerField(_("clock difference (ms)"), default=0)
    sent = models.PositiveBigIntegerField(_("recipients sent"), default=0)
    calls = models.PositiveBigIntegerField(_("calls"), default=0)
    failures = models.PositiveBigIntegerField(_("failures"), default=0)
    last_error = models.CharField(_("last error"), max_length=60, blank=True, default="")
    failed_at = models.DateTimeField(_("last failed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        permissions = [("view_operations", "May see how sending is going: workers, backlog, gateways")]

    def __str__(self) -> str:
        return self.name

    @property
    def clock_seconds(self) -> float:
        return self.clock_difference_ms / 1000
