import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import common.guards


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0004_outgoing_mail"),
    ]

    operations = [
        migrations.CreateModel(
            name="HolidayYear",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(unique=True, verbose_name="year")),
                ("confirmed_at", models.DateTimeField(verbose_name="confirmed at")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmed year of holidays",
                "verbose_name_plural": "confirmed years of holidays",
            },
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="day")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("name_en", models.CharField(blank=True, max_length=200, verbose_name="name in English")),
                (
                    "source",
                    models.CharField(
                        choices=[("package", "official calendar"), ("person", "added by a colleague")],
                        max_length=8,
                        verbose_name="source",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("removed_at", models.DateTimeField(blank=True, null=True, verbose_name="removed at")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="removed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "public holiday",
                "verbose_name_plural": "public holidays",
                "permissions": [
                    ("confirm_holidays", "May change the public holidays and confirm those of a year")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("by__isnull", True), ("source", "package")),
                            models.Q(("by__isnull", False), ("source", "person")),
                            _connector="OR",
                        ),
                        name="holiday_of_a_person_has_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("removed_at__isnull", True), ("removed_by__isnull", True)),
                            models.Q(("removed_at__isnull", False), ("removed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="holiday_removed_at_and_by",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holiday",
            trigger=pgtrigger.compiler.Trigger(
                name="holiday_frozen_day",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."day" IS DISTINCT FROM (NEW."day"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="96c5e0ad385376c37d29085b5897ddeb8cd28810",
                    operation="UPDATE",
                    pgid="pgtrigger_holiday_frozen_day_e7240",
                    table="staff_holiday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holiday",
            trigger=pgtrigger.compiler.Trigger(
                name="holiday_stays",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="4f2024448a3137f610b6279abc59384421983417",
                    operation="DELETE",
                    pgid="pgtrigger_holiday_stays_a7a1d",
                    table="staff_holiday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holiday",
            trigger=pgtrigger.compiler.Trigger(
                name="holiday_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="9885d8f5d989cf479df015dca39f16ca7a7d94c3",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_holiday_keeps_all_ec95d",
                    table="staff_holiday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holidayyear",
            trigger=pgtrigger.compiler.Trigger(
                name="holiday_year_grows_only",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="2b6846d5f38324678d629b0e25de3441e85c21e1",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_holiday_year_grows_only_63b8c",
                    table="staff_holidayyear",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holidayyear",
            trigger=pgtrigger.compiler.Trigger(
                name="holiday_year_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="b8872f9e0341f470878ee6501bdf05c84f8d4d3b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_holiday_year_keeps_all_884d2",
                    table="staff_holidayyear",
                    when="BEFORE",
                ),
            ),
        ),
    ]
