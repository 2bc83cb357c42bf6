"""Who works here: the log-in (`User`), the person (`Employee`) and the `Department`."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from django.contrib.auth.models import AbstractUser, Permission
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.guards import append_only, frozen, kept
from common.wording import day_text, place_text
from staff.querysets import EmployeeQuerySet, HolidayQuerySet
from staff.roles import COLLEAGUE


class User(AbstractUser):
    """A log-in. What it may do comes from the base role and its roles (groups) alone; see `staff/roles.py`.

    `session_epoch` is kept in each session at sign-in; a session with an older one has ended. The
    actions raise it whenever a role changes or the log-in is disabled (security bar, 3).
    """

    session_epoch = models.PositiveIntegerField(_("session epoch"), default=0, editable=False)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    @cached_property
    def _granted(self) -> frozenset[str]:
        rows = Permission.objects.filter(group__user=self).values_list("content_type__app_label", "codename")
        return COLLEAGUE.union(f"{app}.{codename}" for app, codename in rows)

    def may(self, permission: str) -> bool:
        """Whether one of the user's roles grants `permission` (`app.codename`).

        Unlike `has_perm`, a superuser gets nothing for free: what only a VOC expert or senior
        management may do (C7.3, C7.4) stays with them.
        """
        return self.is_active and permission in self._granted

    @property
    def display_name(self) -> str:
        """The person's name, or the log-in's where none is known."""
        return self.get_full_name() or self.username


class Department(models.Model):
    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    manager = models.ForeignKey(
        "staff.Employee",
        verbose_name=_("manager"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="manages",
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return self.name

    @property
    def display_name(self) -> str:
        return self.name_en if get_language() == "en" and self.name_en else self.name


class Employee(models.Model):
    """A colleague. `left_on` is the first day on which the person no longer works here."""

    user = models.OneToOneField(
        User,
        verbose_name=_("user"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="employee",
    )
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    job_title = models.CharField(_("job title"), max_length=120, blank=True)
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="employees"
    )
    direct_manager = models.ForeignKey(
        "self",
        verbose_name=_("direct manager"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="team",
    )
    extension = models.CharField(_("extension"), max_length=10, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    hired_on = models.DateField(_("hired on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)

    objects = EmployeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("colleague")
        verbose_name_plural = _("colleagues")
        constraints = [
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("hired_on")),
                name="employee_left_after_hired",
                violation_error_message=_("A colleague cannot leave before the day of hiring."),
            ),
            models.CheckConstraint(
                condition=Q(direct_manager__isnull=True) | ~Q(direct_manager=F("id")),
                name="employee_not_own_manager",
                violation_error_message=_("Nobody is their own direct manager."),
            ),
        ]
        # (last_name, id): the directory's order.
        indexes = [models.Index(fields=["last_name", "id"], name="employee_directory")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def works_here(self, today: date) -> bool:
        """Whether the person is employed on `today` (a Tehran date)."""
        return self.hired_on <= today and (self.left_on is None or today < self.left_on)


class OutgoingMail(models.Model):
    """A mail about a log-in on its way (see `staff.outbox`). `content` is encrypted and empty at its end."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    to = models.EmailField(_("to"))
    content = models.TextField(_("content"), blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    last_error = models.CharField(_("last error"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("created at"))
    next_try_at = models.DateTimeField(_("next try at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mails")
        # the duty's due mails
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state="waiting"), name="outgoing_mail_due")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Holiday(models.Model):
    """A public holiday. A day that a person took out stays as a row (`removed_at`), so that it does not
    come back from the package by itself.

    `by` and `at` say who put it in and when; the package's days have nobody.
    """

    class Source(models.TextChoices):
        PACKAGE = "package", _("official calendar")
        PERSON = "person", _("added by a colleague")

    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=8, choices=Source)
    by = models.ForeignKey(
        User, verbose_name=_("by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    removed_by = models.ForeignKey(
        User, verbose_name=_("removed by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    objects = HolidayQuerySet.as_manager()

    class Meta:
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")
        permissions = [("confirm_holidays", "May change the public holidays and confirm those of a year")]
        constraints = [
            models.CheckConstraint(
                condition=Q(source="package", by__isnull=True) | Q(source="person", by__isnull=False),
                name="holiday_of_a_person_has_one",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removed_by__isnull=True)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="holiday_removed_at_and_by",
            ),
        ]
        triggers = [frozen("holiday_frozen_day", "day"), *kept("holiday")]

    def __str__(self) -> str:
        return day_text(self.day)

    @property
    def display_name(self) -> str:
        return self.name_en if get_language() == "en" and self.name_en else self.name


class HolidayYear(models.Model):
    """A Jalali year whose holidays a person compared with the official calendar."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    confirmed_by = models.ForeignKey(
        User, verbose_name=_("confirmed by"), on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("confirmed at"))

    class Meta:
        verbose_name = _("confirmed year of holidays")
        verbose_name_plural = _("confirmed years of holidays")
        triggers = append_only("holiday_year")

    def __str__(self) -> str:
        return place_text(self.year)
