"""The home page, by role."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone, translation

from amoot_comms import home
from common.media import Purpose
from contacts.models import ConsentEntry
from messaging.states import DeliveryState, MessageStatus
from persian.jalali import TEHRAN
from tests.factories import (
    NOW,
    ChannelFactory,
    ContactFactory,
    DeliveryFactory,
    MessageFactory,
    OutageFactory,
    SendingWindowFactory,
    UserFactory,
)
from tests.portal.helpers import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms():
    channel = ChannelFactory(code="sms", kind="sms")
    for weekday in range(7):
        SendingWindowFactory(
            channel=channel, purpose=Purpose.PROMOTIONAL, weekday=weekday, opens=8 * 60, closes=22 * 60
        )
    return channel


def test_it_says_until_when_the_window_is_open(sms) -> None:
    [now] = home.channels_now(datetime(2026, 11, 23, 21, 30, tzinfo=TEHRAN))
    assert now.is_open
    assert now.changes_at == datetime(2026, 11, 23, 22, tzinfo=TEHRAN)


def test_it_says_when_a_closed_window_opens(sms) -> None:
    [now] = home.channels_now(datetime(2026, 11, 23, 22, tzinfo=TEHRAN))
    assert not now.is_open
    assert now.changes_at == datetime(2026, 11, 24, 8, tzinfo=TEHRAN)


def test_a_channel_without_windows_is_closed() -> None:
    ChannelFactory(code="sms", kind="sms")
    [now] = home.channels_now(NOW)
    assert not now.is_open
    assert not now.has_windows


def test_it_shows_an_outage_with_its_reason(client: Client, sms) -> None:
    OutageFactory(channel=sms, reason="قطعی اپراتور", started_at=timezone.now() - timedelta(minutes=5))
    client.force_login(person("sender"))
    page = client.get("/").content.decode()
    assert "قطعی اپراتور" in page
    assert "tag-danger" in page


def test_a_running_message_shows_its_progress(client: Client, sms) -> None:
    message = MessageFactory(channel=sms, status=MessageStatus.RUNNING, planned_at=NOW)
    DeliveryFactory.create_batch(3, message=message, state=DeliveryState.DELIVERED)
    DeliveryFactory(message=message)
    client.force_login(person("auditor"))
    page = client.get("/home/now/").content.decode()
    assert 'class="bar-delivered" x="0" y="0" width="750"' in page
    assert "۳ از ۴ فرستاده‌شده" in page


def test_messages_of_other_departments_stay_there(client: Client, sms) -> None:
    MessageFactory(channel=sms, status=MessageStatus.RUNNING, planned_at=NOW, text="پیام دیگران")
    client.force_login(person("sender"))
    assert "پیام دیگران" not in client.get("/").content.decode()


def test_only_the_voc_expert_is_told_of_waiting_calls(client: Client) -> None:
    contact = ContactFactory()
    contact.calls.create(opened_at=NOW, opened_by=UserFactory())
    assert [one.count for one in home.waiting(person("voc"), NOW)] == [1]
    assert home.waiting(person("sender"), NOW) == []


def test_an_empty_house_says_what_to_do_next(client: Client) -> None:
    client.force_login(person("sender"))
    page = client.get("/").content.decode()
    assert "load_procedure" in page
    assert 'href="/messages/compose/"' in page


def test_whoever_may_not_see_messages_sees_no_numbers_of_them(client: Client) -> None:
    client.force_login(person("hr"))
    page = client.get("/")
    assert page.status_code == 200
    assert "deliveries" not in page.context
    assert 'href="/messages/"' not in page.content.decode()


def test_deliveries_are_counted_by_day_and_state(sms) -> None:
    message = MessageFactory(channel=sms, status=MessageStatus.RUNNING, planned_at=NOW)
    late = datetime(2026, 11, 22, 23, 59, tzinfo=TEHRAN)
    DeliveryFactory.create_batch(2, message=message, state=DeliveryState.DELIVERED, updated_at=late)
    DeliveryFactory(message=message, state=DeliveryState.SUPPRESSED, reason="no_messages", updated_at=NOW)
    chart = home.deliveries_chart(person("auditor"), NOW)
    assert [series.values[-2:] for series in chart.series] == [[2, 0], [0, 0], [0, 0], [0, 1], [0, 0]]
    assert chart.labels[-1] == "۲ آذر"
    assert chart.rows[0] == ("۲ آذر", [0, 0, 0, 1, 0])


def test_opt_outs_are_counted_by_the_week_that_begins_on_saturday() -> None:
    contact, user = ContactFactory(), UserFactory()
    friday, saturday = datetime(2026, 11, 20, 23, tzinfo=TEHRAN), datetime(2026, 11, 21, 0, tzinfo=TEHRAN)
    for at in (friday, saturday, saturday):
        ConsentEntry.objects.create(
            contact=contact,
            at=at,
            flag="no_messages",
            before=False,
            after=True,
            by=user,
            reason="x",
            source="command",
        )
    chart = home.opt_outs_chart(NOW)
    assert chart.series[1].values[-2:] == [1, 2]


def test_an_english_chart_is_gregorian() -> None:
    with translation.override("en"):
        assert home.opt_outs_chart(NOW).labels[-1] == "11-21"


@time_machine.travel(NOW)
def test_a_chart_without_numbers_is_empty() -> None:
    assert home.opt_outs_chart(NOW).is_empty
