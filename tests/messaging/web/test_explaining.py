"""What a screen says of one recipient follows from the decision that acts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from common.media import Purpose
from messaging.models import Delivery
from messaging.policy.decide import Decision, Verdict, decide
from messaging.policy.facts import AddressKind, Facts
from messaging.policy.reasons import Reason
from messaging.web.explaining import BECAUSE, Sentence, sentence_of
from messaging.web.labels import REASONS
from persian.jalali import format_datetime
from tests.policy.builders import HOUR, NOON, SMS_HOURS, facts
from tests.policy.test_properties import any_facts, nearly_fine

NUMBER = "۰۹۱۲۱۲۳۴۵۶۷"
SEEN = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_reason_ends_a_sentence():
    assert BECAUSE.keys() == set(Reason) == REASONS.keys()


def told(sentence: Sentence) -> None:
    """The text holds the number, the reason and the instant that the sentence claims, and no other."""
    assert NUMBER in sentence.text
    for reason, words in BECAUSE.items():
        assert (f"چون {words}" in sentence.text) == (reason is sentence.reason), sentence
    if sentence.until is not None:
        assert format_datetime(sentence.until, "fa") in sentence.text


def expected(decision: Decision) -> tuple[Reason | None, object]:
    return decision.reason, decision.until if decision.verdict is Verdict.HOLD else None


@SEEN
@given(any_facts | nearly_fine, st.booleans())
def test_reason_and_instant_of_the_sentence_are_the_decisions(given_facts: Facts, addressed: bool):
    decision, now = decide(given_facts), given_facts.now
    waiting = Delivery(state="queued", reason="", not_before=now) if addressed else None
    sentence = sentence_of(decision, NUMBER, waiting, now)
    assert (sentence.reason, sentence.until) == expected(decision)
    told(sentence)


@SEEN
@given(any_facts, st.sampled_from([Reason.NO_MESSAGES, Reason.EXPIRES_FIRST, Reason.CANCELLED]))
def test_what_was_not_sent_is_told_by_the_reason_on_record(given_facts: Facts, reason: Reason):
    state = {Reason.EXPIRES_FIRST: "expired", Reason.CANCELLED: "cancelled"}.get(reason, "suppressed")
    row = Delivery(state=state, reason=reason.value)
    sentence = sentence_of(decide(given_facts), NUMBER, row, given_facts.now)
    assert (sentence.reason, sentence.until) == (reason, None)
    assert "ارسال نشد" in sentence.text
    told(sentence)


@SEEN
@given(nearly_fine, st.integers(1, 200))
def test_a_recipient_with_a_hold_of_its_own_waits_for_whichever_ends_last(given_facts: Facts, hours: int):
    decision, now = decide(given_facts), given_facts.now
    assume(decision.verdict is not Verdict.REFUSE)
    assume(decision.verdict is Verdict.ALLOW or decision.until is not None)
    own = now + hours * HOUR
    row = Delivery(state="queued", reason=Reason.RETRY.value, not_before=own)
    sentence = sentence_of(decision, NUMBER, row, now)
    held = decision.until if decision.verdict is Verdict.HOLD else None
    assert sentence.until == (max(own, held) if held is not None else own)
    assert sentence.reason is (Reason.RETRY if sentence.until == own else decision.reason)
    told(sentence)


@pytest.mark.parametrize("state", ["sending", "accepted", "delivered", "unknown", "rejected"])
def test_what_left_is_told_by_its_state_whatever_the_rules_say_now(state: str):
    decision = decide(facts(no_messages=True, address=AddressKind.MOBILE))
    sentence = sentence_of(decision, NUMBER, Delivery(state=state), NOON)
    assert (sentence.reason, sentence.until) == (None, None)
    told(sentence)


def test_a_chosen_time_at_night_is_told_as_what_it_is():
    """It goes at eight because of the hours, not because the sender chose eight."""
    evening = NOON.replace(hour=23, minute=30)
    given_facts = facts(purpose=Purpose.PROMOTIONAL, windows=SMS_HOURS, scheduled_at=evening)
    row = Delivery(state="queued", reason="", not_before=NOON)
    sentence = sentence_of(decide(given_facts), NUMBER, row, NOON)
    assert sentence.reason is Reason.WINDOW_CLOSED
    assert sentence.until == NOON.replace(hour=8) + timedelta(days=1)


def test_what_lies_ahead_is_not_told_as_past():
    """Three at night, the hours open at eight, the expiry is at seven."""
    night = NOON.replace(hour=3)
    given_facts = facts(
        night, purpose=Purpose.PROMOTIONAL, windows=SMS_HOURS, expires_at=NOON.replace(hour=7)
    )
    decision = decide(given_facts)
    assert decision.reason is Reason.EXPIRES_FIRST
    sentence = sentence_of(decision, NUMBER, None, night)
    assert "گذشته" not in sentence.text
    past = decide(facts(NOON.replace(hour=7), expires_at=NOON.replace(hour=7)))
    assert past.reason is Reason.EXPIRED
