"""Who answers for what: comparisons with the provider's own list, and the breaches found (C0, C7.7).

Comparisons and breaches are written by `messaging.reconciliation` alone.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.guards import append_only, kept
from messaging.models.message import Message
from messaging.models.querysets import BreachQuerySet, ComparisonQuerySet


class Comparison(models.Model):
    """One try to hold a day of the provider's own list against the portal's ledger."""

    class State(models.TextChoices):
        RUNNING = "running", _("under way")
        COMPLETED = "completed", _("compared")
        FAILED = "failed", _("not compared")

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField(_("day"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    # Messages on the provider's list, and of them: unknown to the portal; the portal's promotional ones
    # that the provider registered, or sent, outside the hours; not sent by the provider so far.
    listed = models.PositiveIntegerField(_("on the provider's list"), default=0)
    shadow = models.PositiveIntegerField(_("past the portal"), default=0)
    outside_hours = models.PositiveIntegerField(_("outside the hours"), default=0)
    sent_late = models.PositiveIntegerField(_("sent late by the provider"), default=0)
    unsent = models.PositiveIntegerField(_("not sent so far"), default=0)
    # Rows of the list that name nobody, which cannot be compared; on the seam of two slices one counts twice.
    unreadable = models.PositiveIntegerField(_("unreadable"), default=0)
    error = models.CharField(_("error"), max_length=60, blank=True)

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        verbose_name = _("comparison with the provider")
        verbose_name_plural = _("comparisons with the provider")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | Q(state__in=["completed", "failed"], finished_at__isnull=False),
                name="comparison_finished_at_when_finished",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") ^ Q(error=""), name="comparison_error_when_failed"
            ),
        ]
        indexes = [
            # the last days of a channel: which are compared, which are due
            models.Index(fields=["channel", "-day", "-id"], name="comparison_by_day"),
        ]
        triggers = kept("comparison")

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day}"


class Breach(models.Model):
    """What left past the portal, or outside the hours: one row for a text, a line and a day.

    `part` counts the rows of one group: a later comparison that finds more of it adds a row for the
    difference. `numbers` is a sample. For a message of the portal its sender and the sender's direct
    manager answer (C7.7); for what went past the portal nobody is known.
    """

    class Kind(models.TextChoices):
        SHADOW_SEND = "shadow_send", _("sent past the portal")
        OUTSIDE_HOURS = "outside_hours", _("given to the provider outside the hours")
        SENT_LATE = "sent_late_by_provider", _("sent outside the hours by the provider's delay")

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    # Of a shadow send nobody knows the purpose: outside the hours only if it was promotional.
    is_outside = models.BooleanField(_("outside the promotional hours"))
    message = models.ForeignKey(
        Message,
        verbose_name=_("message"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="breaches",
    )
    sender = models.ForeignKey(
        "staff.Employee",
        verbose_name=_("sender"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    sender_manager = models.ForeignKey(
        "staff.Employee",
        verbose_name=_("sender's direct manager"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    # When the provider took the first of them; when the first and the last left (or were taken, while
    # the provider has not sent them).
    accepted_at = models.DateTimeField(_("taken by the provider at"))
    happened_at = models.DateTimeField(_("first left at"))
    until = models.DateTimeField(_("last left at"))
    recipients = models.PositiveIntegerField(_("recipients"))
    numbers = ArrayField(models.CharField(max_length=16), verbose_name=_("some of the numbers"))
    text = models.CharField(_("text"), max_length=1000, blank=True)
    line = models.CharField(_("line"), max_length=30, blank=True)
    first_id = models.CharField(_("provider's first id"), max_length=40)
    last_id = models.CharField(_("provider's last id"), max_length=40)
    # Of the text as `messaging.reconciliation.tables` writes it; empty where many texts stand together.
    digest = models.CharField(_("digest of the text"), max_length=32, blank=True)
    group = models.CharField(_("group"), max_length=160)
    part = models.PositiveSmallIntegerField(_("part"))
    comparison = models.ForeignKey(
        Comparison, verbose_name=_("comparison"), on_delete=models.PROTECT, related_name="breaches"
    )
    found_at = models.DateTimeField(_("found at"))

    objects = BreachQuerySet.as_manager()

    class Meta:
        verbose_name = _("breach")
        verbose_name_plural = _("breaches")
        permissions = [("view_breaches", "May see the breaches of C0 and C7.7")]
        constraints = [
            # comparing twice finds nothing twice; also serves the sum of a group
            models.UniqueConstraint(fields=["group", "part"], name="breach_once_a_group"),
            models.CheckConstraint(
                condition=Q(
                    kind="shadow_send",
                    message__isnull=True,
                    sender__isnull=True,
                    sender_manager__isnull=True,
                )
                | Q(
                    kind__in=["outside_hours", "sent_late_by_provider"],
                    is_outside=True,
                    message__isnull=False,
                    sender__isnull=False,
                    sender_manager__isnull=False,
                ),
                name="breach_of_a_message_names_who_answers",
            ),
            models.CheckConstraint(
                condition=Q(until__gte=F("happened_at"), recipients__gt=0), name="breach_of_somebody"
            ),
        ]
        indexes = [
            # the list of one month
            models.Index(fields=["day", "id"], name="breach_by_day"),
        ]
        triggers = append_only("breach")

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"

    @property
    def clause(self) -> str:
        return "C0" if self.kind == self.Kind.SHADOW_SEND else "C7.7"
