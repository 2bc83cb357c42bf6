"""What happened and who did it. Rows only grow: the database refuses everything else."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.querysets import EntryQuerySet
from common.guards import append_only


class Entry(models.Model):
    """One action of one person (or of the machine), as it was committed with its effect.

    `actor_id` is the log-in's primary key without a foreign key: audit is the lowest floor and
    knows no other app, and an entry must outlive its actor's account.
    """

    at = models.DateTimeField(_("at"))
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
        triggers = append_only("audit_entry")

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
