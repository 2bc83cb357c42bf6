import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import common.guards


class Migration(migrations.Migration):
    dependencies = [
        # btree_gist, for the exclusion constraints
        ("channels", "0001_initial"),
        ("contacts", "0017_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyFallback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(unique=True, verbose_name="place")),
                (
                    "expert",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="VOC expert",
                    ),
                ),
            ],
            options={
                "verbose_name": "fallback on duty",
                "verbose_name_plural": "fallbacks on duty",
            },
        ),
        migrations.CreateModel(
            name="DutyShift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (5, "Saturday"),
                            (6, "Sunday"),
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("starts", models.PositiveSmallIntegerField(verbose_name="starts (minute of the day)")),
                ("ends", models.PositiveSmallIntegerField(verbose_name="ends (minute of the day)")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ended by",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="VOC expert",
                    ),
                ),
            ],
            options={
                "verbose_name": "weekly duty",
                "verbose_name_plural": "weekly duties",
            },
        ),
        migrations.CreateModel(
            name="DutyDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "starts",
                    models.PositiveSmallIntegerField(default=0, verbose_name="starts (minute of the day)"),
                ),
                (
                    "ends",
                    models.PositiveSmallIntegerField(default=1440, verbose_name="ends (minute of the day)"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ended by",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="VOC expert",
                    ),
                ),
            ],
            options={
                "verbose_name": "duty of a single day",
                "verbose_name_plural": "duties of single days",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends__lte", 1440), ("starts__lt", models.F("ends"))),
                        name="duty_day_hours",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expert__isnull", False),
                            models.Q(("ends", 1440), ("starts", 0)),
                            _connector="OR",
                        ),
                        name="nobody_is_a_whole_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="duty_day_ended_at_and_by",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        expressions=[
                            ("day", "="),
                            (
                                models.Func(
                                    "starts",
                                    "ends",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                    function="int4range",
                                    output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="duty_days_do_not_overlap",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyday",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_day_frozen_fields",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."day" IS DISTINCT FROM (NEW."day") OR OLD."ends" IS DISTINCT FROM (NEW."ends") OR OLD."expert_id" IS DISTINCT FROM (NEW."expert_id") OR OLD."starts" IS DISTINCT FROM (NEW."starts"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="d191d7aaf6d5898099f02c1b9a79040ac1105fd4",
                    operation="UPDATE",
                    pgid="pgtrigger_duty_day_frozen_fields_4af03",
                    table="contacts_dutyday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyday",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_day_ended_once",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL AND ((OLD."ended_at" IS DISTINCT FROM (NEW."ended_at") OR OLD."ended_by_id" IS DISTINCT FROM (NEW."ended_by_id"))))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="376ce03ced6beedc1a8ac9c836e46b123e9eeb0c",
                    operation="UPDATE",
                    pgid="pgtrigger_duty_day_ended_once_520c9",
                    table="contacts_dutyday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyday",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_day_stays",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="0d23e7c4af0a54e5a1be97a2fd3eb3735e278742",
                    operation="DELETE",
                    pgid="pgtrigger_duty_day_stays_cc0f6",
                    table="contacts_dutyday",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyday",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_day_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="815fd596145b51f38ff7f5a7d0ee13694b728637",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_duty_day_keeps_all_87648",
                    table="contacts_dutyday",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyfallback",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__gte", 1), ("place__lte", 2)), name="two_fallbacks"
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends__lte", 1440), ("starts__lt", models.F("ends")), ("weekday__lte", 6)
                ),
                name="duty_shift_hours",
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                    _connector="OR",
                ),
                name="duty_shift_ended_at_and_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyshift",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                expressions=[
                    ("weekday", "="),
                    (
                        models.Func(
                            "starts",
                            "ends",
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                            function="int4range",
                            output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="duty_shifts_do_not_overlap",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyshift",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_shift_frozen_fields",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."ends" IS DISTINCT FROM (NEW."ends") OR OLD."expert_id" IS DISTINCT FROM (NEW."expert_id") OR OLD."starts" IS DISTINCT FROM (NEW."starts") OR OLD."weekday" IS DISTINCT FROM (NEW."weekday"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="796c2286cc2857ac542d72fa4bf109755095c5c8",
                    operation="UPDATE",
                    pgid="pgtrigger_duty_shift_frozen_fields_6b1e4",
                    table="contacts_dutyshift",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyshift",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_shift_ended_once",
                sql=common.guards.GuardSql(
                    condition='WHEN (OLD."ended_at" IS NOT NULL AND ((OLD."ended_at" IS DISTINCT FROM (NEW."ended_at") OR OLD."ended_by_id" IS DISTINCT FROM (NEW."ended_by_id"))))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="db7ab175f0b1b755a29e831f44ddd8c738c981be",
                    operation="UPDATE",
                    pgid="pgtrigger_duty_shift_ended_once_5e5af",
                    table="contacts_dutyshift",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyshift",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_shift_stays",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="f04b7e0b3517c0e25c86199b3fb4188419e28e65",
                    operation="DELETE",
                    pgid="pgtrigger_duty_shift_stays_5a730",
                    table="contacts_dutyshift",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dutyshift",
            trigger=pgtrigger.compiler.Trigger(
                name="duty_shift_keeps_all",
                sql=common.guards.GuardSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
                    hash="4b400e37c7109ef4ef983ec5d0ca052ff22689c5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_duty_shift_keeps_all_c370f",
                    table="contacts_dutyshift",
                    when="BEFORE",
                ),
            ),
        ),
    ]
