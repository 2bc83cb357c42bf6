"""A message, who answers for it, what stops it, whom it means, and the leave to reach who refused.

Messages are written by `messaging.actions` alone.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from channels.models import PURPOSES
from common.guards import Guard, append_only, frozen, kept, set_once
from messaging.models.querysets import MessageQuerySet
from messaging.states import MessageStatus, forbidden_message_move

# Written once, at submission (C7.7): whoever answers for the message, and what it says.
FROZEN = (
    "sender_id",
    "sender_manager_id",
    "department_id",
    "channel_id",
    "purpose",
    "text",
    "audience",
    "submitted_at",
    "submitted_by_id",
    "submission_key",
    "scheduled_at",
    "expires_at",
    "priority",
)


class Message(models.Model):
    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="messages"
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=PURPOSES)
    text = models.TextField(_("text"))
    audience = models.JSONField(_("audience"))
    sender = models.ForeignKey(
        "staff.Employee", verbose_name=_("sender"), on_delete=models.PROTECT, related_name="sent_messages"
    )
    sender_manager = models.ForeignKey(
        "staff.Employee",
        verbose_name=_("sender's direct manager"),
        on_delete=models.PROTECT,
        related_name="team_messages",
    )
    department = models.ForeignKey(
        "staff.Department", verbose_name=_("department"), on_delete=models.PROTECT, related_name="messages"
    )
    submitted_by = models.ForeignKey(
        "staff.User", verbose_name=_("submitted by"), on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(_("submitted at"))
    # Pressing send twice is one message: the form's own key.
    submission_key = models.UUIDField(_("submission key"), unique=True)
    scheduled_at = models.DateTimeField(_("not before"), null=True, blank=True)
    expires_at = models.DateTimeField(_("useless after"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"))
    status = models.CharField(
        _("status"), max_length=10, choices=MessageStatus, default=MessageStatus.SUBMITTED
    )
    planned_at = models.DateTimeField(_("planned at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    # Avanak: the audio made from the text, once a message.
    audio_id = models.BigIntegerField(_("audio id"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = [
            ("submit_message", "May submit a message"),
            ("stop_message", "May pause, resume and cancel a message"),
            ("settle_doubt", "May decide about recipients whose outcome is unknown"),
            ("view_all_messages", "May see every department's messages"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="message_has_a_text"),
            models.CheckConstraint(
                condition=~Q(sender=F("sender_manager")), name="message_sender_is_not_the_manager"
            ),
            models.CheckConstraint(
                condition=Q(status="submitted", planned_at__isnull=True)
                | Q(status="cancelled")
                | Q(planned_at__isnull=False),
                name="message_planned_before_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(status__in=["finished", "cancelled"]),
                name="message_finished_at_when_finished",
            ),
        ]
        indexes = [
            # the pump's look at what is under way, most urgent first
            models.Index(
                fields=["channel", "priority", "id"],
                condition=Q(status__in=["submitted", "running"]),
                name="message_under_way",
            ),
            # the list of one department
            models.Index(fields=["department", "-id"], name="message_by_department"),
        ]
        triggers = [
            frozen("message_frozen_fields", *(name.removesuffix("_id") for name in FROZEN)),
            Guard(
                name="message_allowed_moves",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(forbidden_message_move()),
            ),
            *kept("message"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.text[:40]}"


class MessageStop(models.Model):
    """The flag that stops a whole message: seen by every claim that begins after it is committed."""

    class Kind(models.TextChoices):
        PAUSE = "pause", _("pause")
        CANCEL = "cancel", _("cancel")

    message = models.ForeignKey(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, related_name="stops"
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    at = models.DateTimeField(_("at"))
    # empty: the machine, since the provider refuses the content or fails at it alone
    by = models.ForeignKey(
        "staff.User", verbose_name=_("by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("lifted by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = _("stop")
        verbose_name_plural = _("stops")
        constraints = [
            # also serves the claim's question "is there a stop?"
            models.UniqueConstraint(
                fields=["message", "kind"],
                condition=Q(lifted_at__isnull=True),
                name="one_open_stop_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(kind="pause", lifted_at__isnull=False),
                name="only_a_pause_is_lifted",
            ),
        ]
        triggers = [
            frozen("stop_frozen_fields", "message", "kind", "at", "by", "reason"),
            set_once("stop_lifted_once", "lifted_at", "lifted_by"),
            *kept("stop"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"


class AudienceMember(models.Model):
    """One line of an audience file, kept as given; `address` is empty where it is no number."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="audience_members")
    line = models.PositiveIntegerField(_("line"))
    raw = models.CharField(_("as given"), max_length=64)
    address = models.CharField(_("number"), max_length=16, blank=True)

    class Meta:
        verbose_name = _("line of an audience file")
        verbose_name_plural = _("lines of an audience file")
        constraints = [models.UniqueConstraint(fields=["message", "line"], name="audience_line_once")]
        triggers = append_only("audience")

    def __str__(self) -> str:
        return f"{self.line}: {self.raw}"


class Override(models.Model):
    """Senior management's leave to send one message to people who opted out (C7.4, readings 5, 6).

    While it is asked for and not decided the message waits; once approved it lifts both flags for
    exactly the content whose hash it carries, until it expires or is revoked.
    """

    message = models.OneToOneField(
        Message, verbose_name=_("message"), on_delete=models.PROTECT, related_name="override"
    )
    reason = models.TextField(_("reason"))
    content_hash = models.CharField(_("hash of the content"), max_length=64)
    requested_by = models.ForeignKey(
        "staff.User", verbose_name=_("requested by"), on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(_("requested at"))
    approved_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("approved by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("emergency override")
        verbose_name_plural = _("emergency overrides")
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True, expires_at__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False, expires_at__gt=F("approved_at")),
                name="override_approval_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="override_approver_is_not_requester",
            ),
        ]
        triggers = [
            frozen(
                "override_frozen_fields",
                *("message", "reason", "content_hash", "requested_by", "requested_at"),
            ),
            set_once("override_approved_once", "approved_at", "approved_by", "expires_at"),
            # A revoked one stays revoked, and is not approved afterwards.
            set_once("override_revoked_once", "revoked_at", "approved_at", "approved_by", "expires_at"),
            *kept("override"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}"
