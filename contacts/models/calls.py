"""Customers' calls about messages (C7.2), from the first word to the decision, and the look-ups of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.guards import append_only, frozen, kept, set_once
from common.wording import instant_text
from contacts.models.customers import Contact


class OptOutCall(models.Model):
    """A customer's call about messages (C7.2), open until a VOC expert decides (reading 7).

    Open calls wait, or are taken by one expert (`taken_by`, `taken_at`; `pressed_at` is the expert's last
    press on it). `attempts` counts the times the customer was called back and not reached; the call is not
    tried again before `next_try_at`. `late_at` is when it was found late and the experts were reminded,
    `escalated_at` when the VOC manager was. `outcome` says how it ended; calls of before it was kept have
    none.
    """

    class Handover(models.TextChoices):
        TRANSFERRED = "transferred", _("transferred")
        CALL_BACK = "call_back", _("asked to be called back")
        ANSWERED = "answered", _("answered by the VOC expert")

    class Outcome(models.TextChoices):
        DECIDED = "decided", _("decided")
        UNCHANGED = "unchanged", _("closed, nothing changed")
        SAFE_SIDE = "safe_side", _("no promotional messages, the safe side")

    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="calls"
    )
    # what the caller named, in E.164: one of the customer's numbers; empty in calls of before it was kept
    number = models.CharField(_("number"), max_length=16, blank=True)
    handover = models.CharField(_("handover"), max_length=12, choices=Handover, blank=True)
    # whom the colleague introduced to the caller, and the extension as it was then
    named = models.ForeignKey(
        "staff.User",
        verbose_name=_("expert named"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    named_extension = models.CharField(_("extension named"), max_length=10, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        "staff.User", verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="+"
    )
    taken_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("taken by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    pressed_at = models.DateTimeField(_("last press at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True)
    late_at = models.DateTimeField(_("late since"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("told to the VOC manager at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
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
        permissions = [
            ("open_call", "May open an opt-out call for a customer on the line"),
            ("manage_desk", "May end a call that cannot end, and plan who is on duty"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(closed_at__isnull=True), name="one_open_call"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | Q(closed_at__gte=F("opened_at"), closed_by__isnull=False),
                name="call_closed_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(taken_by__isnull=True, taken_at__isnull=True, pressed_at__isnull=True)
                | Q(taken_by__isnull=False, taken_at__isnull=False, pressed_at__gte=F("taken_at")),
                name="call_taken_by_and_since",
            ),
        ]
        # the desk's queue, oldest first
        indexes = [models.Index(fields=["opened_at"], condition=Q(closed_at__isnull=True), name="open_calls")]
        triggers = [
            frozen(
                "opt_out_call_frozen_fields",
                "contact",
                "opened_at",
                "opened_by",
                "number",
                "handover",
                "named",
                "named_extension",
            ),
            set_once("opt_out_call_closed_once", "closed_at", "closed_by", "outcome"),
            *kept("opt_out_call"),
        ]

    def __str__(self) -> str:
        return instant_text(self.opened_at)


class CallStep(models.Model):
    """What was done with a call, by whom and when; `by` is empty where time itself gave it back."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        TAKEN = "taken", _("taken")
        TAKEN_OVER = "taken_over", _("taken over")
        HANDED_BACK = "handed_back", _("handed back")
        TIMED_OUT = "timed_out", _("given back by the portal: no press for a while")
        SIGNED_OUT = "signed_out", _("given back at the expert's sign-out")
        NOT_REACHED = "not_reached", _("not reached")
        ENDED = "ended", _("ended")

    call = models.ForeignKey(
        OptOutCall, verbose_name=_("call"), on_delete=models.PROTECT, related_name="steps"
    )
    at = models.DateTimeField(_("at"))
    kind = models.CharField(_("step"), max_length=12, choices=Kind)
    by = models.ForeignKey(
        "staff.User", verbose_name=_("by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("step of a call")
        verbose_name_plural = _("steps of calls")
        # a call's own steps, oldest first
        indexes = [models.Index(fields=["call", "id"], name="steps_of_a_call")]
        triggers = append_only("call_step")

    def __str__(self) -> str:
        return str(self.get_kind_display())


class LookUp(models.Model):
    """A customer whose name the opt-out call's box showed to somebody on a (Tehran) day: counted and kept,
    so that the box is no directory of all customers."""

    by = models.ForeignKey("staff.User", verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="look_ups"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        constraints = [
            # how many a person saw today; each customer once
            models.UniqueConstraint(fields=["by", "day", "contact"], name="look_up_once_a_day"),
        ]
        triggers = append_only("look_up")

    def __str__(self) -> str:
        return instant_text(self.at)
