"""What must hold for all facts that anybody could think of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from channels.windows import WeeklyWindows
from common.media import Medium, Purpose
from messaging.policy.decide import Decision, Verdict, decide
from messaging.policy.facts import (
    AddressKind,
    ChannelFacts,
    Facts,
    MessageFacts,
    OverrideFacts,
    RecipientFacts,
)
from messaging.policy.reasons import Reason
from messaging.policy.rules import RULES, RuleEffect
from persian.jalali import TEHRAN
from tests.policy.builders import TICK

EXAMPLES = settings(max_examples=100, deadline=None)
# Most facts are refused; those that hold, or allow for a while, are picked out of more draws.
PICKED = settings(EXAMPLES, max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])

START = datetime(2026, 11, 20, tzinfo=UTC)
# Whole minutes meet the edges of windows often; ticks beside them find an end taken for inclusive.
instants = st.builds(
    lambda minutes, ticks: START + timedelta(minutes=minutes) + ticks * TICK,
    st.integers(0, 14 * 24 * 60),
    st.sampled_from([-1, 0, 0, 0, 1]),
)
coarse = st.integers(0, 14 * 24).map(lambda hours: START + timedelta(minutes=30) + timedelta(hours=hours))
moments = instants | coarse


@st.composite
def weekly_windows(draw: st.DrawFn) -> WeeklyWindows:
    intervals = draw(
        st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, 47), st.integers(1, 48)).filter(
                lambda t: t[1] < t[2]
            ),
            max_size=10,
        )
    )
    return WeeklyWindows.of((day, opens * 30, closes * 30) for day, opens, closes in intervals)


overrides = st.builds(
    OverrideFacts,
    approved_at=st.none() | coarse,
    expires_at=st.none() | coarse,
    revoked=st.booleans(),
    same_content=st.booleans(),
)
unsure = st.sampled_from([False, False, True, None])
messages = st.builds(
    MessageFacts,
    purpose=st.sampled_from(Purpose),
    medium=st.sampled_from(Medium),
    scheduled_at=st.none() | moments,
    expires_at=st.none() | moments,
    paused=st.booleans(),
    cancelled=st.sampled_from([False, False, True]),
    override=st.none() | overrides,
)
# What a request's answer may take, as the setting says; a long one makes short windows useless.
answers = st.sampled_from([timedelta(0), timedelta(0), timedelta(seconds=21), timedelta(minutes=45)])
channels = st.builds(
    ChannelFacts, windows=st.none() | weekly_windows(), operator_down=unsure, answer_within=answers
)
recipients = st.builds(
    RecipientFacts,
    address=st.sampled_from([*AddressKind, None, AddressKind.MOBILE]),
    no_promotional=unsure,
    no_messages=unsure,
    voc_call_open=unsure,
    duplicate=st.sampled_from([False, False, True]),
)
any_facts = st.builds(Facts, now=moments, message=messages, channel=channels, recipient=recipients)

# Nothing that only somebody's act could end, so that the clock's part is seen.
by_the_clock = st.builds(
    Facts,
    now=moments,
    message=st.builds(
        MessageFacts,
        purpose=st.sampled_from(Purpose),
        medium=st.sampled_from(Medium),
        scheduled_at=st.none() | moments,
        expires_at=st.none() | moments,
    ),
    channel=st.builds(
        ChannelFacts, windows=weekly_windows(), operator_down=st.just(False), answer_within=answers
    ),
    recipient=st.just(RecipientFacts(AddressKind.MOBILE, False, False, False)),
)

# A customer and a message of whom little is wrong, so that many of them may go, now or later.
nearly_fine = st.builds(
    Facts,
    now=moments,
    message=st.builds(
        MessageFacts,
        purpose=st.sampled_from(Purpose),
        medium=st.sampled_from(Medium),
        scheduled_at=st.none() | st.none() | coarse,
        expires_at=st.none() | coarse,
        override=st.none() | st.builds(OverrideFacts, coarse, coarse, st.just(False), st.just(True)),
    ),
    channel=st.builds(ChannelFacts, windows=st.none() | weekly_windows(), operator_down=st.just(False)),
    recipient=st.builds(
        RecipientFacts,
        address=st.just(AddressKind.MOBILE),
        no_promotional=st.sampled_from([False, False, False, True]),
        no_messages=st.sampled_from([False, False, False, True]),
        voc_call_open=st.just(False),
    ),
)

Restriction = Callable[[Facts], Facts]


def _message(**changes: object) -> Restriction:
    return lambda f: replace(f, message=replace(f.message, **changes))  # type: ignore[arg-type]


def _tightened(facts: Any, **changes: object) -> Any:
    """The facts with the changes; what is not known stays so, since that refuses already."""
    known = {name: value for name, value in changes.items() if getattr(facts, name) is not None}
    return replace(facts, **known)


def _recipient(**changes: object) -> Restriction:
    return lambda f: replace(f, recipient=_tightened(f.recipient, **changes))


def _channel(**changes: object) -> Restriction:
    return lambda f: replace(f, channel=_tightened(f.channel, **changes))


restrictions = st.one_of(
    st.sampled_from(
        [
            _message(paused=True),
            _message(cancelled=True),
            _recipient(no_messages=True),
            _recipient(no_messages=None),
            _recipient(no_promotional=True),
            _recipient(no_promotional=None),
            _recipient(voc_call_open=True),
            _recipient(voc_call_open=None),
            _recipient(duplicate=True),
            _recipient(address=AddressKind.INVALID),
            _recipient(address=None),
            _channel(operator_down=True),
            _channel(operator_down=None),
            lambda f: replace(f, channel=replace(f.channel, windows=WeeklyWindows.of([]))),
        ]
    ),
    # An earlier expiry, a later schedule, hours that leave out some of those that there were.
    moments.map(
        lambda at: (
            lambda f: replace(f, message=replace(f.message, expires_at=min(at, f.message.expires_at or at)))
        )
    ),
    moments.map(
        lambda at: (
            lambda f: replace(
                f, message=replace(f.message, scheduled_at=max(at, f.message.scheduled_at or at))
            )
        )
    ),
    st.integers(0, 9).map(
        lambda n: (
            lambda f: replace(
                f,
                channel=replace(
                    f.channel,
                    windows=WeeklyWindows(f.channel.windows.week[:n])
                    if f.channel.windows is not None
                    else None,
                ),
            )
        )
    ),
)

SEVERITY = {Verdict.ALLOW: 0, Verdict.HOLD: 1, Verdict.REFUSE: 2}


@EXAMPLES
@given(any_facts, restrictions)
def test_adding_a_restriction_never_permits(facts: Facts, restrict: Restriction):
    before, after = decide(facts), decide(restrict(facts))
    assert SEVERITY[after.verdict] >= SEVERITY[before.verdict] or _lesser_hold(before, after)
    if before.verdict is not Verdict.ALLOW:
        assert after.verdict is not Verdict.ALLOW


def _lesser_hold(before: Decision, after: Decision) -> bool:
    """No hours at all are somebody's omission: what was too late for its window waits to be given some."""
    return before.reason is Reason.EXPIRES_FIRST and after.verdict is Verdict.HOLD


@EXAMPLES
@given(any_facts, overrides)
def test_an_override_clears_only_no_messages_and_never_for_a_promotional_message(
    facts: Facts, override: OverrideFacts
):
    def kept(decision: Decision) -> set[Reason | None]:
        return {f.reason for f in decision.refusals}

    without = decide(replace(facts, message=replace(facts.message, override=None)))
    with_it = decide(replace(facts, message=replace(facts.message, override=override)))
    cleared = kept(without) - kept(with_it)
    assert cleared <= {Reason.NO_MESSAGES}
    if cleared:
        assert facts.message.purpose is not Purpose.PROMOTIONAL
        assert override.lifts(facts.now)
    if facts.message.purpose is Purpose.PROMOTIONAL:
        assert with_it.verdict is without.verdict
        assert with_it.reason is without.reason


@EXAMPLES
@given(any_facts)
def test_a_promotional_message_never_reaches_whoever_refused_it(facts: Facts):
    facts = replace(facts, message=replace(facts.message, purpose=Purpose.PROMOTIONAL))
    recipient = facts.recipient
    if decide(facts).verdict is Verdict.ALLOW:
        assert recipient.no_promotional is False
        assert recipient.no_messages is False
        assert recipient.voc_call_open is False
        assert facts.channel.windows is not None
        assert facts.channel.windows.is_open(facts.now)
        first, last = {Medium.SMS: (8, 22), Medium.VOICE: (7, 23)}[facts.message.medium]
        assert first <= facts.now.astimezone(TEHRAN).hour < last  # reading 11


@PICKED
@given(by_the_clock)
def test_a_hold_names_what_ends_last_and_its_instant(facts: Facts):
    decision = decide(facts)
    assume(decision.verdict is Verdict.HOLD)
    holds = {f.reason: f.until for f in decision.findings if f.effect is RuleEffect.HOLD}
    assert decision.reason is not None
    assert holds[decision.reason] == decision.until
    assert decision.until is None or all(until and until <= decision.until for until in holds.values())


@EXAMPLES
@given(any_facts)
def test_whatever_is_not_known_refuses(facts: Facts):
    recipient = facts.recipient
    known = (
        recipient.address,
        recipient.no_promotional,
        recipient.no_messages,
        recipient.voc_call_open,
        facts.channel.operator_down,
    )
    assume(None in known)
    assert decide(facts).verdict is Verdict.REFUSE


@EXAMPLES
@given(any_facts)
def test_the_instants_of_a_decision_lie_ahead(facts: Facts):
    decision = decide(facts)
    if decision.until is not None:
        assert decision.until > facts.now
    for finding in decision.findings:
        if finding.until is not None and finding.effect is RuleEffect.HOLD:
            assert finding.until > facts.now


@EXAMPLES
@given(any_facts)
def test_a_decision_holds_every_rules_own_word(facts: Facts):
    decision = decide(facts)
    said = {rule.name: rule.judge(facts) for rule in RULES}
    for finding in decision.findings:
        ruling = said[finding.rule]
        if finding.rule != "expired":  # decide itself finds what comes too late
            assert (finding.effect, finding.reason, finding.until) == (
                ruling.effect,
                ruling.reason,
                ruling.until,
            )
    objections = [f for f in decision.findings if f.effect in (RuleEffect.REFUSE, RuleEffect.HOLD)]
    assert set(decision.refusals) == set(objections)
    assert (decision.verdict is Verdict.ALLOW) == (not objections)
    if decision.verdict is not Verdict.HOLD:
        assert decision.reason == (decision.refusals[0].reason if objections else None)
    assert (decision.verdict is Verdict.REFUSE) == any(f.effect is RuleEffect.REFUSE for f in objections)


@PICKED
@given(by_the_clock)
def test_a_hold_of_the_clock_ends_exactly_when_it_says(facts: Facts):
    decision = decide(facts)
    assume(decision.verdict is Verdict.HOLD and decision.until is not None)
    assert decision.until is not None
    assert decide(replace(facts, now=decision.until)).verdict is Verdict.ALLOW
    assert decide(replace(facts, now=decision.until - TICK)).verdict is Verdict.HOLD


@PICKED
@given(nearly_fine)
def test_at_the_end_of_a_hold_only_a_lapsed_override_can_still_stand_in_the_way(facts: Facts):
    decision = decide(facts)
    assume(decision.verdict is Verdict.HOLD and decision.until is not None)
    assert decision.until is not None
    then = decide(replace(facts, now=decision.until))
    if any(f.effect is RuleEffect.LIFTED for f in decision.findings):
        assert then.verdict is Verdict.ALLOW or then.reason is Reason.NO_MESSAGES
    else:
        assert then.verdict is Verdict.ALLOW


@PICKED
@given(nearly_fine)
def test_an_allowance_ends_exactly_when_it_says(facts: Facts):
    decision = decide(facts)
    assume(decision.verdict is Verdict.ALLOW and decision.until is not None)
    assert decision.until is not None
    assert decide(replace(facts, now=decision.until - TICK)).verdict is Verdict.ALLOW
    assert decide(replace(facts, now=decision.until)).verdict is not Verdict.ALLOW


@EXAMPLES
@given(any_facts)
def test_what_comes_too_late_depends_on_the_message_alone(facts: Facts):
    """The set-based twin relies on it: the message's own end is found once for everybody."""
    neutral = replace(facts, recipient=RecipientFacts(AddressKind.MOBILE, False, False, False))

    def is_expired(facts: Facts) -> bool:
        return any(f.reason in (Reason.EXPIRED, Reason.EXPIRES_FIRST) for f in decide(facts).refusals)

    assert is_expired(facts) == is_expired(neutral)
