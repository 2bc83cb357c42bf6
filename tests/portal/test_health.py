"""`/healthz`, `/readyz`, and the refusal of stale zone data."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from amoot_comms import health, tzcheck


@pytest.fixture(autouse=True)
def _each_test_looks_for_itself() -> Iterator[None]:
    health.forget()
    yield
    health.forget()


def test_healthz_needs_no_database_and_no_host_name() -> None:
    answer = Client().get("/healthz", headers={"host": "10.1.2.3"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_says_that_all_is_there() -> None:
    answer = Client().get("/readyz", headers={"host": "10.1.2.3"})
    assert answer.status_code == 200
    assert answer.json()["checks"] == {
        "database": True,
        "migrations": True,
        "time_zone": True,
        "broker": True,
    }


@pytest.mark.django_db
def test_without_its_broker_the_portal_is_ready_but_degraded(settings: LazySettings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert json.loads(answer.content)["status"] == "degraded"


@pytest.mark.django_db
def test_readyz_looks_once_however_often_it_is_asked(django_assert_num_queries) -> None:
    first = health.ready(in_detail=True)
    with django_assert_num_queries(0):
        assert {health.ready(in_detail=True).content for _ in range(20)} == {first.content}


@pytest.mark.django_db
def test_readyz_names_no_part_to_who_comes_through_the_proxy() -> None:
    answer = Client().get("/readyz", headers={"x-forwarded-for": "192.0.2.1"})
    assert answer.json() == {"status": "ready"}


@pytest.mark.django_db
def test_the_check_before_start_passes_on_this_machine() -> None:
    call_command("check", databases=["default"])


@pytest.mark.django_db
def test_python_and_the_database_know_tehrans_summer() -> None:
    assert tzcheck.python_offset() == timedelta(hours=3, minutes=30)
    assert tzcheck.database_offset(connection) == timedelta(hours=3, minutes=30)


def test_daylight_saving_in_the_zone_data_is_a_fault_that_says_what_to_do() -> None:
    sentence = tzcheck.fault("The database", timedelta(hours=4, minutes=30))
    assert sentence is not None
    assert "4:30:00" in sentence
    assert "tzdata" in sentence
    assert tzcheck.fault("The database", timedelta(hours=3, minutes=30)) is None
