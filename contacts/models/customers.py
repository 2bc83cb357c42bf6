"""Customers, their numbers, and what each number does not get."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.wording import number_text
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
    those of a customer's refusal and open call (`source_id` is the customer) follow the customer's flags,
    those of a keyword the `WrittenWord` (`source_id`), by triggers, and nobody else may write them.
    """

    class Source(models.TextChoices):
        REFUSAL = "refusal", _("customer's refusal")
        CALL = "call", _("open call")
        KEYWORD = "keyword", _("customer's written word")

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
