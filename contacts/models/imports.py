"""Imported lists, and what became of their rows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.guards import append_only
from contacts.models.customers import Contact


class ContactImport(models.Model):
    """One imported file: its bytes' hash, who, and what became of its rows."""

    class Status(models.TextChoices):
        PREVIEWED = "previewed", _("previewed")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    file_name = models.CharField(_("file"), max_length=200)
    # put on every customer of the list
    tag = models.CharField(_("tag"), max_length=40, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    stored_as = models.CharField(_("stored as"), max_length=300, blank=True)
    by = models.ForeignKey(
        "staff.User", verbose_name=_("by"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status)
    # Counted and committed before the work: what kills its worker is not tried for ever.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    tried_at = models.DateTimeField(_("tried at"), null=True, blank=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    updated = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    error = models.TextField(_("error"), blank=True)
    # the file's first row, for the report of what was refused
    header = ArrayField(models.TextField(), verbose_name=_("header"), default=list, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name

    @property
    def taken(self) -> int:
        """The rows that were not refused, each a customer of its own."""
        return self.rows - self.refused


class ImportedCustomers(models.Model):
    """The customers of a finished import: new, changed and unchanged ones. Messages are addressed to them."""

    imported = models.OneToOneField(
        ContactImport, verbose_name=_("import"), on_delete=models.PROTECT, related_name="customers"
    )
    # One array: a row for each of 200,000 customers would cost the import more than the customers do.
    contact_ids = ArrayField(models.BigIntegerField(), verbose_name=_("customers"))

    class Meta:
        verbose_name = _("customers of an import")
        verbose_name_plural = _("customers of imports")
        triggers = append_only("imported_customers")

    def __str__(self) -> str:
        return str(self.imported)


class ImportChange(models.Model):
    """What an import changed of a customer: `changes` holds [before, after] by field."""

    # No foreign keys in the database, as with `Number`: their checks of each row would slow every import.
    imported = models.ForeignKey(
        ContactImport,
        verbose_name=_("import"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("customer"),
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="import_changes",
    )
    changes = models.JSONField(_("what was changed"))

    class Meta:
        verbose_name = _("change by an import")
        verbose_name_plural = _("changes by imports")
        # the changes on a customer's card, newest first
        indexes = [models.Index(fields=["contact", "id"], name="import_change_by_contact")]
        triggers = append_only("import_change")

    def __str__(self) -> str:
        return ", ".join(self.changes)


class RefusedRow(models.Model):
    """A row of an import that was not taken, and why."""

    imported = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="refused_rows")
    row = models.PositiveIntegerField(_("row"))
    field = models.CharField(_("column"), max_length=40, blank=True)
    value = models.CharField(_("value"), max_length=200, blank=True)
    code = models.CharField(_("reason"), max_length=40)
    # the whole row as it stood in the file, with the first of its faults
    cells = ArrayField(models.TextField(), verbose_name=_("cells"), null=True)

    class Meta:
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        indexes = [models.Index(fields=["imported", "row"], name="refused_by_import")]

    def __str__(self) -> str:
        return f"{self.row}: {self.code}"
