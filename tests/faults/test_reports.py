"""Row 11: delivery reports twice, out of order and forged; final states stay final, forged ones refused."""

from __future__ import annotations

import threading
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from django.conf import settings as portal
from django.core.management import call_command
from django.urls import reverse

from devtools.fake_gateway.provider import Fate
from messaging.models import Delivery, GatewayCall, ProviderCallback
from messaging.states import REACHED_PROVIDER
from tests.faults.arena import Arena, more_than
from tests.faults.table import row

pytestmark = pytest.mark.faults

PEOPLE = 400
FINAL = ("delivered", "undelivered")


def post(address: str, fields: dict[str, Any]) -> int:
    data = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(address, data, timeout=10) as answer:  # noqa: S310 - our own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def told_by_the_gateway(arena: Arena) -> dict[str, str]:
    """What became of each number, as the gateway draws it."""
    fate = arena.gateway.gateway.sms.fate
    return {
        entry["number"]: "undelivered" if fate.draw(entry["id"]) < fate.undelivered else "delivered"
        for entry in arena.gateway.accepted
    }


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("address", "state"))


@row(11)
def test_reports_twice_out_of_order_and_forged_change_no_final_state(
    arena: Arena, live_server: Any, settings: Any
):
    settings.SITE_URL = live_server.url
    settings.AMOOTSMS_BASE_URL = f"{arena.gateway.url}/rest"
    settings.CALLBACKS_PER_MINUTE = 100_000
    arena.gateway.gateway.sms.fate = Fate(seconds=2, undelivered=0.3)
    call_command("register_callbacks")
    arena.gateway.steer("relays", {"mode": "unruly"})
    address = live_server.url + reverse("hook", args=["amootsms", portal.CALLBACK_SECRET])
    message = arena.campaign(PEOPLE)
    over, refused = threading.Event(), []

    def forging() -> None:
        """Somebody who knows the address, and somebody who does not, tell that everybody got it."""
        while not over.wait(0.05):
            accepted = arena.gateway.accepted
            if accepted:
                entry = arena.random.choice(accepted)
                post(address, {"MessageID": entry["id"], "DeliveryType": 1, "Number": entry["number"]})
            post(address, {"MessageID": arena.random.randrange(2**63), "DeliveryType": 2})
            wrong = address.replace(portal.CALLBACK_SECRET, portal.CALLBACK_SECRET[::-1])
            refused.append(post(wrong, {"MessageID": 1, "DeliveryType": 1}))

    thread = threading.Thread(target=forging)
    thread.start()
    try:
        for _n in range(2):
            arena.start_worker()
        arena.wait_until(
            lambda: Delivery.objects.filter(state__in=FINAL).count() == PEOPLE, 60, "a report on everybody"
        )
    finally:
        over.set()
        thread.join(20)
    assert states() == told_by_the_gateway(arena)
    assert not GatewayCall.objects.filter(report_due_at__isnull=False).exists()
    assert set(refused) == {404}

    # Once more, after the end: each the other way round, and as under way.
    before = states()
    for entry in arena.gateway.accepted[:100]:
        opposite = 1 if before[entry["number"]] == "undelivered" else 2
        for kind in (opposite, 8):
            assert post(address, {"MessageID": entry["id"], "DeliveryType": kind}) == 200
    waiting = ProviderCallback.objects.filter(handled_at__isnull=True)
    arena.wait_until(lambda: not waiting.exists(), 20, "the handling of the late reports")
    assert states() == before
    arena.finish(message)
    assert arena.judge()["accepted"] == PEOPLE
    arena.say(f"{ProviderCallback.objects.count()} posts, {len(refused)} without the secret refused")


def questions(arena: Arena) -> int:
    return sum(entry["method"].startswith("GetDeliveries") for entry in arena.gateway.received)


@row(11)
def test_workers_killed_while_they_ask_lose_no_report(arena: Arena):
    arena.gateway.gateway.sms.fate = Fate(seconds=0.5, undelivered=0.3)
    message = arena.campaign(PEOPLE)
    arena.start_worker()
    arena.finish(message)
    arena.gateway.use("latency:0.2")
    GatewayCall.objects.filter(report_due_at__isnull=False).update(report_due_at="2020-01-01T00:00:00Z")
    for _n in range(6):
        so_far = questions(arena)
        arena.start_worker()
        arena.wait_until(more_than(so_far, lambda: questions(arena)), 20, "a question")
        arena.kill(arena.workers[-1])
        # what the dead one had taken would wait for a minute
        GatewayCall.objects.filter(report_due_at__isnull=False).update(report_due_at="2020-01-01T00:00:00Z")
    arena.gateway.use()
    arena.start_worker()
    open_calls = Delivery.objects.filter(state__in=REACHED_PROVIDER).exclude(state__in=FINAL)
    # What the last one's server took after its death is free again after a minute.
    arena.wait_until(lambda: not open_calls.exists(), 90, "a report on everybody")
    assert states() == told_by_the_gateway(arena)
    arena.stop_workers()
    arena.judge()
