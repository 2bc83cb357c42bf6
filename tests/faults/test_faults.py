"""Faults injected for real (docs of the dispatch, table of faults); judged by the offline checker.

`FAULTS_SEED` repeats a run, `FAULTS_KILLS` and `FAULTS_PEOPLE` make it longer.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime, timedelta

import pytest
from django.db import connections

from channels.models import SendingWindow
from contacts.actions.consent import set_consent
from contacts.models import Contact
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery, GatewayCall
from messaging.states import REACHED_PROVIDER
from persian.jalali import TEHRAN
from tests.factories import UserFactory, open_every_day
from tests.faults.arena import Arena

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("FAULTS_KILLS", "40"))
PEOPLE = int(os.environ.get("FAULTS_PEOPLE", "4000"))


def sent() -> int:
    return Delivery.objects.filter(state__in=REACHED_PROVIDER).count()


def test_workers_killed_again_and_again_lose_nothing_and_send_nothing_twice(arena: Arena):
    message = arena.campaign(PEOPLE)
    arena.gateway.use("latency:0.05", "partial:0.02")
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: sent() > 0, 20, "the first acceptance")
    while arena.kills < KILLS:
        time.sleep(arena.random.uniform(0.02, 0.3))
        arena.kill(arena.random.choice(arena.workers))
        arena.start_worker()
    arena.gateway.use("partial:0.02")
    arena.finish(message)
    verdict = arena.judge()
    assert verdict["in_doubt"] == 0
    assert verdict["accepted"] == sent()
    assert Delivery.objects.filter(message=message).count() == PEOPLE
    assert GatewayCall.objects.filter(error="worker_lost").exists(), "no kill met a call in flight"


def test_the_campaign_moves_again_within_the_lease_and_ten_seconds(arena: Arena):
    message = arena.campaign(200)
    arena.gateway.use("latency:0.3")
    arena.start_worker()
    arena.wait_until(lambda: Delivery.objects.filter(state="sending").exists(), 20, "a call in flight")
    arena.stop_workers()
    stuck = set(Delivery.objects.filter(state="sending").values_list("pk", flat=True))
    started = time.monotonic()
    arena.gateway.use()
    arena.finish(message, seconds=30)
    assert time.monotonic() - started < 4 + 10
    assert Delivery.objects.filter(pk__in=stuck, state__in=REACHED_PROVIDER).count() == len(stuck)
    assert arena.judge()["in_doubt"] == 0


def test_answers_that_never_come_are_settled_and_nothing_is_sent_twice(arena: Arena):
    message = arena.campaign(1200)
    faults = ["hang-after-accept@0.05", "5xx-after-accept@0.08", "reset-after-accept@0.05"]
    arena.gateway.use(*faults, "reset@0.05", "5xx@0.05", "half-json@0.03", "partial-unanswered:0.02")
    for _n in range(2):
        arena.start_worker()
    arena.wait_until(lambda: sent() > 500, 120, "the middle of the campaign")
    arena.gateway.use()
    arena.finish(message)
    assert GatewayCall.objects.filter(outcome="settled").exists()
    assert arena.judge()["in_doubt"] == 0
    assert sent() == 1200


def test_a_refused_connection_leaves_no_doubt_and_the_campaign_goes_on(arena: Arena):
    message = arena.campaign(400)
    arena.gateway.use("refuse:4x1")
    arena.start_worker()
    arena.wait_until(
        lambda: GatewayCall.objects.filter(outcome="not_sent").exists(), 20, "a refused connection"
    )
    assert not Delivery.objects.filter(state="unknown").exists()
    arena.finish(message)
    assert not GatewayCall.objects.filter(outcome__in=["unknown", "settled"]).exists()
    arena.judge()
    assert sent() == 400


def test_nobody_gets_a_message_after_the_opt_out_was_acknowledged(arena: Arena):
    open_every_day(arena.channel, 0, 1440)
    message = arena.campaign(2500, purpose="promotional")
    arena.gateway.use("latency:0.02")
    voc = UserFactory(roles=["voc"])
    acknowledged: dict[int, datetime] = {}
    over = threading.Event()

    def opting_out() -> None:
        contacts = list(Contact.objects.order_by("pk"))
        try:
            while not over.is_set():
                contact = arena.random.choice(contacts)
                set_consent(
                    contact=contact,
                    flag="no_promotional",
                    value=True,
                    reason="asked",
                    by=voc,
                    now=database_clock(),
                )
                acknowledged.setdefault(contact.pk, database_clock())
        finally:
            connections.close_all()

    for _n in range(3):
        arena.start_worker()
    thread = threading.Thread(target=opting_out)
    thread.start()
    try:
        arena.wait_until(lambda: sent() > 1200, 60, "the middle of the campaign")
    finally:
        over.set()
        thread.join(10)
    arena.finish(message)
    arena.judge()
    rows = Delivery.objects.filter(contact_id__in=list(acknowledged)).exclude(call=None)
    late = [
        row.pk
        for row in rows.select_related("call")
        if row.call is not None and row.call.intended_at > acknowledged[row.contact_id or 0]
    ]
    assert late == []
    assert Delivery.objects.filter(message=message, state="suppressed").count() > 20


def test_a_window_that_closes_in_mid_campaign_lets_nothing_out_any_more(arena: Arena):
    closes_at = _window_until_the_next_minute(arena)
    message = arena.campaign(8000, purpose="promotional")
    arena.gateway.use("latency:0.6")
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: sent() > 0, 20, "the first acceptance")
    time.sleep(max(0.0, (closes_at - database_clock()).total_seconds()) + 3)
    after = sent()
    time.sleep(2)
    assert sent() == after
    message.refresh_from_db()
    assert message.status == "running"
    assert Delivery.objects.filter(message=message, state="queued").exists()
    assert all(datetime.fromisoformat(entry["at"]) < closes_at for entry in arena.gateway.accepted)
    arena.stop_workers()
    arena.judge()
    # The next morning.
    arena.gateway.use()
    open_every_day(arena.channel, 0, 1440)
    arena.finish(message)
    arena.judge()
    assert sent() == 8000


def _window_until_the_next_minute(arena: Arena) -> datetime:
    """Hours of promotion that end at the next whole minute but for a few seconds; the instant."""
    now = database_clock().astimezone(TEHRAN)
    closes_at = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if (closes_at - now).total_seconds() < 12:
        closes_at += timedelta(minutes=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = int((closes_at - midnight).total_seconds() // 60)
    SendingWindow.objects.create(
        channel=arena.channel, purpose="promotional", weekday=now.weekday(), opens=0, closes=min(first, 1440)
    )
    return min(closes_at, midnight + timedelta(days=1))
