"""What happened and who did it. Rows only grow: the database refuses everything else."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.heads import Head
from audit.querysets import EntryQuerySet
from audit.signing import Statement
from common.guards import GuardTrigger, append_only, frozen, kept


class Entry(models.Model):
    """One action of one person (or of the machine), as it was committed with its effect.

    `actor_id` is the log-in's primary key without a foreign key: audit is the lowest floor and
    knows no other app, and an entry must outlive its actor's account.
    """

    at = models.DateTimeField(_("at"))
    # The database's own clock, by a trigger; NULL in entries from before this column.
    recorded_at = models.DateTimeField(_("recorded at"), null=True, editable=False)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    actor = models.CharField(_("actor"), max_length=150)
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("object type"), max_length=60)
    object_id = models.CharField(_("object id"), max_length=60)
    data = models.JSONField(_("data"), default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            # the history of one object
            models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),
            # the admin's newest first, and a period of the audit pack
            models.Index(fields=["at", "id"], name="audit_by_time"),
        ]
        triggers = [
            *append_only("audit_entry"),
            GuardTrigger(
                name="audit_entry_recorded_at",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="NEW.recorded_at := clock_timestamp(); RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"


class Link(models.Model):
    """A link of the chain: the SHA-256 of the link before it and of its entry's content."""

    entry_id = models.BigIntegerField(_("entry"), unique=True)
    digest = models.BinaryField(_("digest"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("link of the chain")
        verbose_name_plural = _("links of the chain")
        triggers = append_only("audit_link")

    def __str__(self) -> str:
        return str(self.pk)


class Seal(models.Model):
    """A signed statement about the chain: its length, its last entry and digest, and the instant.

    Numbered from 1 without gaps; `links` is the number of the last link that it covers.
    """

    links = models.BigIntegerField(_("links"))
    last_entry = models.BigIntegerField(_("last entry"))
    head = models.BinaryField(_("digest of the last link"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed at"))
    key = models.CharField(_("key"), max_length=16)
    signature = models.BinaryField(_("signature"), max_length=64)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        triggers = append_only("audit_seal")

    def __str__(self) -> str:
        return str(self.pk)

    def as_head(self) -> Head:
        said = Statement(self.pk, self.links, self.last_entry, bytes(self.head), self.sealed_at)
        return Head(said, self.key, bytes(self.signature))


class Verification(models.Model):
    """One nightly walk along the chain and what it found. `fault` is empty where the trail holds."""

    at = models.DateTimeField(_("at"))
    links = models.BigIntegerField(_("links"))
    late = models.PositiveIntegerField(_("entries sealed late"), default=0)
    fault = models.CharField(_("fault"), max_length=20, blank=True)
    detail = models.TextField(_("what is wrong"), blank=True)
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("verification of the trail")
        verbose_name_plural = _("verifications of the trail")
        triggers = [
            frozen("verification_frozen_fields", "at", "links", "late", "fault", "detail"),
            *kept("verification"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def holds(self) -> bool:
        return not self.fault
