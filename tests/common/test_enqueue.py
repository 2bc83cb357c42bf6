"""Tasks are handed to a real broker after the commit; a broker that is away is no error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction
from redis import Redis

from amoot_comms import celery_app
from common.enqueue import after_commit, enqueue

TASK = "channels.notify"
QUEUE = "of_a_test"


@pytest.fixture
def broker() -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as connection:
        connection.delete(QUEUE)
        yield connection
        connection.delete(QUEUE)


@pytest.fixture
def without_broker() -> Iterator[None]:
    Celery("away", broker="redis://127.0.0.1:1/0").set_current()
    yield
    celery_app.set_current()


def test_a_task_waits_in_its_queue(broker: Redis) -> None:
    assert enqueue(TASK, queue=QUEUE)
    assert broker.llen(QUEUE) == 1


def test_a_broker_that_is_away_is_no_error(without_broker: None) -> None:
    assert not enqueue(TASK)


@pytest.mark.django_db(transaction=True)
def test_a_task_is_handed_over_once_the_transaction_is_committed(broker: Redis) -> None:
    with transaction.atomic():
        after_commit(TASK, queue=QUEUE)
        assert broker.llen(QUEUE) == 0
    assert broker.llen(QUEUE) == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_rolled_back_wakes_nobody(broker: Redis) -> None:
    with transaction.atomic():
        after_commit(TASK, queue=QUEUE)
        transaction.set_rollback(True)
    assert broker.llen(QUEUE) == 0
