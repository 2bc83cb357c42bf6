"""Those who may end an outage are told of it by mail: once when it begins, once when it is over."""

from __future__ import annotations

import socket
from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.utils import timezone

from channels.actions import declare_outage, detect_outage, end_outage, set_windows
from channels.models import Outage
from channels.notifications import notify, notify_outages
from tests.factories import ChannelFactory, OutageFactory, UserFactory
from tests.messaging.helpers import in_threads

pytestmark = pytest.mark.django_db
Cause = Outage.Cause
MINUTE = timedelta(minutes=1)


@pytest.fixture
def it():
    return UserFactory(roles=["it"], email="it@amootsoft.com", first_name="کاوه", last_name="شریفی")


@pytest.fixture
def now():
    return timezone.now()


def test_an_empty_account_is_told_in_persian_with_what_to_do(it, now):
    UserFactory(roles=["sender"], email="sender@amootsoft.com")
    UserFactory(roles=["admin"], email="")
    UserFactory(roles=["senior"], email="gone@amootsoft.com", is_active=False)
    detect_outage(channel=ChannelFactory(), cause=Cause.CREDIT, code="CreditNotEnough", now=now)
    assert notify_outages(now=now) == 1
    [letter] = mail.outbox
    assert letter.to == ["it@amootsoft.com"]
    assert letter.subject == "پیامک: اعتبار سرویس‌دهنده تمام شده است."
    assert "هیچ پیامی از دست نمی‌رود" in letter.body
    assert "CreditNotEnough" in letter.body
    assert "/channels/sms/" in letter.body


def test_each_event_is_told_once(it, now):
    outage = declare_outage(channel=ChannelFactory(), reason="قطعی مخابرات", by=it, now=now - 5 * MINUTE)
    assert [notify_outages(now=now) for _turn in range(3)] == [1, 0, 0]
    assert "قطعی مخابرات" in mail.outbox[0].body
    assert "کاوه شریفی" in mail.outbox[0].body
    end_outage(outage=outage, by=it, now=now)
    assert [notify_outages(now=now) for _turn in range(3)] == [1, 0, 0]
    assert mail.outbox[1].subject == "پیامک: قطعی پایان یافت"
    assert "۵ دقیقه" in mail.outbox[1].body


def test_the_end_of_a_short_outage_is_told_to_nobody(it, now):
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now - timedelta(seconds=30))
    notify_outages(now=now)
    end_outage(outage=outage, by=None, now=now)
    assert notify_outages(now=now) == 0
    assert len(mail.outbox) == 1


def test_old_news_is_told_to_nobody(it, now):
    OutageFactory(started_at=now - timedelta(hours=2))
    OutageFactory(
        channel=ChannelFactory(code="avanak", kind="voice"),
        started_at=now - timedelta(hours=9),
        ended_at=now - timedelta(hours=3),
    )
    assert notify_outages(now=now) == 0


def test_a_gateway_that_comes_and_goes_is_told_of_once_in_ten_minutes(it, now):
    channel = ChannelFactory()
    for turn in range(5):
        at = now + turn * MINUTE
        outage = detect_outage(channel=channel, cause=Cause.NETWORK, now=at)
        notify_outages(now=at)
        end_outage(outage=outage, by=None, now=at + timedelta(seconds=10))
    assert len(mail.outbox) == 1
    detect_outage(channel=channel, cause=Cause.CREDIT, now=now + 6 * MINUTE)
    assert notify_outages(now=now + 6 * MINUTE) == 1, "another trouble is other news"


def test_a_mail_server_that_is_away_costs_a_turn_and_no_mail(it, now, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]
    settings.EMAIL_HOST = "127.0.0.1"
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now)
    there, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    assert notify_outages(now=now) == 0
    outage.refresh_from_db()
    assert outage.told_at is None
    settings.EMAIL_BACKEND = there
    assert notify_outages(now=now) == 1


def test_with_nobody_to_tell_it_waits_for_somebody(now):
    detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now)
    assert notify_outages(now=now) == 0
    assert Outage.objects.get().told_at is None
    UserFactory(roles=["it"], email="it@amootsoft.com")
    assert notify_outages(now=now + MINUTE) == 1


class TestRelapses:
    """A gateway that comes and goes with the same trouble."""

    @pytest.fixture
    def told(self, it, now):
        """An outage of two minutes, told from its beginning to its end."""
        outage = detect_outage(channel=ChannelFactory(), cause=Cause.CREDIT, now=now)
        assert notify_outages(now=now) == 1
        end_outage(outage=outage, by=None, now=now + 2 * MINUTE)
        assert notify_outages(now=now + 2 * MINUTE) == 1
        mail.outbox.clear()
        return outage

    def test_one_that_stays_is_told_once_the_quiet_time_is_over(self, told, now):
        relapse = detect_outage(channel=told.channel, cause=Cause.CREDIT, now=now + 3 * MINUTE)
        rounds = [now + 3 * MINUTE + n * timedelta(seconds=30) for n in range(15)]
        went = [at for at in rounds if notify_outages(now=at)]
        assert went == [now + 10 * MINUTE]
        assert "اعتبار" in mail.outbox[0].subject
        end_outage(outage=relapse, by=None, now=now + 60 * MINUTE)
        assert notify_outages(now=now + 60 * MINUTE) == 1, "what was told has an end that is told"
        assert len(mail.outbox) == 2

    def test_one_that_passes_in_the_quiet_time_is_told_neither_way(self, told, now):
        relapse = detect_outage(channel=told.channel, cause=Cause.CREDIT, now=now + 3 * MINUTE)
        assert notify_outages(now=now + 3 * MINUTE) == 0
        end_outage(outage=relapse, by=None, now=now + 8 * MINUTE)
        assert [notify_outages(now=now + n * MINUTE) for n in (8, 11, 20)] == [0, 0, 0]

    def test_those_that_nobody_was_told_of_keep_no_later_one_quiet(self, told, now):
        for turn in range(3, 15):
            at = now + turn * MINUTE
            outage = detect_outage(channel=told.channel, cause=Cause.CREDIT, now=at)
            notify_outages(now=at)
            end_outage(outage=outage, by=None, now=at + timedelta(seconds=50))
        assert [letter.subject for letter in mail.outbox] == ["پیامک: اعتبار سرویس‌دهنده تمام شده است."]
        assert Outage.objects.exclude(pk=told.pk).get(told_at__isnull=False).told_at == now + 10 * MINUTE

    def test_another_channel_and_a_declared_outage_are_other_news(self, told, it, now):
        at = now + 3 * MINUTE
        voice = ChannelFactory(code="avanak", kind="voice")
        detect_outage(channel=voice, cause=Cause.CREDIT, now=at)
        first = declare_outage(channel=told.channel, reason="قطعی مخابرات", by=it, now=at)
        assert notify_outages(now=at) == 2
        end_outage(outage=first, by=it, now=at)
        declare_outage(channel=told.channel, reason="باز هم", by=it, now=at + MINUTE)
        assert notify_outages(now=at + MINUTE) == 1, "a colleague's word is always told"


def test_what_is_over_before_it_was_told_is_told_neither_way(it, now):
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now - 9 * MINUTE)
    end_outage(outage=outage, by=None, now=now)
    assert notify_outages(now=now) == 0


@pytest.mark.django_db(transaction=True)
def test_eight_workers_tell_one_outage_once(it, now):
    detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now)
    mail.outbox.clear()
    Outage.objects.update(told_at=None)
    assert sum(in_threads([partial(notify_outages, now=now)] * 8)) == 1
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_an_outage_is_recorded_all_the_same(settings, now):
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=now)
    assert end_outage(outage=outage, by=None, now=now)


def test_changed_hours_are_told_to_senior_management_and_the_auditors_once(now):
    senior = UserFactory(roles=["senior"], email="senior@amootsoft.com", first_name="مینا", last_name="راد")
    UserFactory(roles=["auditor"], email="auditor@amootsoft.com")
    for role in ("branding", "sender", "it", "admin"):
        UserFactory(roles=[role], email=f"{role}@amootsoft.com")
    channel = ChannelFactory()
    week = [(day, 9 * 60, 21 * 60) for day in range(7)]
    given = {"channel": channel, "purpose": "promotional", "reason": "شب‌های احیا", "now": now}
    set_windows(intervals=[(0, 480, 1320)], by=None, **given)  # what the procedure itself sets is no news
    set_windows(intervals=week, by=senior, **given)
    assert [notify(now=now) for _turn in range(3)] == [1, 0, 0]
    [letter] = mail.outbox
    assert letter.to == ["auditor@amootsoft.com", "senior@amootsoft.com"]
    for word in ("مینا راد", "شب‌های احیا", "دوشنبه: ۰۸:۰۰ تا ۲۲:۰۰", "۰۹:۰۰ تا ۲۱:۰۰", "/channels/sms/"):
        assert word in letter.body, word


def test_changed_hours_wait_for_a_mail_server_that_is_away(now, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    senior = UserFactory(roles=["senior"], email="senior@amootsoft.com")
    given = {"channel": ChannelFactory(), "purpose": "survey", "reason": "نمایشگاه"}
    set_windows(intervals=[(0, 0, 60)], by=senior, now=now, **given)
    assert notify(now=now) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notify(now=now + 5 * MINUTE) == 1
