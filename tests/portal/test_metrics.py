"""`/metrics`: who may scrape it, and what it says."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from contacts.models import Contact
from messaging.dispatch.clock import database_clock
from messaging.dispatch.heartbeat import Heart
from messaging.dispatch.pump_report import PumpReport
from messaging.models import UnreadableInbound
from tests.factories import ContactFactory, OutageFactory
from tests.guards import unguarded
from tests.messaging.helpers import campaign, seconds

pytestmark = pytest.mark.django_db

TOKEN = "a-token-for-the-scraper"


def scrape(**options: Any) -> Any:
    return Client().get("/metrics", **options)


def samples(response: Any) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_a_flag_that_the_ledger_does_not_know_is_counted() -> None:
    with unguarded():
        Contact.objects.filter(pk=ContactFactory().pk).update(no_promotional=True)
    assert samples(scrape())["amoot_consent_out_of_step",] >= 1


def test_it_says_what_works_what_waits_and_what_is_down() -> None:
    now = database_clock()
    message = campaign(3, now=now)
    OutageFactory(channel=message.channel, started_at=now - seconds(30))
    UnreadableInbound.objects.create(
        channel=message.channel, since=now, until=now, code="not_json", found_at=now
    )
    Heart().note(
        "host:7",
        "sms",
        PumpReport(sent=12, calls=2, failures=["timeout"]),
        clock_difference=seconds(-3),
        now=now,
    )
    answer = scrape()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    found = samples(answer)
    assert found["amoot_worker_recipients_total", "host:7"] == 12
    assert found["amoot_worker_failures_total", "host:7"] == 1
    assert found["amoot_worker_clock_difference_seconds", "host:7"] == -3
    assert (found["amoot_workers_alive",], found["amoot_workers_skewed",]) == (1, 1)
    assert found["amoot_backlog_recipients", "sms", "operator_down"] == 3
    assert found["amoot_channel_down", "sms"] == 1
    assert found["amoot_outage_seconds", "network", "sms"] >= 30
    assert found["amoot_consent_out_of_step",] == 0
    assert found["amoot_calls_in_doubt", "sms"] == 0
    assert found["amoot_inbound_unreadable", "sms"] == 1
    assert message.text not in answer.content.decode()
    assert "+98" not in answer.content.decode()


def test_a_second_look_within_seconds_counts_nothing_again(django_assert_max_num_queries: Any) -> None:
    campaign(3, now=database_clock())
    scrape()
    with django_assert_max_num_queries(8):
        assert scrape().status_code == 200


def test_in_production_without_a_token_there_is_no_such_address(settings: Any) -> None:
    settings.DEVELOPMENT, settings.METRICS_TOKEN = False, ""
    assert scrape().status_code == 404


def test_in_development_without_a_token_only_this_machine_scrapes(settings: Any) -> None:
    settings.DEVELOPMENT, settings.METRICS_TOKEN = True, ""
    assert scrape().status_code == 200
    assert scrape(REMOTE_ADDR="10.0.0.7").status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "Bearer",
        "Bearer ",
        "Bearer رمز",
    ],
)
def test_a_wrong_token_is_refused_and_told_how_to_ask(settings: Any, header: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = scrape(HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert b"amoot" not in answer.content


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7"])
def test_the_right_token_opens_from_anywhere(settings: Any, address: str) -> None:
    settings.DEVELOPMENT, settings.METRICS_TOKEN = False, TOKEN
    answer = scrape(HTTP_AUTHORIZATION=f"Bearer {TOKEN}", REMOTE_ADDR=address, HTTP_HOST="10.1.2.3")
    assert answer.status_code == 200


def test_it_is_to_be_read_only() -> None:
    assert Client().post("/metrics").status_code == 405
