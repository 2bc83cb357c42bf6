"""One table a rule: the facts that matter to it, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from channels.windows import WeeklyWindows
from common.media import Medium, Purpose
from messaging.policy.facts import AddressKind
from messaging.policy.reasons import Reason
from messaging.policy.rules import (
    PASS,
    RULES,
    RuleEffect,
    Ruling,
    address,
    approval,
    cancelled,
    duplicate,
    expired,
    no_messages,
    no_promotional,
    operator,
    paused,
    schedule,
    voc_call,
    window,
)
from persian.jalali import TEHRAN
from tests.policy.builders import (
    APPROVED,
    CLOSED_AT_NOON,
    DAY,
    HOUR,
    LAPSED,
    NOON,
    NOT_YET_APPROVED,
    OF_OTHER_CONTENT,
    OVERRIDES,
    PENDING,
    REVOKED,
    SMS_HOURS,
    TICK,
    WITHDRAWN,
    every_day,
    facts,
)

NOTIFICATION, PROMOTIONAL, SURVEY = Purpose.NOTIFICATION, Purpose.PROMOTIONAL, Purpose.SURVEY


def refuse(reason: Reason) -> Ruling:
    return Ruling(RuleEffect.REFUSE, reason)


def hold(reason: Reason, until: datetime | None = None) -> Ruling:
    return Ruling(RuleEffect.HOLD, reason, until)


MISSING = refuse(Reason.FACTS_MISSING)


@pytest.mark.parametrize(("is_duplicate", "expected"), [(False, PASS), (True, refuse(Reason.DUPLICATE))])
def test_a_recipient_named_twice_gets_a_message_once(is_duplicate: bool, expected: Ruling):
    assert duplicate(facts(duplicate=is_duplicate)) == expected


@pytest.mark.parametrize(
    ("kind", "medium", "expected"),
    [
        (AddressKind.MOBILE, Medium.SMS, PASS),
        (AddressKind.MOBILE, Medium.VOICE, PASS),
        (AddressKind.LANDLINE, Medium.SMS, refuse(Reason.LANDLINE)),
        (AddressKind.LANDLINE, Medium.VOICE, PASS),
        (AddressKind.INVALID, Medium.SMS, refuse(Reason.INVALID_ADDRESS)),
        (AddressKind.INVALID, Medium.VOICE, refuse(Reason.INVALID_ADDRESS)),
        (None, Medium.SMS, MISSING),
        (None, Medium.VOICE, MISSING),
    ],
)
def test_a_number_must_be_able_to_take_the_medium(kind: AddressKind | None, medium: Medium, expected: Ruling):
    assert address(facts(address=kind, medium=medium)) == expected


@pytest.mark.parametrize(("is_cancelled", "expected"), [(False, PASS), (True, refuse(Reason.CANCELLED))])
def test_a_cancelled_message_goes_to_nobody(is_cancelled: bool, expected: Ruling):
    assert cancelled(facts(cancelled=is_cancelled)) == expected


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        (None, PASS),
        (NOON + TICK, PASS),
        (NOON, refuse(Reason.EXPIRED)),  # the end is exclusive
        (NOON - DAY, refuse(Reason.EXPIRED)),
    ],
)
def test_a_message_is_useless_from_its_expiry_on(expires_at: datetime | None, expected: Ruling):
    assert expired(facts(expires_at=expires_at)) == expected


LIFTED = Ruling(RuleEffect.LIFTED, Reason.NO_MESSAGES, NOON + DAY)
REFUSED = refuse(Reason.NO_MESSAGES)


@pytest.mark.parametrize(
    ("flag", "purpose", "override", "expected"),
    [
        (False, NOTIFICATION, None, PASS),
        (False, PROMOTIONAL, None, PASS),
        (False, SURVEY, APPROVED, PASS),
        (True, NOTIFICATION, None, REFUSED),
        (True, PROMOTIONAL, None, REFUSED),
        (True, SURVEY, None, REFUSED),
        (True, NOTIFICATION, APPROVED, LIFTED),
        (True, SURVEY, APPROVED, LIFTED),
        (True, PROMOTIONAL, APPROVED, REFUSED),  # never an emergency (reading 5)
        (True, NOTIFICATION, PENDING, REFUSED),
        (True, NOTIFICATION, LAPSED, REFUSED),
        (True, NOTIFICATION, REVOKED, REFUSED),
        (True, NOTIFICATION, WITHDRAWN, REFUSED),
        (True, NOTIFICATION, OF_OTHER_CONTENT, REFUSED),  # any edit voids it (reading 6)
        (True, NOTIFICATION, NOT_YET_APPROVED, REFUSED),
        (None, NOTIFICATION, None, MISSING),
        (None, NOTIFICATION, APPROVED, MISSING),
    ],
)
def test_no_message_at_all_stops_every_purpose_but_an_approved_emergency(
    flag: bool | None, purpose: Purpose, override: Any, expected: Ruling
):
    assert no_messages(facts(no_messages=flag, purpose=purpose, override=override)) == expected


def test_an_approval_ends_at_its_expiry():
    def at(now: datetime) -> RuleEffect:
        return no_messages(facts(now, no_messages=True, override=APPROVED)).effect

    assert APPROVED.approved_at is not None
    assert APPROVED.expires_at is not None
    assert at(APPROVED.approved_at) is RuleEffect.LIFTED
    assert at(APPROVED.approved_at - TICK) is RuleEffect.REFUSE
    assert at(APPROVED.expires_at - TICK) is RuleEffect.LIFTED
    assert at(APPROVED.expires_at) is RuleEffect.REFUSE


@pytest.mark.parametrize(
    ("flag", "purpose", "override", "expected"),
    [
        (False, PROMOTIONAL, None, PASS),
        (True, PROMOTIONAL, None, refuse(Reason.NO_PROMOTIONAL)),
        (True, PROMOTIONAL, APPROVED, refuse(Reason.NO_PROMOTIONAL)),
        (True, NOTIFICATION, None, PASS),  # reading 4
        (True, SURVEY, None, PASS),
        (None, PROMOTIONAL, None, MISSING),
        (None, NOTIFICATION, None, MISSING),
    ],
)
def test_no_promotional_stops_promotional_messages_only(
    flag: bool | None, purpose: Purpose, override: Any, expected: Ruling
):
    assert no_promotional(facts(no_promotional=flag, purpose=purpose, override=override)) == expected


@pytest.mark.parametrize("name", OVERRIDES)
@pytest.mark.parametrize("purpose", Purpose)
def test_an_emergency_waits_for_the_decision(name: str, purpose: Purpose):
    waits = name == "pending" and purpose is not PROMOTIONAL
    expected = hold(Reason.AWAITING_APPROVAL) if waits else PASS
    assert approval(facts(purpose=purpose, override=OVERRIDES[name])) == expected


@pytest.mark.parametrize(("is_paused", "expected"), [(False, PASS), (True, hold(Reason.PAUSED))])
def test_a_paused_message_waits_for_somebody_to_resume_it(is_paused: bool, expected: Ruling):
    assert paused(facts(paused=is_paused)) == expected


@pytest.mark.parametrize(
    ("is_open", "purpose", "expected"),
    [
        (False, PROMOTIONAL, PASS),
        (True, PROMOTIONAL, hold(Reason.VOC_CALL_OPEN)),
        (True, NOTIFICATION, PASS),
        (True, SURVEY, PASS),
        (None, PROMOTIONAL, MISSING),
        (None, SURVEY, MISSING),
    ],
)
def test_nobody_gets_an_advertisement_while_on_the_line(
    is_open: bool | None, purpose: Purpose, expected: Ruling
):
    assert voc_call(facts(voc_call_open=is_open, purpose=purpose)) == expected


@pytest.mark.parametrize(
    ("down", "expected"), [(False, PASS), (True, hold(Reason.OPERATOR_DOWN)), (None, MISSING)]
)
@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_waits_while_the_operator_is_down(
    down: bool | None, purpose: Purpose, expected: Ruling
):
    assert operator(facts(operator_down=down, purpose=purpose, override=APPROVED)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, PASS),
        (NOON - DAY, PASS),
        (NOON, PASS),  # from that instant on
        (NOON + TICK, hold(Reason.SCHEDULED, NOON + TICK)),
    ],
)
def test_a_message_waits_for_the_time_its_sender_asked_for(at: datetime | None, expected: Ruling):
    assert schedule(facts(scheduled_at=at)) == expected


def tehran(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=TEHRAN)


# The provider's narrower hours for voice, morning and evening.
TWO_A_DAY = every_day((570, 840), (990, 1320))
# Friday evening over midnight into Saturday, as two rows.
OVER_MIDNIGHT = WeeklyWindows.of([(4, 22 * 60, 1440), (5, 0, 2 * 60)])
# Sunday evening into Monday: the seam of the week.
OVER_THE_WEEK = WeeklyWindows.of([(6, 22 * 60, 1440), (0, 0, 60)])
SATURDAYS = WeeklyWindows.of([(5, 480, 1320)])
CLOSED = Reason.WINDOW_CLOSED


@pytest.mark.parametrize(
    ("windows", "now", "expected"),
    [
        (SMS_HOURS, tehran(23, 8), PASS),
        (SMS_HOURS, tehran(23, 8) - TICK, hold(CLOSED, tehran(23, 8))),
        (SMS_HOURS, tehran(23, 22) - TICK, PASS),
        (SMS_HOURS, tehran(23, 22), hold(CLOSED, tehran(24, 8))),  # half-open (reading 2)
        (SMS_HOURS, tehran(23, 0), hold(CLOSED, tehran(23, 8))),
        (TWO_A_DAY, tehran(23, 9, 30), PASS),
        (TWO_A_DAY, tehran(23, 14), hold(CLOSED, tehran(23, 16, 30))),
        (TWO_A_DAY, tehran(23, 16, 30), PASS),
        (TWO_A_DAY, tehran(23, 22), hold(CLOSED, tehran(24, 9, 30))),
        (SATURDAYS, tehran(23, 12), hold(CLOSED, tehran(28, 8))),
        (SATURDAYS, tehran(28, 22), hold(CLOSED, tehran(28, 8) + 7 * DAY)),
        (WeeklyWindows.of([]), tehran(23, 12), hold(CLOSED)),
        (None, tehran(23, 12), hold(CLOSED)),  # without hours on record it waits for some
    ],
)
@pytest.mark.parametrize("purpose", [PROMOTIONAL, SURVEY])
def test_a_message_leaves_inside_its_window_only(
    purpose: Purpose, windows: WeeklyWindows | None, now: datetime, expected: Ruling
):
    bound = windows is not None or purpose is PROMOTIONAL  # nothing binds a survey without hours (reading 1)
    assert window(facts(now, purpose=purpose, windows=windows)) == (expected if bound else PASS)


@pytest.mark.parametrize(
    ("windows", "now", "expected"),
    [
        (OVER_MIDNIGHT, tehran(27, 23, 59), PASS),
        (OVER_MIDNIGHT, tehran(28, 0), PASS),
        (OVER_MIDNIGHT, tehran(28, 2), hold(CLOSED, tehran(28, 22) + 6 * DAY)),
        (OVER_THE_WEEK, tehran(22, 23), PASS),
        (OVER_THE_WEEK, tehran(23, 0, 59), PASS),
        (OVER_THE_WEEK, tehran(23, 1), hold(CLOSED, tehran(29, 22))),
        (every_day((0, 1440)), tehran(23, 0), PASS),
    ],
)
def test_windows_at_night_open_for_what_the_procedure_does_not_limit(
    windows: WeeklyWindows, now: datetime, expected: Ruling
):
    assert window(facts(now, purpose=SURVEY, windows=windows)) == expected


@pytest.mark.parametrize("opens", [(0, 1440), (0, 8 * 60), (21 * 60, 1440)])
@pytest.mark.parametrize(("medium", "first", "last"), [(Medium.SMS, 8, 22), (Medium.VOICE, 7, 23)])
def test_no_window_opens_the_procedures_hours_for_promotion(
    medium: Medium, first: int, last: int, opens: tuple[int, int]
):
    """Reading 11: windows can only narrow C7.6."""
    for minute in range(24 * 60):
        now = tehran(23, 0) + timedelta(minutes=minute)
        allowed = first * 60 <= minute < last * 60 and opens[0] <= minute < opens[1]
        ruling = window(facts(now, purpose=PROMOTIONAL, medium=medium, windows=every_day(opens)))
        assert (ruling == PASS) is allowed, minute


def test_a_promotional_message_at_night_waits_for_the_procedures_opening_whatever_the_windows_say():
    night = facts(tehran(23, 3), purpose=PROMOTIONAL, windows=every_day((0, 1440)))
    assert window(night) == hold(CLOSED, tehran(23, 8))
    never = facts(tehran(23, 3), purpose=PROMOTIONAL, windows=every_day((0, 8 * 60)))
    assert window(never) == hold(CLOSED)
    lifted = replace(night, channel=replace(night.channel, limit_lifted=True))
    assert window(lifted) == PASS


def test_nothing_is_begun_whose_answer_could_come_after_the_close():
    """The last seconds of a window belong to the answer: the claim takes nothing then."""

    def at(now: datetime, *windows: tuple[int, int]) -> Ruling:
        given = facts(now, purpose=PROMOTIONAL, windows=every_day(*windows))
        return window(replace(given, channel=replace(given.channel, answer_within=timedelta(seconds=21))))

    last = tehran(23, 22) - timedelta(seconds=21)
    assert at(last - TICK, (480, 1320)) == PASS
    assert at(last, (480, 1320)) == hold(CLOSED, tehran(24, 8))
    assert at(tehran(23, 22) - TICK, (480, 1320)) == hold(CLOSED, tehran(24, 8))
    # A window that is too short for any answer is none.
    given = facts(tehran(23, 9), purpose=PROMOTIONAL, windows=every_day((600, 601), (700, 720)))
    with_short = replace(given, channel=replace(given.channel, answer_within=timedelta(minutes=2)))
    assert window(with_short) == hold(CLOSED, tehran(23, 11, 40))


def test_a_time_in_closed_hours_waits_for_the_first_ones_after_it():
    given = facts(purpose=PROMOTIONAL, windows=SMS_HOURS, scheduled_at=tehran(23, 23, 30))
    assert window(given) == hold(CLOSED, tehran(24, 8))
    assert schedule(given) == hold(Reason.SCHEDULED, tehran(23, 23, 30))


@pytest.mark.parametrize("purpose", [NOTIFICATION, SURVEY])
def test_without_hours_on_record_other_purposes_go_at_any_hour(purpose: Purpose):
    for hour in range(24):
        assert window(facts(NOON + hour * HOUR, purpose=purpose)) == PASS


def test_hours_set_for_another_purpose_bind_it():
    assert window(facts(purpose=SURVEY, windows=CLOSED_AT_NOON)) == hold(CLOSED, tehran(24, 8))


def test_a_window_does_not_depend_on_the_zone_that_the_instant_is_written_in():
    from datetime import UTC

    for minutes in range(0, 24 * 60, 10):
        now = tehran(23, 0) + timedelta(minutes=minutes)
        here = window(facts(now, purpose=PROMOTIONAL, windows=SMS_HOURS))
        there = window(facts(now.astimezone(UTC), purpose=PROMOTIONAL, windows=SMS_HOURS))
        assert here == there


def test_every_rule_has_a_clause_and_is_named_after_its_function():
    assert [rule.name for rule in RULES] == [rule.judge.__name__ for rule in RULES]
    assert all(rule.clause.startswith("C7.") for rule in RULES)
    assert all(rule.judge.__doc__ for rule in RULES)
    assert {"C7.2", "C7.3", "C7.4", "C7.5", "C7.6"} <= {rule.clause for rule in RULES}
