"""The duty roster of the VOC experts: a weekly pattern, single days instead of it, and fallbacks (C7.2)."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from channels.models import SendingWindow
from common.guards import frozen, kept, set_once
from common.wording import day_text
from contacts.querysets import DutyQuerySet

Weekday = SendingWindow.Weekday

_HOURS = Func("starts", "ends", RangeBoundary(), function="int4range", output_field=IntegerRangeField())
_STANDS = Q(ended_at__isnull=True)


class DutyShift(models.Model):
    """An expert's hours on one weekday, every week until somebody ends it.

    Minutes from midnight in Asia/Tehran, half-open: `[starts, ends)`; 1440 is midnight at the day's end.
    Weekdays as Python's: Monday 0 … Sunday 6.
    """

    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    starts = models.PositiveSmallIntegerField(_("starts (minute of the day)"))
    ends = models.PositiveSmallIntegerField(_("ends (minute of the day)"))
    expert = models.ForeignKey(
        "staff.User", verbose_name=_("VOC expert"), on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("ended by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("weekly duty")
        verbose_name_plural = _("weekly duties")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts__lt=F("ends"), ends__lte=1440, weekday__lte=6), name="duty_shift_hours"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="duty_shift_ended_at_and_by",
            ),
            # one expert at a time; also serves "who is on duty now"
            ExclusionConstraint(
                name="duty_shifts_do_not_overlap",
                expressions=[("weekday", RangeOperators.EQUAL), (_HOURS, RangeOperators.OVERLAPS)],
                condition=_STANDS,
            ),
        ]
        triggers = [
            frozen("duty_shift_frozen_fields", "weekday", "starts", "ends", "expert"),
            set_once("duty_shift_ended_once", "ended_at", "ended_by"),
            *kept("duty_shift"),
        ]

    def __str__(self) -> str:
        return str(self.get_weekday_display())


class DutyDay(models.Model):
    """Hours of one date; a date that has any does without the weekly pattern. Without an expert: nobody is on
    duty on that day. `starts` and `ends` as in `DutyShift`."""

    day = models.DateField(_("day"))
    starts = models.PositiveSmallIntegerField(_("starts (minute of the day)"), default=0)
    ends = models.PositiveSmallIntegerField(_("ends (minute of the day)"), default=1440)
    expert = models.ForeignKey(
        "staff.User",
        verbose_name=_("VOC expert"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        "staff.User",
        verbose_name=_("ended by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty of a single day")
        verbose_name_plural = _("duties of single days")
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends"), ends__lte=1440), name="duty_day_hours"),
            models.CheckConstraint(
                condition=Q(expert__isnull=False) | Q(starts=0, ends=1440), name="nobody_is_a_whole_day"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="duty_day_ended_at_and_by",
            ),
            # one expert at a time; also serves the days of a week
            ExclusionConstraint(
                name="duty_days_do_not_overlap",
                expressions=[("day", RangeOperators.EQUAL), (_HOURS, RangeOperators.OVERLAPS)],
                condition=_STANDS,
            ),
        ]
        triggers = [
            frozen("duty_day_frozen_fields", "day", "starts", "ends", "expert"),
            set_once("duty_day_ended_once", "ended_at", "ended_by"),
            *kept("duty_day"),
        ]

    def __str__(self) -> str:
        return day_text(self.day)


class DutyFallback(models.Model):
    """Who is named instead of an expert on duty who is not there, in the order of `place`."""

    place = models.PositiveSmallIntegerField(_("place"), unique=True)
    expert = models.OneToOneField(
        "staff.User", verbose_name=_("VOC expert"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("fallback on duty")
        verbose_name_plural = _("fallbacks on duty")
        constraints = [
            models.CheckConstraint(condition=Q(place__gte=1, place__lte=2), name="two_fallbacks"),
        ]

    def __str__(self) -> str:
        return str(self.place)
