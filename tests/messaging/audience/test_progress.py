"""How far a large message is: counted by a worker, shown with its instant (docs/adr/0024)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from messaging.audience.kept_progress import UNHEARD, count_large, count_wanted, progress_of
from messaging.audience.progress import message_progress
from messaging.models import Delivery, Message, MessageProgress
from messaging.models.progress import LARGE
from tests.factories import NOW, MessageStopFactory
from tests.guards import as_owner
from tests.messaging.helpers import campaign, in_threads, people, seconds
from tests.messaging.pages import colleague, planned, put, signed_in, user_of

pytestmark = pytest.mark.django_db


def large(count: int = 3, **fields: Any) -> Message:
    """A message that is taken for a large one, and has been counted at `NOW`."""
    message = campaign(count, **fields)
    MessageProgress.objects.create(message=message)
    assert count_large(message.pk, now=NOW)
    return message


def row() -> MessageProgress:
    return MessageProgress.objects.get()


def seen(message: Message, after: float) -> dict[str, int]:
    """By state, as a screen sees it so many seconds after `NOW`."""
    return progress_of([message], NOW + seconds(after))[message.pk].plan.by_state


def test_a_plan_of_many_gets_a_row_and_one_of_few_does_not():
    people(LARGE)
    message = campaign()
    assert not MessageProgress.objects.exists()
    people(1, first=LARGE)
    many = campaign(sender=message.sender, sender_manager=message.sender_manager)
    assert row().message_id == many.pk
    assert row().counted_at is None
    assert count_wanted(now=NOW) == 1
    assert seen(many, 0) == {"queued": LARGE + 1} == message_progress(many, NOW).by_state
    migration = import_module("messaging.migrations.0014_message_progress")
    with as_owner(), connection.cursor() as cursor:
        MessageProgress.objects.all().delete()
        cursor.execute(migration.ROWS_OF_LARGE)
    assert row().message_id == many.pk, "the migration gives one to a message that was planned before it"


def test_a_small_message_is_counted_at_each_look():
    message = campaign(3)
    assert seen(message, 0) == {"queued": 3}
    put(message, "accepted")
    assert seen(message, 0) == {"queued": 2, "accepted": 1}
    assert progress_of([message], NOW)[message.pk].counts_at is None


def test_a_look_shows_the_last_count_with_its_instant_and_wants_a_newer_one():
    message = large()
    put(message, "accepted")
    far = progress_of([message], NOW + seconds(1))[message.pk]
    assert (far.plan.by_state, far.counts_at, far.is_last) == ({"queued": 3}, NOW, False)
    assert row().wanted_at == NOW + seconds(1)
    assert count_wanted(now=NOW + seconds(2)) == 1
    assert row().wanted_at is None
    assert seen(message, 3) == {"queued": 2, "accepted": 1}


def test_nobody_looking_nothing_is_counted():
    message = large()
    put(message, "accepted")
    assert count_wanted(now=NOW + timedelta(days=1)) == 0


def test_a_message_is_counted_once_a_second_at_most_and_a_slow_one_more_rarely():
    message = large()
    seen(message, 0)
    assert count_wanted(now=NOW + seconds(0.9)) == 0
    MessageProgress.objects.update(count_ms=500)
    assert count_wanted(now=NOW + seconds(9.9)) == 0
    assert count_wanted(now=NOW + seconds(10)) == 1


@pytest.mark.parametrize(("after", "by_state"), [(-1, {"queued": 3}), (1, {"queued": 2, "accepted": 1})])
def test_where_no_worker_counts_the_look_does(after: int, by_state: dict[str, int]):
    message = large()
    MessageProgress.objects.update(count_ms=100)
    put(message, "accepted")
    seen(message, 0)
    long = seconds(2) + UNHEARD + seconds(after)
    assert seen(message, long.total_seconds()) == by_state


def test_a_wish_that_comes_while_it_is_counted_stays():
    """The count that is under way may not hold what the later viewer came for."""
    message = large()
    seen(message, 1)
    with connection.execute_wrapper(_a_viewer_in_between(message)):
        count_large(message.pk, now=NOW + seconds(2))
    assert row().counted_at == NOW + seconds(2)
    assert row().wanted_at == NOW + seconds(5)


def _a_viewer_in_between(message: Message) -> Callable[..., Any]:
    def wrap(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "GROUP BY" in sql:
            MessageProgress.objects.filter(pk=message.pk).update(wanted_at=NOW + seconds(5))
        return execute(sql, params, many, context)

    return wrap


def test_after_its_end_a_message_is_counted_once_more_without_a_look():
    message = large()
    Delivery.objects.filter(message=message).update(state="sending")
    Delivery.objects.filter(message=message).update(state="accepted")
    Message.objects.filter(pk=message.pk).update(status="finished", finished_at=NOW + seconds(1))
    assert count_wanted(now=NOW + seconds(2)) == 1
    assert count_wanted(now=NOW + seconds(60)) == 0
    message.refresh_from_db()
    far = progress_of([message], NOW + seconds(3))[message.pk]
    assert (far.plan.by_state, far.is_last) == ({"accepted": 3}, True)


def test_reports_after_the_end_come_with_the_next_look():
    message = large()
    Delivery.objects.filter(message=message).update(state="sending")
    Delivery.objects.filter(message=message).update(state="accepted")
    Message.objects.filter(pk=message.pk).update(status="finished", finished_at=NOW)
    count_wanted(now=NOW + seconds(2))
    message.refresh_from_db()
    Delivery.objects.filter(message=message).update(state="delivered")
    day = timedelta(days=1).total_seconds()
    far = progress_of([message], NOW + seconds(day))[message.pk]
    assert (far.plan.by_state, far.is_last) == ({"accepted": 3}, False), "the page asks again"
    assert count_wanted(now=NOW + seconds(day + 1)) == 1
    assert seen(message, day + 2) == {"delivered": 3}


def test_what_holds_the_message_is_of_now_and_not_of_the_count():
    message = large()
    MessageStopFactory(message=message)
    Message.objects.filter(pk=message.pk).update(status="paused")
    message.refresh_from_db()
    far = progress_of([message], NOW + seconds(1))[message.pk]
    assert (far.plan.held_by, far.plan.by_reason) == ("paused", {"paused": 3})


def test_decisions_count_for_themselves():
    message = large()
    put(message, "accepted")
    assert message_progress(message, NOW).by_state == {"queued": 2, "accepted": 1}


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_one_counts():
    message = large()
    seen(message, 0)
    counted = in_threads([lambda: count_wanted(now=NOW + seconds(5))] * 8)
    assert sum(counted) == 1
    assert row().counted_at == NOW + seconds(5)


def during_a_count(message: Message, look: Callable[[], None]) -> None:
    """Look while another process counts the message."""
    begun, looked = threading.Event(), threading.Event()

    def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "GROUP BY" in sql:
            begun.set()
            assert looked.wait(20)
        return execute(sql, params, many, context)

    def work() -> None:
        with connection.execute_wrapper(slowly):
            count_large(message.pk, now=NOW + seconds(5))

    def view() -> None:
        assert begun.wait(20)
        try:
            look()
        finally:
            looked.set()

    in_threads([work, view])


@pytest.mark.django_db(transaction=True)
def test_a_viewer_waits_for_no_count_and_the_wish_stays():
    """A count of a million rows takes half a second, in which its row may be looked at and wanted."""
    message = large()
    during_a_count(message, lambda: seen(message, 6).clear())
    assert (row().counted_at, row().wanted_at) == (NOW + seconds(5), NOW + seconds(6))


@pytest.mark.django_db(transaction=True)
def test_while_it_is_counted_for_the_first_time_there_are_no_numbers():
    message = campaign(3)
    MessageProgress.objects.create(message=message)
    found = []
    during_a_count(message, lambda: found.append(progress_of([message], NOW)[message.pk].is_counted))
    assert found == [False]
    assert progress_of([message], NOW + seconds(5))[message.pk].is_counted


def test_the_page_says_as_of_when_and_asks_until_it_was_counted_after_the_end():
    people(2)
    sender = colleague("sender")
    message = planned(sender)
    MessageProgress.objects.create(message=message)
    earlier = timezone.now() - timedelta(minutes=2)
    count_large(message.pk, now=earlier)
    client = signed_in(user_of(sender), "en")
    page = client.get(f"/messages/{message.pk}/").content.decode()
    assert "as of" in page
    assert "every 5s" in page
    Delivery.objects.filter(message=message).update(state="sending")
    Delivery.objects.filter(message=message).update(state="accepted")
    Message.objects.filter(pk=message.pk).update(status="finished", finished_at=timezone.now())
    address = f"/messages/{message.pk}/progress/?seen=finished"
    assert "hx-get" in client.get(address).content.decode()
    assert count_wanted(now=timezone.now()) == 1
    shown = client.get(address).content.decode()
    assert "hx-get" not in shown
    assert "2 of 2 sent" in shown
