"""The breaches' pages: who sees which, how they are narrowed, and that silence is not taken for peace."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from persian.jalali import month_name, months_back, tehran_date
from tests.factories import BreachFactory, ComparisonFactory, mobile
from tests.messaging.pages import boss_of, colleague, signed_in, sms, user_of

pytestmark = pytest.mark.django_db

LIST = "/messages/breaches/"


@pytest.fixture
def auditor():
    return signed_in(user_of(colleague("auditor")))


@pytest.fixture(autouse=True)
def _in_use(settings) -> None:
    settings.COMPARE_SINCE = date(2020, 1, 1)


def texts(response) -> set[str]:
    return {breach.text for breach in response.context["page"].rows}


def test_every_breach_is_listed_with_its_kind_and_who_answers(auditor):
    own = BreachFactory(text="متن پرتال")
    BreachFactory(shadow=True, is_outside=True)
    page = auditor.get(LIST)
    assert texts(page) == {"متن پرتال", "حراج"}
    shown = page.content.decode()
    assert own.sender.full_name in shown
    assert "ارسال بیرون از پرتال" in shown
    assert "خارج از ساعت مجاز، اگر تبلیغاتی بوده" in shown


def test_a_manager_sees_those_of_the_own_department_only():
    sender = colleague("sender")
    manager = boss_of(sender, "manager")
    own = BreachFactory(message__sender=sender, text="خودی")
    other = BreachFactory(text="دیگری")
    shadow = BreachFactory(shadow=True)
    client = signed_in(user_of(manager))
    assert texts(client.get(LIST)) == {"خودی"}
    assert client.get(f"{LIST}{own.pk}/").status_code == 200
    for hidden in (other, shadow):
        assert client.get(f"{LIST}{hidden.pk}/").status_code == 404


def test_it_is_narrowed_by_kind_channel_and_month_and_nonsense_is_passed_over(auditor):
    today = tehran_date(timezone.now())
    this_month, last_month = (first for first, _end in months_back(today, 2))
    BreachFactory(shadow=True, text="این ماه", comparison__day=this_month)
    BreachFactory(text="ماه پیش", comparison__day=last_month)
    assert texts(auditor.get(LIST, {"kind": "shadow_send"})) == {"این ماه"}
    assert texts(auditor.get(LIST, {"month": last_month.isoformat()})) == {"ماه پیش"}
    assert texts(auditor.get(LIST, {"channel": "sms", "month": "x", "kind": "?"})) == {"این ماه", "ماه پیش"}
    empty = auditor.get(LIST, {"kind": "sent_late_by_provider"})
    assert "موردی با این شرط‌ها نیست" in empty.content.decode()
    assert month_name(this_month, "fa") in empty.content.decode()


def test_pages_follow_one_another_by_key(auditor):
    for _n in range(30):
        BreachFactory()
    first = auditor.get(LIST).context["page"]
    second = auditor.get(LIST + first.next).context["page"]
    assert (len(first.rows), len(second.rows)) == (25, 5)


def test_a_day_without_a_comparison_is_told_apart_from_a_day_without_breaches(auditor):
    today = tehran_date(timezone.now())
    ComparisonFactory(channel=sms(), day=today - timedelta(days=1), listed=12_406)
    ComparisonFactory(day=today - timedelta(days=2), state="failed", error="connection_refused")
    ComparisonFactory(day=today - timedelta(days=3), listed=9, shadow=4)
    shown = auditor.get(LIST).content.decode()
    assert "۱۲٬۴۰۶ پیام مقایسه شد" in " ".join(shown.split())
    assert "همه از پرتال" in shown
    assert "connection_refused" in shown
    assert "۴ بیرون از پرتال" in shown
    assert shown.count("هنوز مقایسه نشده") == 4


def test_the_days_before_the_portal_was_in_use_are_told_apart_from_those_still_to_come(auditor, settings):
    today = tehran_date(timezone.now())
    channel = sms()
    settings.COMPARE_SINCE = today - timedelta(days=2)
    [one] = auditor.get(LIST).context["compared"]
    assert (one.channel, one.since) == (channel, settings.COMPARE_SINCE)
    assert [day.is_before for day in one.days] == [False] * 2 + [True] * 5
    settings.COMPARE_SINCE = None
    [one] = auditor.get(LIST).context["compared"]
    assert one.since is None
    assert all(day.is_before for day in one.days)


def test_the_failed_tries_before_and_after_a_completed_one_hide_nothing(auditor):
    day = tehran_date(timezone.now()) - timedelta(days=1)
    ComparisonFactory(day=day, state="failed", error="timeout")
    ComparisonFactory(day=day, listed=7)
    ComparisonFactory(day=day, state="failed", error="timeout")
    shown = auditor.get(LIST).content.decode()
    assert "۷ پیام مقایسه شد" in " ".join(shown.split())
    assert "timeout" not in shown


def test_a_provider_without_a_list_is_named(auditor):
    from tests.factories import ChannelFactory

    ChannelFactory(code="avanak", kind="voice")
    assert "فهرستی از ارسال‌های خود ارائه نمی‌کند" in auditor.get(LIST).content.decode()


def test_the_page_of_a_breach_tells_all_of_it(auditor):
    breach = BreachFactory(numbers=[mobile(7)], line="service", first_id="1700000000001", recipients=4321)
    shown = auditor.get(f"{LIST}{breach.pk}/").content.decode()
    for part in ("۰۹۱۲۰۰۰۰۰۰۷", "service", "1700000000001", "۴٬۳۲۱", "C7.7", breach.sender_manager.full_name):
        assert part in shown


def test_home_tells_of_the_breaches_of_the_last_week(auditor):
    BreachFactory(found_at=timezone.now())
    BreachFactory(found_at=timezone.now() - timedelta(days=9))
    waiting = auditor.get("/").context["waiting"]
    assert [(one.count, one.url) for one in waiting] == [(1, LIST)]
