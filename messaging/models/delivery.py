"""The recipients' deliveries, and the calls to the gateways that carry them.

Deliveries and their calls are written by `messaging.actions`, `dispatch`, `settlement` and `feedback` alone.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.guards import Guard, frozen, kept
from common.wording import number_text
from messaging.models.message import Message
from messaging.models.querysets import DeliveryQuerySet
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, forbidden_delivery_move

# Of a call: what was written down before its request.
INTENT = ("channel", "message", "worker", "intended_at", "write_deadline", "doubtful_at", "size")


class GatewayCall(models.Model):
    """One request to a gateway: the intent, written before it, and the outcome, after it."""

    class Outcome(models.TextChoices):
        PENDING = "pending", _("under way")
        ANSWERED = "answered", _("answered")
        NOT_SENT = "not_sent", _("proven not sent")
        UNKNOWN = "unknown", _("outcome unknown")
        SETTLED = "settled", _("settled")

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, related_name="calls"
    )
    worker = models.CharField(_("worker"), max_length=120)
    intended_at = models.DateTimeField(_("intended at"))
    write_deadline = models.DateTimeField(_("to be written before"))
    doubtful_at = models.DateTimeField(_("unknown after"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.PENDING)
    size = models.PositiveIntegerField(_("recipients"))
    campaign_id = models.CharField(_("provider's campaign"), max_length=40, blank=True)
    error = models.CharField(_("error"), max_length=60, blank=True)
    answer = models.TextField(_("the provider's answer (bounded, masked)"), blank=True)
    # Of a call of unknown outcome: how often the provider was asked without an outcome, what kept it from
    # telling (`messaging.settlement.proof.Obstacle`), when it is asked next (empty: after the quiet period),
    # and since when it is asked only if somebody presses. The claim inserts calls without these.
    settle_rounds = models.PositiveSmallIntegerField(_("times asked"), default=0, db_default=0)
    settle_said = models.CharField(
        _("why it cannot be told"), max_length=60, blank=True, default="", db_default=""
    )
    settle_due_at = models.DateTimeField(_("to be asked at"), null=True, blank=True)
    settle_given_up_at = models.DateTimeField(_("asked no more since"), null=True, blank=True)
    # The request alone, from before its first byte to its answer; empty where none was made.
    latency_ms = models.PositiveIntegerField(_("duration of the request (ms)"), null=True, blank=True)
    # NULL: nobody of the call waits for a delivery report.
    report_due_at = models.DateTimeField(_("next question about its reports"), null=True, blank=True)
    report_rounds = models.PositiveSmallIntegerField(
        _("questions about its reports"), default=0, db_default=0
    )
    # Voice: when the provider is to be asked to stop dialling (NULL: it is not), and when it answered that.
    stop_due_at = models.DateTimeField(_("to be stopped at"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("asked to stop at"), null=True, blank=True)
    # Least and greatest of the provider's ids, by which a report that comes by itself finds the call.
    first_provider_id = models.BigIntegerField(_("provider's first id"), null=True, blank=True)
    last_provider_id = models.BigIntegerField(_("provider's last id"), null=True, blank=True)

    class Meta:
        verbose_name = _("gateway call")
        verbose_name_plural = _("gateway calls")
        indexes = [
            # recovery: calls without an outcome past their time
            models.Index(fields=["doubtful_at"], condition=Q(outcome="pending"), name="call_pending"),
            # the pages about unknown outcomes: their calls, oldest first
            models.Index(fields=["finished_at"], condition=Q(outcome="unknown"), name="call_unknown"),
            # settlement: calls of a channel of which the provider is still to be asked
            models.Index(
                fields=["channel", "settle_due_at"],
                condition=Q(outcome="unknown", settle_given_up_at__isnull=True),
                name="call_to_settle",
            ),
            # operations: throughput and latency of the last quarter of an hour, by channel
            models.Index(fields=["channel", "finished_at"], name="call_by_channel_lately"),
            # delivery reports: calls to be asked about, the longest due first
            models.Index(
                fields=["channel", "report_due_at"],
                condition=Q(report_due_at__isnull=False),
                name="call_report_due",
            ),
            # a report that comes by itself: the calls whose ids begin just below its own
            models.Index(
                fields=["channel", "first_provider_id"],
                condition=Q(report_due_at__isnull=False),
                name="call_by_provider_id",
            ),
            # campaigns that the provider is to stop
            models.Index(
                fields=["channel", "stop_due_at"],
                condition=Q(stop_due_at__isnull=False),
                name="call_to_stop",
            ),
            # a day of a channel: the comparison with the provider's own list
            models.Index(fields=["channel", "intended_at"], name="call_by_day"),
        ]
        triggers = [frozen("call_frozen_fields", *INTENT), *kept("call")]

    def __str__(self) -> str:
        return f"{self.pk}"


class Delivery(models.Model):
    """A message's way to one recipient. A million of them is an ordinary day.

    No foreign key is enforced by the database: two of them cut planning from 192k to 53k rows a
    second, and none of the rows they point to is ever deleted. `contact_id` is empty for a line of
    an audience file that is no number at all.
    """

    message = models.ForeignKey(
        Message,
        verbose_name=_("message"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="deliveries",
    )
    contact = models.ForeignKey(
        "contacts.Contact",
        verbose_name=_("customer"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="deliveries",
    )
    call = models.ForeignKey(
        GatewayCall,
        verbose_name=_("gateway call"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="deliveries",
    )
    address = models.CharField(_("number"), max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState, default=DeliveryState.QUEUED)
    reason = models.CharField(
        _("reason"), max_length=24, choices=[(r.value, r.value) for r in Reason], blank=True, default=""
    )
    # NULL: held until an event (a decision, a call's end) releases it.
    not_before = models.DateTimeField(_("not before"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    provider_id = models.CharField(_("provider's id"), max_length=40, blank=True, default="")
    provider_status = models.CharField(_("provider's status"), max_length=60, blank=True, default="")
    updated_at = models.DateTimeField(_("updated at"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            # one delivery a recipient a message; a line given twice stays visible as `duplicate`
            models.UniqueConstraint(
                fields=["message", "address"],
                condition=~Q(reason="duplicate"),
                name="delivery_once_a_recipient",
            ),
        ]
        indexes = [
            # the claim: due rows of a message, oldest first
            models.Index(
                fields=["message", "not_before", "id"], condition=Q(state="queued"), name="delivery_due"
            ),
            # the rows of a call: its outcome, recovery, settlement, and its delivery reports
            models.Index(
                fields=["call"],
                condition=Q(state__in=["sending", "unknown", "accepted", "unreported"]),
                name="delivery_in_doubt",
            ),
            # a customer's card; and stopping what waits for a customer who opts out
            models.Index(fields=["contact", "id"], name="delivery_by_contact"),
        ]
        triggers = [
            Guard(
                name="delivery_allowed_moves",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(forbidden_delivery_move()),
            ),
            # A row that waits must not be turned to another number than the customer's it is judged by.
            frozen("delivery_frozen_fields", "message", "contact", "address"),
            *kept("delivery"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}: {number_text(self.address)}"
