"""What customers wrote about messages (reading 16)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.guards import frozen, kept, set_once
from common.wording import instant_text
from contacts.models.customers import Contact


class WrittenWord(models.Model):
    """A customer's message that is a keyword of the opt-out, or holds one.

    While `restricts` is true its number gets no promotional messages: the row in `Restriction` follows it by
    a trigger. A keyword restricts at once, by nobody. It is a task until a VOC expert decides (`decided_at`);
    from then on it restricts nothing, and the expert's word stands in its place.
    """

    class Meaning(models.TextChoices):
        OPT_OUT = "opt_out", _("asks for no more promotional messages")
        OPT_IN = "opt_in", _("asks for promotional messages again")
        PERHAPS = "perhaps", _("perhaps an opt-out")

    class Outcome(models.TextChoices):
        SET = "set", _("an option was activated")
        CLEARED = "cleared", _("an option was deactivated")
        UNCHANGED = "unchanged", _("nothing was changed")
        NO_OPT_OUT = "no_opt_out", _("it was no opt-out")

    number = models.CharField(_("number"), max_length=16)
    # who was reached at the number then; others may have it as well
    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="written_words"
    )
    text = models.TextField(_("text"))
    # where the message lies, by its owner's name for it: each is judged once
    reference = models.CharField(_("message"), max_length=60)
    meaning = models.CharField(_("meaning"), max_length=10, choices=Meaning)
    said_at = models.DateTimeField(_("said at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    restricts = models.BooleanField(_("restricts the number"), default=False)
    # “perhaps an opt-out”: somebody said that it is one
    sorted_at = models.DateTimeField(_("sorted at"), null=True, blank=True)
    sorted_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("sorted by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("decided by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("customer's written word")
        verbose_name_plural = _("customers' written words")
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="written_word_once_a_message"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, outcome="")
                | (Q(decided_at__isnull=False, decided_by__isnull=False, restricts=False) & ~Q(outcome="")),
                name="written_word_decided_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(sorted_at__isnull=True, sorted_by__isnull=True)
                | Q(sorted_at__isnull=False, sorted_by__isnull=False),
                name="written_word_sorted_at_and_by",
            ),
            # A keyword restricts from its first instant, whoever writes the row.
            models.CheckConstraint(
                condition=~Q(meaning="opt_out") | Q(restricts=True) | Q(decided_at__isnull=False),
                name="written_word_restricts_until_decided",
            ),
        ]
        indexes = [
            # the desk's tasks, oldest first
            models.Index(fields=["said_at"], condition=Q(decided_at__isnull=True), name="open_written_words"),
            # a customer's card
            models.Index(fields=["contact", "id"], name="written_words_by_contact"),
        ]
        triggers = [
            frozen(
                "written_word_frozen_fields",
                *("number", "contact", "text", "reference", "meaning", "said_at", "recorded_at"),
            ),
            set_once("written_word_sorted_once", "sorted_at", "sorted_by"),
            set_once("written_word_decided_once", "decided_at", "decided_by", "outcome", "note", "restricts"),
            *kept("written_word"),
        ]

    def __str__(self) -> str:
        return instant_text(self.said_at)
