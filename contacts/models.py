"""Customers, what they refused (C7.3), and the record of how each refusal was made."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.guards import append_only, frozen, kept, set_once
from common.wording import instant_text, number_text
from contacts.keys import Key, TagKeys
from contacts.querysets import ContactQuerySet
from contacts.triggers import flags_follow_the_ledger

MOBILE = r"^\+989[0-9]{9}$"


class Contact(models.Model):
    """A customer. `address` (the mobile, else the landline; E.164) names one customer only.

    The flags say what the customer refused; only `contacts.actions` changes them, each time with
    an entry in the ledger. `voc_call_open` is true from an opt-out call until the VOC expert
    decides (reading 7).
    """

    name = models.CharField(_("name"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    customer_no = models.CharField(_("customer number"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    mobile = models.CharField(_("mobile"), max_length=16, null=True, blank=True)  # noqa: DJ001 (unknown is NULL)
    phone = models.CharField(_("landline"), max_length=16, null=True, blank=True)  # noqa: DJ001
    address = models.GeneratedField(
        verbose_name=_("number"),
        expression=Coalesce("mobile", "phone"),
        output_field=models.CharField(max_length=16),
        db_persist=True,
    )
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("tags"), default=list, blank=True)
    # Folded name, company, customer number and numbers: what the search box looks in.
    search_text = models.TextField(editable=False, default="")
    no_promotional = models.BooleanField(_("promotional messages are not sent"), default=False)
    no_messages = models.BooleanField(_("no message at all is sent"), default=False)
    voc_call_open = models.BooleanField(_("VOC call open"), default=False)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [
            ("import_contacts", "May import customers"),
            ("set_consent", "May set and clear what a customer refused"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["address"], name="contact_address_unique"),
            models.CheckConstraint(
                condition=Q(mobile__isnull=False) | Q(phone__isnull=False), name="contact_has_a_number"
            ),
            models.CheckConstraint(
                condition=Q(mobile__isnull=True) | Q(mobile__regex=MOBILE),
                name="contact_mobile_e164",
            ),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="contact_phone_e164",
            ),
        ]
        indexes = [
            # an audience by tag; the list's filter
            GinIndex(TagKeys("tags"), name="contact_tag_keys"),
            # whose customer number this is, in any spelling: the import's guard
            models.Index(Key("customer_no"), name="contact_customer_no_key", condition=~Q(customer_no="")),
            # the search box: any part of a folded name or number
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="contact_search"),
        ]
        triggers = flags_follow_the_ledger()

    def __str__(self) -> str:
        return self.name or self.company or number_text(self.mobile or self.phone or "")


class Number(models.Model):
    """A number that a customer gave, from `since` on; `until` is when the record ceased to carry it.

    It stays theirs all the same, and so does every refusal that covers it (reading 10): rows are written
    by a trigger of the customers' table (migration `0005_numbers_and_restrictions`) and never deleted.
    """

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("mobile")
        LANDLINE = "landline", _("landline")

    # No foreign key in the database: its check of each row made an import slower by a tenth, and no
    # customer is ever deleted (a trigger refuses it).
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="numbers",
    )
    number = models.CharField(_("number"), max_length=16)
    kind = models.GeneratedField(
        verbose_name=_("kind"),
        expression=Case(When(number__regex=MOBILE, then=Value("mobile")), default=Value("landline")),
        output_field=models.CharField(max_length=8, choices=Kind),
        db_persist=True,
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer's number")
        verbose_name_plural = _("customers' numbers")
        constraints = [
            # whose number it is: the audience of a file, the stop, the explanation, an incoming message
            models.UniqueConstraint(fields=["number", "contact"], name="number_once_a_customer"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="number_until_after_since"
            ),
        ]
        # all numbers of a customer: the trigger that keeps their restrictions, the stop, the card
        indexes = [models.Index(fields=["contact"], name="number_by_contact")]

    def __str__(self) -> str:
        return self.number


class Restriction(models.Model):
    """What an address does not get, by the word of one source; what all sources say is their OR.

    `address` is a number in E.164 (later also an e-mail address). Each source touches its own rows alone:
    those of a customer's refusal and open call (`source_id` is the customer) follow the customer's flags
    by triggers, and nobody else may write them.
    """

    class Source(models.TextChoices):
        REFUSAL = "refusal", _("customer's refusal")
        CALL = "call", _("open call")

    address = models.CharField(_("address"), max_length=254)
    source = models.CharField(_("source"), max_length=12, choices=Source)
    source_id = models.BigIntegerField(_("source id"))
    stops_all = models.BooleanField(_("no message at all is sent"), default=False)
    stops_promotional = models.BooleanField(_("promotional messages are not sent"), default=False)
    holds_promotional = models.BooleanField(_("promotional messages wait"), default=False)

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints = [
            # what an address does not get: claim, plan, stop, explanation; and a source's own row
            models.UniqueConstraint(
                fields=["address", "source", "source_id"], name="restriction_once_a_source"
            ),
            models.CheckConstraint(
                condition=Q(stops_all=True) | Q(stops_promotional=True) | Q(holds_promotional=True),
                name="restriction_restricts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.source} {self.source_id}"


class OptOutCall(models.Model):
    """A customer's call about messages (C7.2), open until a VOC expert decides."""

    contact = models.ForeignKey(
        Contact, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="calls"
    )
    opened_at = models.DateTimeField(_("opened at"))
    opened_by = models.ForeignKey(
        "staff.User", verbose_name=_("opened by"), on_delete=models.PROTECT, related_name="+"
    )
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
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(closed_at__isnull=True), name="one_open_call"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__gte=F("opened_at"), closed_by__isnull=False),
                name="call_closed_at_and_by",
            ),
        ]
        triggers = [
            frozen("opt_out_call_frozen_fields", "contact", "opened_at", "opened_by"),
            set_once("opt_out_call_closed_once", "closed_at", "closed_by"),
            *kept("opt_out_call"),
        ]

    def __str__(self) -> str:
        return instant_text(self.opened_at)


class ConsentEntry(models.Model):
    """The consent ledger: one change of one flag. It only grows; the flags are its last word."""

    class Flag(models.TextChoices):
        NO_PROMOTIONAL = "no_promotional", _("promotional messages are not sent")
        NO_MESSAGES = "no_messages", _("no message at all is sent")

    class Source(models.TextChoices):
        VOC_CALL = "voc_call", _("call with the VOC expert")
        COMMAND = "command", _("operator's command")

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
        ]
        # the history on a customer's card, newest first
        indexes = [models.Index(fields=["contact", "id"], name="consent_by_contact")]
        triggers = append_only("consent")

    def __str__(self) -> str:
        return str(self.get_flag_display())


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
