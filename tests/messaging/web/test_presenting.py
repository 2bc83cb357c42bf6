"""Counts of one name are one number; the bar is counted by state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.media import Medium, Purpose
from messaging.audience.planning import Plan
from messaging.evaluation.facts import decide_message
from messaging.policy.facts import ChannelFacts, MessageFacts
from messaging.states import DeliveryState
from messaging.web.presenting import BAR, BAR_WIDTH, ProgressView, closed_schedule
from tests.policy.builders import DAY, HOUR, NOON, SMS_HOURS


def counts(held_by: str = "", **by_state: int) -> ProgressView:
    return ProgressView(Plan(sum(by_state.values()), by_state, {}, held_by))


def test_every_state_is_in_one_part_of_the_bar():
    states = [state for _code, _label, group in BAR for state in group]
    assert sorted(states) == sorted(DeliveryState)


def test_the_bar_is_as_long_as_its_parts_and_each_counts_its_people():
    shown = counts(delivered=7, accepted=1, undelivered=2, suppressed=3, queued=20, unknown=1)
    bar = {part.code: part.count for part in shown.bar}
    assert bar == {"delivered": 7, "sent": 1, "failed": 2, "unknown": 1, "by-rule": 3, "waiting": 20}
    assert sum(part.width for part in shown.bar) == BAR_WIDTH
    assert [part.begins for part in shown.bar] == sorted(part.begins for part in shown.bar)
    assert counts().bar == []


def test_a_cancelled_message_shows_no_full_bar():
    """Of 12,985 people 5,418 never got it."""
    shown = counts(delivered=7_400, suppressed=167, cancelled=5_418)
    assert shown.reached == 7_400
    widths = {part.code: part.width for part in shown.bar}
    assert widths["delivered"] < BAR_WIDTH * 0.6
    assert "sent" not in widths


def test_sent_counts_what_the_provider_took_whatever_became_of_it():
    shown = counts(accepted=994, delivered=650, undelivered=5, queued=10)
    assert shown.reached == 1_649
    assert {row.code: row.count for row in shown.states}["accepted"] == 994


@pytest.mark.parametrize(
    ("held_by", "waiting", "words"),
    [
        ("window_closed", 3, "در انتظار ساعت مجاز"),
        ("scheduled", 3, "در انتظار زمان ارسال"),
        ("window_closed", 0, ""),
        ("", 3, ""),
        ("paused", 3, ""),
    ],
)
def test_what_waits_is_not_called_under_way(held_by: str, waiting: int, words: str):
    assert str(counts(held_by, queued=waiting, delivered=1).waiting_name) == words


def schedule(at, *, now=NOON, purpose=Purpose.PROMOTIONAL, windows=SMS_HOURS):
    message = MessageFacts(purpose, Medium.SMS, scheduled_at=at)
    channel = ChannelFacts(windows, operator_down=False, answer_within=timedelta(seconds=21))
    return closed_schedule(decide_message(message, channel, now))


def test_a_chosen_time_outside_the_hours_offers_the_last_minute_before_it():
    found = schedule(NOON.replace(hour=23, minute=30))
    assert found is not None
    assert found.last == NOON.replace(hour=21, minute=59)
    assert found.goes_at == NOON.replace(hour=8) + DAY
    assert found.spans == ["۰۸:۰۰ تا ۲۲:۰۰"]
    early = schedule(NOON.replace(hour=3) + DAY)
    assert early is not None
    assert early.last == NOON.replace(hour=21, minute=59)
    assert early.goes_at == NOON.replace(hour=8) + DAY


def test_no_minute_is_offered_that_lies_behind():
    found = schedule(NOON.replace(hour=23), now=NOON.replace(hour=22, minute=10))
    assert found is not None
    assert found.last is None


def test_a_time_inside_the_hours_or_of_a_purpose_without_them_needs_no_word():
    assert schedule(NOON + HOUR) is None
    assert schedule(None) is None
    night = NOON.replace(hour=23, minute=30)
    assert schedule(night, purpose=Purpose.NOTIFICATION, windows=None) is None
