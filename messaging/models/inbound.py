"""What the providers send of themselves: customers' messages, and calls to our own address.

Inbound messages are written by `messaging.feedback` alone, and never changed but for `judged_at`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.guards import append_only, frozen, kept, set_once


class InboundMessage(models.Model):
    """A customer's message. The provider gives each once only, so it is stored before anything else."""

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    # '' where the provider gave none that can be one: then the digest tells it from others.
    provider_id = models.CharField(_("provider's id"), max_length=40, blank=True)
    digest = models.CharField(_("digest of the content"), max_length=64)
    # E.164, '' where the sender is no number that can be reached
    number = models.CharField(_("number"), max_length=16, blank=True)
    mobile = models.CharField(_("sender, as the provider gave it"), max_length=40, blank=True)
    line = models.CharField(_("line"), max_length=40, blank=True)
    text = models.TextField(_("text"), blank=True)
    truncated = models.BooleanField(_("text cut off"), default=False)
    raw = models.TextField(_("the provider's row (bounded)"), blank=True)
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    stored_at = models.DateTimeField(_("stored at"))
    # when it was looked at whether it is a word about messages (reading 16)
    judged_at = models.DateTimeField(_("judged at"), null=True, blank=True)

    class Meta:
        verbose_name = _("received message")
        verbose_name_plural = _("received messages")
        constraints = [
            # given out twice, it is one message
            models.UniqueConstraint(
                fields=["channel", "provider_id"], condition=~Q(provider_id=""), name="inbound_once"
            ),
            models.UniqueConstraint(
                fields=["channel", "digest"], condition=Q(provider_id=""), name="inbound_once_without_an_id"
            ),
        ]
        # those that nobody has judged yet
        indexes = [models.Index(fields=["id"], condition=Q(judged_at__isnull=True), name="inbound_to_judge")]
        triggers = [
            frozen(
                "inbound_frozen_fields",
                *("channel", "provider_id", "digest", "number", "mobile", "line", "text", "truncated"),
                *("raw", "received_at", "stored_at"),
            ),
            set_once("inbound_judged_once", "judged_at"),
            *kept("inbound"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class UnreadableInbound(models.Model):
    """A part of the provider's list, both ends included, that could not be read: customers' messages of this
    time may be missing. `raw` is the beginning of the answer, masked (`common.masking`)."""

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))
    code = models.CharField(_("error"), max_length=60)
    raw = models.TextField(_("the provider's answer (bounded, masked)"), blank=True)
    found_at = models.DateTimeField(_("found at"))

    class Meta:
        verbose_name = _("unreadable part of the received messages")
        verbose_name_plural = _("unreadable parts of the received messages")
        constraints = [
            models.UniqueConstraint(fields=["channel", "since", "until"], name="unreadable_inbound_once")
        ]
        triggers = append_only("unreadable_inbound")

    def __str__(self) -> str:
        return f"{self.pk}"


class InboundCursor(models.Model):
    """When a channel's provider is asked next for what came in, and up to when its list was compared."""

    channel = models.OneToOneField(
        "channels.Channel", on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    due_at = models.DateTimeField()
    compare_due_at = models.DateTimeField()
    compared_until = models.DateTimeField()

    class Meta:
        verbose_name = _("position in the received messages")
        verbose_name_plural = _("positions in the received messages")

    def __str__(self) -> str:
        return f"{self.channel_id}"


class ProviderCallback(models.Model):
    """What somebody posted to a provider's address here: kept raw, and believed only after asking."""

    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField(_("received at"))
    body = models.BinaryField(_("body"))
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    note = models.CharField(_("what came of it"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("call of a provider")
        verbose_name_plural = _("calls of the providers")
        indexes = [
            # those that nobody has looked at yet
            models.Index(fields=["id"], condition=Q(handled_at__isnull=True), name="callback_waiting"),
            # how many came in the last minute
            models.Index(fields=["channel", "received_at"], name="callback_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
