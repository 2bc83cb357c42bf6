"""What people decided about deliveries of unknown outcome. The rows only grow; the database refuses the rest.

A decision is written by `messaging.actions.decide` alone.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.guards import append_only
from messaging.models.message import Message


class DoubtDecision(models.Model):
    """One press of one person about people of one message of whom nobody knows whether they have it.

    `seen` is how many people the press named, `people` how many of them were still unknown.
    """

    class Choice(models.TextChoices):
        RESEND = "resend", _("send again")
        ABANDON = "abandon", _("give up")
        SENT = "sent", _("it was sent")

    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, related_name="doubt_decisions"
    )
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey("staff.User", verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(_("choice"), max_length=8, choices=Choice)
    reason = models.CharField(_("reason"), max_length=300)
    seen = models.PositiveIntegerField(_("people named"))
    people = models.PositiveIntegerField(_("people decided about"))

    class Meta:
        verbose_name = _("decision about an unknown outcome")
        verbose_name_plural = _("decisions about unknown outcomes")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="doubt_decision_has_a_reason"),
            models.CheckConstraint(
                condition=Q(people__gt=0, people__lte=models.F("seen")),
                name="doubt_decision_is_about_those_named",
            ),
        ]
        triggers = append_only("doubt_decision")

    def __str__(self) -> str:
        return f"{self.message_id}: {self.choice}"


class DecidedDelivery(models.Model):
    """One delivery that a decision was about, and the call whose outcome nobody knew.

    Like `Delivery` itself without foreign keys in the database: a decision may be about thousands, and
    none of the rows pointed to is ever deleted.
    """

    decision = models.ForeignKey(
        DoubtDecision,
        verbose_name=_("decision"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    delivery_id = models.BigIntegerField(_("delivery"))
    call_id = models.BigIntegerField(_("gateway call"))

    class Meta:
        verbose_name = _("delivery decided about")
        verbose_name_plural = _("deliveries decided about")
        constraints = [
            # one decision an outcome; also serves "who decided about this delivery?" and the checker's join
            models.UniqueConstraint(fields=["delivery_id", "call_id"], name="decided_once_a_doubt"),
        ]
        triggers = append_only("decided_delivery")

    def __str__(self) -> str:
        return f"{self.delivery_id}"
