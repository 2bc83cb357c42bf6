"""The record of how each refusal was made (C7.3)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.guards import append_only
from contacts.models.calls import OptOutCall
from contacts.models.customers import Contact
from contacts.models.words import WrittenWord


class ConsentEntry(models.Model):
    """The consent ledger: one change of one flag. It only grows; the flags are its last word."""

    class Flag(models.TextChoices):
        NO_PROMOTIONAL = "no_promotional", _("promotional messages are not sent")
        NO_MESSAGES = "no_messages", _("no message at all is sent")

    class Source(models.TextChoices):
        VOC_CALL = "voc_call", _("call with the VOC expert")
        MESSAGE = "message", _("customer's message")
        COMMAND = "command", _("operator's command")
        CORRECTION = "correction", _("correction")

    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="ledger"
    )
    at = models.DateTimeField(_("at"))
    flag = models.CharField(_("option"), max_length=16, choices=Flag)
    before = models.BooleanField(_("before"))
    after = models.BooleanField(_("after"))
    by = models.ForeignKey("staff.User", verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    source = models.CharField(_("source"), max_length=12, choices=Source)
    call = models.ForeignKey(
        OptOutCall,
        verbose_name=_("call"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
    )
    word = models.ForeignKey(
        WrittenWord,
        verbose_name=_("customer's written word"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
    )
    # the wrong entry that a correction names
    corrects = models.ForeignKey(
        "self",
        verbose_name=_("corrects"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
    )

    class Meta:
        verbose_name = _("consent entry")
        verbose_name_plural = _("consent history")
        constraints = [
            models.CheckConstraint(condition=~Q(before=F("after")), name="consent_entry_changes_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="consent_entry_has_a_reason"),
            # Reading 15. Entries of before the constraint stand as they are: the ledger only grows.
            models.CheckConstraint(
                condition=~Q(source="voc_call") | Q(call__isnull=False), name="consent_entry_has_its_call"
            ),
            models.CheckConstraint(
                condition=~Q(source="message") | Q(word__isnull=False), name="consent_entry_has_its_word"
            ),
            models.CheckConstraint(
                condition=Q(source="correction", corrects__isnull=False)
                | (~Q(source="correction") & Q(corrects__isnull=True)),
                name="consent_entry_corrects_one",
            ),
        ]
        # the history on a customer's card, newest first
        indexes = [models.Index(fields=["contact", "id"], name="consent_by_contact")]
        triggers = append_only("consent")

    def __str__(self) -> str:
        return str(self.get_flag_display())
