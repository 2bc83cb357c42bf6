"""Gateways and networks that answer badly, late, in part or not at all (rows 8 to 10)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from messaging.models import Delivery, GatewayCall
from messaging.states import REACHED_PROVIDER
from tests.faults.arena import Arena
from tests.faults.proxy import Harm, Proxy, Trouble, running_proxy
from tests.faults.table import row

pytestmark = pytest.mark.faults

UNKNOWN = ("unknown", "settled")
# A connection that is reset before the request's first byte proves that nobody was reached; whether the byte
# or the reset is first is the kernel's choice.
OUTCOMES = {Harm.RESET_AT_ONCE: (*UNKNOWN, "not_sent")}


@pytest.fixture
def proxy(arena: Arena) -> Iterator[Proxy]:
    """A bad network between the portal and the gateway."""
    with running_proxy(arena.gateway.gateway.port, seed=arena.seed) as proxy:
        arena.url = proxy.url
        yield proxy


# --- Row 8: accepted and not answered -------------------------------------------------------------


@row(8)
def test_answers_that_never_come_are_settled_and_nothing_is_sent_twice(arena: Arena):
    message = arena.campaign(400)
    faults = ["hang-after-accept@0.05", "5xx-after-accept@0.08", "reset-after-accept@0.05"]
    arena.gateway.use(*faults, "reset@0.05", "5xx@0.05", "half-json@0.03", "partial-unanswered:0.02")
    for _n in range(2):
        arena.start_worker()
    # A third of all calls fails: after each the next is one recipient, so it takes its time. Trials and
    # questions that fail one after the other grow rare: what the worst moments left unknown is asked about
    # again only after a pause as long as all of them together.
    lost = GatewayCall.objects.filter(outcome__in=("unknown", "settled"))
    arena.wait_until(lambda: arena.sent() > 40 and lost.exists(), 300, "a lost answer, and the middle")
    arena.gateway.use()
    arena.finish(message, seconds=180)
    assert GatewayCall.objects.filter(outcome="settled").exists()
    assert arena.judge()["in_doubt"] == 0
    assert arena.sent() == 400


# The head of a request is about 250 bytes, its body follows at once; an answer's head is about 160.
HARMS = [
    Trouble(Harm.RESET_AT_ONCE),
    Trouble(Harm.DELAY, seconds=3),
    Trouble(Harm.SWALLOW_REQUEST, after=0),
    Trouble(Harm.SWALLOW_REQUEST, after=300),
    Trouble(Harm.RESET_REQUEST, after=0),
    Trouble(Harm.RESET_REQUEST, after=300),
    Trouble(Harm.SWALLOW_ANSWER, after=0),
    Trouble(Harm.SWALLOW_ANSWER, after=200),
    Trouble(Harm.RESET_ANSWER, after=0),
    Trouble(Harm.RESET_ANSWER, after=200),
    Trouble(Harm.CUT_ANSWER, after=0),
    Trouble(Harm.CUT_ANSWER, after=200),
]


@row(8)
@pytest.mark.parametrize("trouble", HARMS, ids=lambda trouble: f"{trouble.harm}-{trouble.after}")
def test_a_connection_that_is_harmed_leaves_unknown_outcomes_that_are_settled(
    arena: Arena, proxy: Proxy, trouble: Trouble
):
    """Nothing of it is taken for a proof that nobody was reached, and nothing is sent again blindly."""
    message = arena.campaign(100)
    proxy.use(trouble)
    arena.start_worker()
    arena.wait_until(lambda: proxy.done[trouble.harm], 30, "the harm")
    outcomes = OUTCOMES.get(trouble.harm, UNKNOWN)
    arena.wait_until(lambda: GatewayCall.objects.filter(outcome__in=outcomes).exists(), 10, "its outcome")
    proxy.use()
    arena.finish(message)
    assert trouble.harm in OUTCOMES or GatewayCall.objects.filter(outcome="settled").exists()
    assert arena.judge()["in_doubt"] == 0
    assert arena.sent() == 100


@row(8)
def test_a_network_that_does_all_of_it_at_once_loses_nothing_and_doubles_nothing(arena: Arena, proxy: Proxy):
    message = arena.campaign(2_000)
    arena.gateway.use("latency:0.1")
    troubles = [
        Trouble(trouble.harm, arena.random.randrange(600), trouble.seconds, probability=0.05)
        for trouble in HARMS
    ]
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    while len(proxy.done) < 4 and arena.taken() < 1_800:
        # Connections that are kept alive end too, wherever they are, and new ones meet their fate.
        proxy.use(*troubles)
        time.sleep(arena.random.uniform(0.2, 0.8))
    assert proxy.done, "no connection was harmed"
    proxy.use()
    arena.finish(message)
    assert arena.judge()["in_doubt"] == 0
    assert arena.sent() == 2_000
    arena.say(f"figures: {dict(sorted(proxy.done.items()))}")


# --- Row 9: not even a connection -----------------------------------------------------------------


@row(9)
def test_a_refused_connection_leaves_nothing_unknown_and_the_campaign_goes_on(arena: Arena):
    message = arena.campaign(1_000)
    arena.gateway.use("latency:0.1")
    arena.start_worker()
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    arena.gateway.use("refuse:4x1")
    arena.wait_until(
        lambda: GatewayCall.objects.filter(outcome="not_sent").exists(), 20, "a refused connection"
    )
    assert not Delivery.objects.filter(state="unknown").exists()
    arena.finish(message)
    assert not GatewayCall.objects.filter(outcome__in=UNKNOWN).exists()
    arena.judge()
    assert arena.sent() == 1_000


@row(9)
def test_a_network_that_lets_nobody_through_leaves_nothing_unknown_either(arena: Arena, proxy: Proxy):
    message = arena.campaign(400)
    proxy.use(Trouble(Harm.REFUSE))
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: GatewayCall.objects.filter(outcome="not_sent").exists(), 20, "a refusal")
    assert arena.gateway.accepted == []
    proxy.use()
    arena.finish(message)
    assert not GatewayCall.objects.filter(outcome__in=UNKNOWN).exists()
    arena.judge()
    assert arena.sent() == 400


# --- Row 10: accepted in part ---------------------------------------------------------------------


@row(10)
def test_of_a_batch_that_is_accepted_in_part_every_recipient_has_its_own_outcome(arena: Arena):
    message = arena.campaign(1_000)
    arena.gateway.use("partial:0.2", "partial-unanswered:0.2")
    arena.start_worker()
    arena.wait_for_the_end(message)
    arena.stop_workers()
    taken = {entry["number"] for entry in arena.gateway.accepted}
    rows = dict(Delivery.objects.filter(message=message).values_list("address", "state"))
    assert {address for address, state in rows.items() if state in REACHED_PROVIDER} == taken
    assert {address for address, state in rows.items() if state == "rejected"} == rows.keys() - taken
    assert 100 < len(rows.keys() - taken) < 350
    assert GatewayCall.objects.filter(outcome="settled").exists()
    assert arena.judge()["accepted"] == len(taken)
