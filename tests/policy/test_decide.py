"""The whole decision: which reason is named, every refusal kept, until when, over all states."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime

import pytest

from common.media import Medium, Purpose
from messaging.policy.decide import Decision, Verdict, decide
from messaging.policy.facts import AddressKind, Facts
from messaging.policy.reasons import Reason
from messaging.policy.rules import RULES, RuleEffect
from tests.policy.builders import (
    APPROVED,
    CLOSED_AT_NOON,
    DAY,
    HOUR,
    NOON,
    OVERRIDES,
    PENDING,
    SMS_HOURS,
    facts,
)

ORDER = [
    Reason.DUPLICATE,
    Reason.INVALID_ADDRESS,
    Reason.CANCELLED,
    Reason.EXPIRED,
    Reason.NO_MESSAGES,
    Reason.NO_PROMOTIONAL,
]
HOLDS = [
    Reason.AWAITING_APPROVAL,
    Reason.PAUSED,
    Reason.VOC_CALL_OPEN,
    Reason.OPERATOR_DOWN,
    Reason.SCHEDULED,
    Reason.WINDOW_CLOSED,
]


def reasons(decision: Decision) -> list[Reason | None]:
    return [finding.reason for finding in decision.refusals]


def test_nothing_in_the_way_allows_without_an_end():
    assert decide(facts()) == Decision(Verdict.ALLOW, None, None, decide(facts()).findings)


def test_every_rule_leaves_its_finding():
    findings = decide(facts()).findings
    assert [f.rule for f in findings] == [rule.name for rule in RULES]
    assert all(f.effect is RuleEffect.PASS for f in findings)


def test_every_refusal_is_kept_and_the_first_is_named():
    everything = facts(
        purpose=Purpose.PROMOTIONAL,
        duplicate=True,
        address=AddressKind.INVALID,
        cancelled=True,
        expires_at=NOON,
        no_messages=True,
        no_promotional=True,
        override=PENDING,
        paused=True,
        voc_call_open=True,
        operator_down=True,
        scheduled_at=NOON + HOUR,
        windows=CLOSED_AT_NOON,
    )
    decision = decide(everything)
    assert decision.verdict is Verdict.REFUSE
    assert decision.reason is Reason.DUPLICATE
    assert decision.until is None
    # A promotional message never has an approval to wait for.
    assert reasons(decision) == ORDER + [r for r in HOLDS if r is not Reason.AWAITING_APPROVAL]
    assert all(f.clause.startswith("C7.") for f in decision.refusals)


@pytest.mark.parametrize(
    ("facts_", "reason", "until"),
    [
        (facts(override=PENDING), Reason.AWAITING_APPROVAL, None),
        (facts(paused=True), Reason.PAUSED, None),
        (
            facts(purpose=Purpose.PROMOTIONAL, voc_call_open=True, windows=SMS_HOURS),
            Reason.VOC_CALL_OPEN,
            None,
        ),
        (facts(operator_down=True), Reason.OPERATOR_DOWN, None),
        (facts(scheduled_at=NOON + HOUR), Reason.SCHEDULED, NOON + HOUR),
        (
            facts(purpose=Purpose.PROMOTIONAL, windows=CLOSED_AT_NOON),
            Reason.WINDOW_CLOSED,
            NOON.replace(hour=8) + DAY,
        ),
        # Scheduled into a closed window: it goes when that window opens.
        (
            facts(purpose=Purpose.PROMOTIONAL, windows=SMS_HOURS, scheduled_at=NOON.replace(hour=23)),
            Reason.WINDOW_CLOSED,
            NOON.replace(hour=8) + DAY,
        ),
        # Scheduled into open hours while they are closed: the schedule ends last.
        (
            facts(
                NOON.replace(hour=3),
                purpose=Purpose.PROMOTIONAL,
                windows=SMS_HOURS,
                scheduled_at=NOON.replace(hour=9),
            ),
            Reason.SCHEDULED,
            NOON.replace(hour=9),
        ),
        # Scheduled, and no hours are on record: it waits for some.
        (
            facts(purpose=Purpose.PROMOTIONAL, windows=None, scheduled_at=NOON + HOUR),
            Reason.WINDOW_CLOSED,
            None,
        ),
        # An event is awaited besides: no instant can be promised.
        (facts(scheduled_at=NOON + HOUR, operator_down=True), Reason.OPERATOR_DOWN, None),
        (facts(purpose=Purpose.PROMOTIONAL, windows=None), Reason.WINDOW_CLOSED, None),
    ],
)
def test_a_hold_names_its_reason_and_the_instant_from_which_it_may_go(
    facts_: Facts, reason: Reason, until: datetime | None
):
    decision = decide(facts_)
    assert (decision.verdict, decision.reason, decision.until) == (Verdict.HOLD, reason, until)


@pytest.mark.parametrize(
    "facts_",
    [
        facts(scheduled_at=NOON + HOUR, expires_at=NOON + HOUR),
        facts(purpose=Purpose.PROMOTIONAL, windows=CLOSED_AT_NOON, expires_at=NOON + HOUR),
        facts(
            purpose=Purpose.PROMOTIONAL, windows=CLOSED_AT_NOON, expires_at=NOON + HOUR, operator_down=True
        ),
    ],
)
def test_what_could_only_go_after_its_expiry_is_expired_already(facts_: Facts):
    decision = decide(facts_)
    assert (decision.verdict, decision.reason, decision.until) == (Verdict.REFUSE, Reason.EXPIRES_FIRST, None)
    assert reasons(decision)[0] is Reason.EXPIRES_FIRST


def test_what_comes_too_late_is_expired_for_whoever_refused_it_too():
    """The message's own end is named first, as it is for a message whose expiry has passed."""
    late = facts(
        purpose=Purpose.PROMOTIONAL, windows=CLOSED_AT_NOON, expires_at=NOON + HOUR, no_promotional=True
    )
    decision = decide(late)
    assert decision.reason is Reason.EXPIRES_FIRST
    assert reasons(decision) == [Reason.EXPIRES_FIRST, Reason.NO_PROMOTIONAL, Reason.WINDOW_CLOSED]


def test_an_allowance_ends_with_the_first_of_window_expiry_and_override():
    open_ = facts(purpose=Purpose.PROMOTIONAL, windows=SMS_HOURS)
    assert decide(open_).until == NOON.replace(hour=22)
    assert decide(facts(expires_at=NOON + HOUR)).until == NOON + HOUR
    assert decide(facts(no_messages=True, override=APPROVED)).until == APPROVED.expires_at
    assert decide(facts(no_messages=True, override=APPROVED, expires_at=NOON + HOUR)).until == NOON + HOUR
    assert decide(facts(override=APPROVED)).until is None


# --- the full product of states, against a second, plain reading of the procedure ------------------

ADDRESSES = [*AddressKind, None]
FLAGS = [False, True, None]


def expected_of_recipient(f: Facts) -> set[Reason]:
    r, m = f.recipient, f.message
    found: set[Reason] = set()
    if r.duplicate:
        found.add(Reason.DUPLICATE)
    if r.address is AddressKind.INVALID:
        found.add(Reason.INVALID_ADDRESS)
    if r.address is AddressKind.LANDLINE and m.medium is Medium.SMS:
        found.add(Reason.LANDLINE)
    if None in (r.address, r.no_messages, r.no_promotional, r.voc_call_open, f.channel.operator_down):
        found.add(Reason.FACTS_MISSING)
    emergency = m.purpose is not Purpose.PROMOTIONAL and m.override is APPROVED
    if r.no_messages and not emergency:
        found.add(Reason.NO_MESSAGES)
    if m.purpose is Purpose.PROMOTIONAL:
        if r.no_promotional:
            found.add(Reason.NO_PROMOTIONAL)
        if r.voc_call_open:
            found.add(Reason.VOC_CALL_OPEN)
    elif m.override is PENDING:
        found.add(Reason.AWAITING_APPROVAL)
    return found


def expected_of_message(f: Facts) -> set[Reason]:
    m, c = f.message, f.channel
    found: set[Reason] = set()
    if m.cancelled:
        found.add(Reason.CANCELLED)
    if m.paused:
        found.add(Reason.PAUSED)
    if c.operator_down:
        found.add(Reason.OPERATOR_DOWN)
    if m.scheduled_at is not None and m.scheduled_at > NOON:
        found.add(Reason.SCHEDULED)
    is_closed = c.windows is CLOSED_AT_NOON or (c.windows is None and m.purpose is Purpose.PROMOTIONAL)
    if is_closed:
        found.add(Reason.WINDOW_CLOSED)
    if m.expires_at is not None:
        starts = [NOON]
        starts += [m.scheduled_at] if Reason.SCHEDULED in found and m.scheduled_at else []
        starts += [NOON.replace(hour=8) + DAY] if c.windows is CLOSED_AT_NOON else []
        if max(starts) >= m.expires_at:
            found.add(Reason.EXPIRED if m.expires_at <= NOON else Reason.EXPIRES_FIRST)
    return found


REFUSING = {*ORDER, Reason.LANDLINE, Reason.EXPIRES_FIRST, Reason.FACTS_MISSING}


def check(f: Facts) -> None:
    expected = expected_of_recipient(f) | expected_of_message(f)
    decision = decide(f)
    assert set(reasons(decision)) == expected, f
    if expected & REFUSING:
        assert decision.verdict is Verdict.REFUSE
    else:
        assert decision.verdict is (Verdict.HOLD if expected else Verdict.ALLOW)
    if decision.verdict is Verdict.HOLD:
        # An event comes before the clock; of what the clock ends, the last one is named.
        events = [r for r in HOLDS if r in expected and r not in (Reason.SCHEDULED, Reason.WINDOW_CLOSED)]
        unset = c_unset(f) and Reason.WINDOW_CLOSED in expected
        named = [*events, *([Reason.WINDOW_CLOSED] if unset else [])] or [last_by_the_clock(f, expected)]
        assert decision.reason is named[0]
    else:
        assert decision.reason is (decision.refusals[0].reason if expected else None)


def c_unset(f: Facts) -> bool:
    return f.channel.windows is None


def last_by_the_clock(f: Facts, expected: set[Reason]) -> Reason:
    at = f.message.scheduled_at
    opens = NOON.replace(hour=8) + DAY if Reason.WINDOW_CLOSED in expected else NOON
    return Reason.SCHEDULED if at is not None and at > opens else Reason.WINDOW_CLOSED


def test_every_recipient_of_every_kind_of_message_is_judged_as_the_procedure_says():
    recipients = list(itertools.product(ADDRESSES, FLAGS, FLAGS, FLAGS, [False, True]))
    count = 0
    for purpose, medium, override in itertools.product(Purpose, Medium, OVERRIDES.values()):
        windows = SMS_HOURS if purpose is Purpose.PROMOTIONAL else None
        base = facts(purpose=purpose, medium=medium, override=override, windows=windows)
        for kind, promotional, all_, call, twice in recipients:
            recipient = replace(
                base.recipient,
                address=kind,
                no_promotional=promotional,
                no_messages=all_,
                voc_call_open=call,
                duplicate=twice,
            )
            check(replace(base, recipient=recipient))
            count += 1
    assert count == len(recipients) * 3 * 2 * len(OVERRIDES)


def test_every_state_of_message_and_channel_is_judged_as_the_procedure_says():
    axes = itertools.product(
        Purpose,
        [None, PENDING, APPROVED],
        [False, True],  # paused
        [False, True],  # cancelled
        [None, NOON - HOUR, NOON + HOUR],  # scheduled
        [None, NOON, NOON + HOUR, NOON + 2 * DAY],  # expires
        [None, SMS_HOURS, CLOSED_AT_NOON],
        FLAGS,  # operator down
        [{}, {"no_messages": True}, {"no_promotional": True, "voc_call_open": True}],
    )
    for purpose, override, paused, cancelled, at, expires, windows, down, recipient in axes:
        check(
            facts(
                purpose=purpose,
                override=override,
                paused=paused,
                cancelled=cancelled,
                scheduled_at=at,
                expires_at=expires,
                windows=windows,
                operator_down=down,
                **recipient,  # type: ignore[arg-type]
            )
        )
