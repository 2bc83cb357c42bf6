"""The offline checker finds every kind of broken promise, in logs and databases made by hand."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from channels.actions import set_windows
from contacts.consent.actions import set_consent
from contacts.models import Contact
from messaging.actions.plan import plan
from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_not_sent, record_unknown
from messaging.invariants.check import CheckResult, check
from messaging.invariants.gateway_log import LogReader, digest_of
from messaging.models import AudienceMember, Delivery, GatewayCall, Message
from tests.factories import (
    HOUR,
    NOW,
    ChannelFactory,
    MessageFactory,
    OverrideFactory,
    UserFactory,
    mobile,
    open_every_day,
)
from tests.guards import unguarded
from tests.messaging.helpers import campaign, people, seconds
from tests.messaging.invariants.gateway_logs import KEPT, Log, deliver, sent

pytestmark = pytest.mark.django_db


def broken(verdict: CheckResult) -> dict[str, int]:
    """The promises that were broken, and how often."""
    return {name: count for name, count in verdict.counts.items() if count}


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_campaign_that_went_well_keeps_every_promise(log: Log):
    log.accept_all(sent())
    verdict = log.judge()
    assert verdict.counts == KEPT
    assert verdict.is_kept
    assert (verdict.accepted, verdict.unknown, verdict.waiting) == (3, 0, 0)


def test_an_empty_system_keeps_every_promise(log: Log):
    assert log.judge().counts == KEPT


def test_a_flag_that_the_ledger_does_not_know_is_out_of_step(log: Log):
    message = sent()
    log.accept_all(message)
    astray = Contact.objects.filter(deliveries__message=message).earliest("pk")
    with unguarded():
        Contact.objects.filter(pk=astray.pk).update(no_messages=True)
    verdict = log.judge()
    assert verdict.counts["consent"] >= 1
    assert f"customer {astray.pk}" in verdict.examples["consent"][0].what
    assert not verdict.is_kept


def test_what_is_recorded_and_was_never_taken_is_lost(log: Log):
    message = sent(3)
    log.accept_all(message)
    gone = log.lines.pop()
    verdict = log.judge()
    assert broken(verdict) == {"lost": 1}
    [breach] = verdict.examples["lost"]
    number = json.loads(gone)["number"]
    assert breach.message == message.pk
    assert number not in breach.number
    assert breach.number.endswith(number[-2:])


def test_a_log_without_a_single_line_loses_everything(log: Log):
    sent(3)
    assert broken(log.judge()) == {"lost": 3}


def test_what_was_taken_before_the_log_begins_is_not_looked_for(log: Log):
    sent(2, now=NOW - HOUR)
    log.accept_all(deliver(_another()))
    assert broken(log.judge()) == {}
    assert broken(check(log.lines, since=NOW - 2 * HOUR)) == {"lost": 2}


def _another(**fields: Any) -> Message:
    first = Message.objects.first()
    assert first is not None
    message: Message = MessageFactory(sender=first.sender, sender_manager=first.sender_manager, **fields)
    plan(message.pk, now=NOW)
    return Message.objects.get(pk=message.pk)


def test_the_same_delivery_taken_again_is_twice(log: Log):
    log.accept_all(sent())
    log.accept(mobile(0))
    log.accept(mobile(0))
    verdict = log.judge()
    assert broken(verdict) == {"twice": 2}
    assert [breach.line for breach in verdict.examples["twice"]] == [4, 5]


def test_two_messages_of_one_text_are_not_twice(log: Log):
    log.accept_all(sent(2))
    log.accept_all(deliver(_another()))
    assert broken(log.judge()) == {}
    log.accept(mobile(0))
    assert broken(log.judge()) == {"twice": 1}


def test_an_unknown_outcome_that_was_taken_is_neither_lost_nor_twice(log: Log):
    message = campaign(2)
    claimed = claim(message, limit=10, closes_at=None, worker="test", now=NOW)
    assert claimed is not None
    record_unknown(claimed.call_id, now=NOW, error="timeout")
    log.accept(mobile(0))
    verdict = log.judge()
    assert broken(verdict) == {}
    assert verdict.unknown == 2
    log.accept(mobile(0))
    assert broken(log.judge()) == {"twice": 1}


def test_what_waits_or_was_refused_by_rule_is_not_lost(log: Log):
    people(1, no_messages=True, mobile=mobile(99))
    campaign(3)
    verdict = log.judge()
    assert broken(verdict) == {}
    assert verdict.waiting == 3


def test_what_the_gateway_took_while_the_portal_says_it_did_not_is_unaccounted_for(log: Log):
    message = campaign(1)
    claimed = claim(message, limit=10, closes_at=None, worker="test", now=NOW)
    assert claimed is not None
    record_not_sent(claimed, now=NOW, error="refused")
    log.accept(mobile(0))
    assert broken(log.judge()) == {"unaccounted": 1}


def test_what_no_delivery_stands_for_is_unaccounted_for(log: Log):
    log.accept_all(sent())
    log.accept("+989999999999")
    log.accept(mobile(0), text="another text")
    log.accept(mobile(0), provider="avanak")
    assert broken(log.judge()) == {"unaccounted": 3}


@pytest.mark.parametrize(
    ("state", "message_status", "reason"),
    [
        ("queued", "finished", ""),
        ("sending", "running", ""),
        ("unknown", "running", ""),
        ("suppressed", "running", ""),
    ],
)
def test_a_row_that_nobody_would_look_at_again_is_lost(
    log: Log, state: str, message_status: str, reason: str
):
    message = sent(2)
    log.accept_all(message)
    row = Delivery.objects.order_by("id").first()
    assert row is not None
    with unguarded(), connection.cursor() as cursor:  # as a mistaken hand would
        cursor.execute(
            "UPDATE messaging_delivery SET state = %s, reason = %s, not_before = now() WHERE id = %s",
            [state, reason, row.pk],
        )
    if message_status == "finished":
        Message.objects.filter(pk=message.pk).update(status="finished", finished_at=NOW)
    verdict = log.judge()
    assert broken(verdict) == {"lost": 1}
    assert verdict.examples["lost"][0].what == f"{state} and forgotten"


def test_a_line_of_a_file_without_a_delivery_is_lost(log: Log):
    message = sent(2)
    log.accept_all(message)
    AudienceMember.objects.create(message=message, line=1, raw="0912 000 0000", address=mobile(0))
    assert broken(log.judge()) == {}
    AudienceMember.objects.create(message=message, line=2, raw="0912 000 0077", address=mobile(77))
    assert broken(log.judge()) == {"lost": 1}


def test_fewer_deliveries_than_were_planned_are_lost(log: Log):
    message = sent(3)
    log.accept_all(message)
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_delivery WHERE address = %s", [mobile(0)])
    assert broken(log.judge()) == {"lost": 1, "unaccounted": 1}


@pytest.mark.parametrize(
    ("flag", "purpose", "is_breach"),
    [
        ("no_messages", "notification", True),
        ("no_messages", "promotional", True),
        ("no_promotional", "promotional", True),
        ("no_promotional", "notification", False),
        ("no_promotional", "survey", False),
    ],
)
def test_whoever_had_refused_it_before_the_claim_must_not_get_it(
    log: Log, flag: str, purpose: str, is_breach: bool
):
    open_every_day(ChannelFactory(), 0, 1440)
    message = sent(2, purpose=purpose)
    log.accept_all(message)
    refuse(message, flag, at=NOW - seconds(10))
    assert broken(log.judge()) == ({"opted_out": 1} if is_breach else {})


def refuse(message: Message, flag: str, *, at: datetime, value: bool = True) -> None:
    row = Delivery.objects.filter(message=message).order_by("id").first()
    assert row is not None
    assert row.contact is not None
    voc = UserFactory(roles=["voc"])
    set_consent(contact=row.contact, flag=flag, value=value, reason="asked", by=voc, now=at)


def test_an_opt_out_after_the_claim_comes_too_late_for_it(log: Log):
    message = sent(2)
    log.accept_all(message)
    refuse(message, "no_messages", at=NOW + seconds(1))
    assert broken(log.judge()) == {}


def test_a_refusal_taken_back_before_the_claim_is_none(log: Log):
    message = sent(2)
    log.accept_all(message)
    refuse(message, "no_messages", at=NOW - 2 * HOUR)
    refuse(message, "no_messages", at=NOW - HOUR, value=False)
    assert broken(log.judge()) == {}


@pytest.mark.parametrize(
    ("changes", "is_breach"),
    [
        ({}, False),
        ({"content_hash": "0" * 64}, True),
        ({"pending": True}, True),
        ({"approved_at": NOW - 2 * HOUR, "expires_at": NOW - HOUR}, True),
        ({"revoked_at": NOW - HOUR}, True),
        ({"revoked_at": NOW + HOUR}, False),
    ],
)
def test_only_an_approved_override_of_the_same_content_covers_it(
    log: Log, changes: dict[str, Any], is_breach: bool
):
    message = sent(1)
    log.accept_all(message)
    refuse(message, "no_messages", at=NOW - HOUR)
    approved = {} if changes.get("pending") else {"approved_at": NOW - HOUR / 2}
    OverrideFactory(message=message, **{**approved, **changes})
    assert broken(log.judge()) == ({"opted_out": 1} if is_breach else {})


@pytest.mark.parametrize(
    ("hour", "minute", "second", "is_breach"),
    [(8, 0, 0, False), (7, 59, 59, True), (21, 59, 59, False), (22, 0, 0, True), (3, 0, 0, True)],
)
def test_promotion_taken_outside_its_hours_is_found_by_the_gateways_clock(
    log: Log, hour: int, minute: int, second: int, is_breach: bool
):
    open_every_day(ChannelFactory())
    log.accept_all(sent(2, promotional=True), at=NOW.replace(hour=hour, minute=minute, second=second))
    assert broken(check(log.lines, since=NOW - 24 * HOUR)) == ({"outside_window": 2} if is_breach else {})


@pytest.mark.parametrize(
    ("hour", "claimed", "is_breach"),
    [(9, -1, False), (9, 2, True), (15, -1, True), (15, 2, False), (3, -1, True), (3, 2, True)],
)
def test_the_hours_are_those_that_were_in_force_when_it_was_claimed(
    log: Log, hour: int, claimed: int, is_breach: bool
):
    """Hours were moved from the morning to the afternoon; the night was never allowed."""
    channel, at = ChannelFactory(), NOW.replace(hour=hour)
    moved, given = at - claimed * HOUR, {"channel": channel, "purpose": "promotional", "by": None}
    for intervals, since in ((8 * 60, 12 * 60), NOW - 48 * HOUR), ((12 * 60, 22 * 60), moved):
        set_windows(intervals=[(day, *intervals) for day in range(7)], reason="جابه‌جایی", now=since, **given)
    message = sent(2, promotional=True)
    with unguarded():
        GatewayCall.objects.filter(message=message).update(intended_at=at)
    log.accept_all(message, at=at)
    assert broken(check(log.lines, since=NOW - 24 * HOUR)) == ({"outside_window": 2} if is_breach else {})


def test_hours_that_were_opened_for_four_minutes_at_night_hide_no_breach(log: Log):
    """Rows that somebody wrote past the portal, and took back."""
    channel, at = ChannelFactory(), NOW.replace(hour=3)
    open_every_day(channel, 0, 1440)
    message = sent(2, promotional=True)
    with unguarded():
        GatewayCall.objects.filter(message=message).update(intended_at=at)
    log.accept_all(message, at=at)
    verdicts = [broken(check(log.lines, since=NOW - 24 * HOUR))]
    open_every_day(channel)
    verdicts.append(broken(check(log.lines, since=NOW - 24 * HOUR)))
    assert verdicts == [{"outside_window": 2}] * 2


def test_other_purposes_have_no_hours_and_promotion_without_hours_is_outside(log: Log):
    at = NOW.replace(hour=3)
    log.accept_all(sent(1), at=at)
    assert broken(check(log.lines, since=at)) == {}
    log.accept_all(deliver(_another(purpose="promotional", text="تخفیف")), at=at)
    assert broken(check(log.lines, since=at)) == {"outside_window": 1}


@pytest.mark.parametrize(
    ("ends_at", "is_breach"),
    [(NOW.replace(hour=23), False), (NOW.replace(hour=23, minute=1), True), (None, True)],
)
def test_a_voice_campaign_may_not_be_dialled_after_the_close(
    log: Log, ends_at: datetime | None, is_breach: bool
):
    avanak = ChannelFactory(code="avanak", kind="voice")
    open_every_day(avanak, 7 * 60, 23 * 60)
    message = sent(3, channel=avanak, promotional=True)
    log.accept_all(message, window_end=ends_at.isoformat() if ends_at else None)
    assert broken(log.judge()) == ({"outside_window": 3} if is_breach else {})


def test_a_voice_campaigns_id_stands_for_all_its_numbers(log: Log):
    avanak = ChannelFactory(code="avanak", kind="voice")
    log.accept_all(sent(4, channel=avanak))
    assert broken(log.judge()) == {}


def test_half_a_line_and_strange_lines_are_counted_and_passed_over(log: Log):
    log.accept_all(sent(1))
    log.lines += ['{"at":"2026-11-2', "null", "", '{"at":"2026-11-23T10:00:00+00:00","event":"received"}']
    verdict = log.judge()
    assert broken(verdict) == {}
    assert verdict.unreadable == 2


def test_reading_keeps_no_more_than_a_line_in_mind():
    def endless() -> Any:
        log = Log()
        for n in range(3000):
            log.accept(mobile(n), text=f"t{n}")
            yield log.lines.pop()

    reader = LogReader()
    assert sum(1 for _accepted in reader.read(endless())) == 3000
    assert reader.first_at == NOW
    assert digest_of.cache_info().currsize <= 1000


def test_nothing_is_written(log: Log):
    log.accept_all(sent())
    before = (GatewayCall.objects.count(), Delivery.objects.count())
    log.judge()
    assert (GatewayCall.objects.count(), Delivery.objects.count()) == before
