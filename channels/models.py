"""The register of official channels (PR_MA_04, C1–C9), their sending windows and outages."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from channels.querysets import ChannelQuerySet, OutageQuerySet
from channels.windows import clock_text
from common.guards import frozen, kept, set_once
from common.media import BY_MEDIUM, MEDIA, Medium, Purpose
from common.wording import instant_text


class Kind(models.TextChoices):
    WEBSITE = "website", _("Website")
    SOCIAL = "social", _("Social media")
    PORTAL = "portal", _("Customer portal")
    MEETING = "meeting", _("Online meetings")
    REMOTE = "remote", _("Remote access")
    SCREEN = "screen", _("Screen")
    SMS = Medium.SMS.value, _("SMS")
    VOICE = Medium.VOICE.value, _("Voice message")
    CHAT = "chat", _("Online chat")
    EMAIL = "email", _("E-mail address")


PURPOSES: Final = {
    Purpose.NOTIFICATION: _("Notification"),
    Purpose.PROMOTIONAL: _("Promotional"),
    Purpose.SURVEY: _("Survey"),
}


class Channel(models.Model):
    code = models.SlugField(_("code"), unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    owner = models.ForeignKey(
        "staff.Department",
        verbose_name=_("owning department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="channels",
    )
    clause = models.CharField(_("clause"), max_length=10)
    usage_rule = models.TextField(_("usage rule"))
    usage_rule_en = models.TextField(_("usage rule in English"), blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        permissions = [
            ("declare_outage", "May declare and end an outage"),
            ("change_windows", "May change the sending windows"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def clean(self) -> None:
        """A channel of messages without a gateway would take messages, and never send them."""
        super().clean()
        row = MEDIA.get(self.code)
        if self.is_active and self.kind in BY_MEDIUM and (row is None or row.medium != self.kind):
            # Of no field: one that is in the register already cannot change its code or kind.
            raise ValidationError(
                _(
                    "The portal sends by the channels “sms” (SMS) and “avanak” (voice message) only;"
                    " for “%(code)s” it has no such gateway."
                ),
                params={"code": self.code},
            )

    @property
    def display_name(self) -> str:
        return self.name_en if get_language() == "en" and self.name_en else self.name

    @property
    def display_rule(self) -> str:
        return self.usage_rule_en if get_language() == "en" and self.usage_rule_en else self.usage_rule


class SendingWindow(models.Model):
    """One interval of one weekday in which a purpose may leave by a channel (C7.6).

    Minutes from midnight in Asia/Tehran, half-open: `[opens, closes)`; 1440 is midnight at the
    day's end. An interval past midnight is two rows. Weekdays as Python's: Monday 0 … Sunday 6.
    """

    class Weekday(models.IntegerChoices):
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")

    channel = models.ForeignKey(
        Channel, verbose_name=_("channel"), on_delete=models.CASCADE, related_name="windows"
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=PURPOSES)
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.PositiveSmallIntegerField(_("opens (minute of the day)"))
    closes = models.PositiveSmallIntegerField(_("closes (minute of the day)"))

    class Meta:
        verbose_name = _("sending window")
        verbose_name_plural = _("sending windows")
        constraints = [
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes"), closes__lte=1440),
                name="window_opens_before_it_closes",
                violation_error_message=_("A window opens before it closes, within one day."),
            ),
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="window_weekday",
                violation_error_message=_("A weekday is 0 (Monday) to 6 (Sunday)."),
            ),
            ExclusionConstraint(
                name="windows_do_not_overlap",
                expressions=[
                    ("channel", RangeOperators.EQUAL),
                    ("purpose", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (
                        Func(
                            "opens",
                            "closes",
                            RangeBoundary(),
                            function="int4range",
                            output_field=IntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("The window overlaps another one of the same day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens_at}–{self.closes_at}"

    @property
    def opens_at(self) -> str:
        return clock_text(self.opens)

    @property
    def closes_at(self) -> str:
        return clock_text(self.closes)


class WindowsChange(models.Model):
    """A person's change of a purpose's sending windows on a channel (C7.6).

    `before` and `after` are spelled as in the audit trail. `told_at`: when senior management and the
    auditors were told of it by mail.
    """

    channel = models.ForeignKey(
        Channel, verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+"
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=PURPOSES)
    before = models.JSONField(_("before"), default=list)
    after = models.JSONField(_("after"), default=list)
    reason = models.CharField(_("reason"), max_length=300)
    changed_by = models.ForeignKey(
        "staff.User", verbose_name=_("changed by"), on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(_("changed at"))
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of the sending windows")
        verbose_name_plural = _("changes of the sending windows")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="windows_change_has_a_reason"),
        ]
        triggers = [
            frozen(
                "windows_change_frozen_fields",
                *("channel", "purpose", "before", "after", "reason", "changed_by", "changed_at"),
            ),
            *kept("windows_change"),
        ]

    def __str__(self) -> str:
        return instant_text(self.changed_at)


class Outage(models.Model):
    """A time in which a channel's operator was down (C7.5, reading 8): declared or detected.

    `told_at` and `end_told_at` say when its beginning and its end were told by mail.
    """

    class Origin(models.TextChoices):
        DECLARED = "declared", _("declared by a person")
        DETECTED = "detected", _("detected from the gateway's failures")

    class Cause(models.TextChoices):
        """What is the matter, as far as the failure tells; `channels/labels.py` has the sentences."""

        DECLARED = "declared", _("declared by a colleague")
        NETWORK = "network", _("no connection to the provider")
        PROVIDER = "provider", _("disturbance at the provider")
        ACCOUNT = "account", _("the provider refuses our account")
        CREDIT = "credit", _("credit exhausted")
        UNCLEAR = "unclear", _("answers that make no sense")

    channel = models.ForeignKey(
        Channel, verbose_name=_("channel"), on_delete=models.CASCADE, related_name="outages"
    )
    origin = models.CharField(_("origin"), max_length=10, choices=Origin)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, default=Cause.UNCLEAR)
    # the provider's own word for the failure, or that of our client
    code = models.CharField(_("code"), max_length=60, blank=True, default="")
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    declared_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("declared by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    ended_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("ended by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    told_at = models.DateTimeField(_("beginning told at"), null=True, blank=True)
    end_told_at = models.DateTimeField(_("end told at"), null=True, blank=True)

    # A detected outage: when the gateway may be asked again, and how many trials of it failed.
    next_probe_at = models.DateTimeField(_("asked again at"), null=True, blank=True)
    trials = models.PositiveSmallIntegerField(_("failed trials"), default=0)

    objects = OutageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        constraints = [
            # one open outage of each origin a channel; also serves "is the channel down now?"
            models.UniqueConstraint(
                fields=["channel", "origin"], condition=Q(ended_at__isnull=True), name="one_open_outage"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="outage_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(origin="detected") | Q(declared_by__isnull=False),
                name="declared_outage_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(origin="declared", cause="declared")
                | (Q(origin="detected") & ~Q(cause="declared")),
                name="outage_cause_fits_its_origin",
            ),
            models.CheckConstraint(
                condition=Q(origin="detected") | ~Q(reason=""), name="declared_outage_has_a_reason"
            ),
        ]
        indexes = [
            # a channel's page: its outages, newest first
            models.Index(fields=["channel", "-started_at"], name="outage_by_channel"),
            # the ramp: has an outage of the channel ended a moment ago; and ends not told yet
            models.Index(fields=["channel", "ended_at"], name="outage_by_end"),
        ]
        triggers = [
            frozen("outage_frozen_fields", "channel", "origin", "reason", "started_at", "declared_by"),
            set_once("outage_ended_once", "ended_at", "ended_by"),
            *kept("outage"),
        ]

    def __str__(self) -> str:
        return instant_text(self.started_at)

    @property
    def length(self) -> timedelta | None:
        """How long it was; None while it goes on."""
        return self.ended_at - self.started_at if self.ended_at else None
