"""Which text of ours a provider's record is: settlement and reconciliation agree on it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateways.amootsms.matching import Matcher
from gateways.base import Result
from gateways.provider_text import Likeness, OurTexts, are_alike, likeness
from persian.text import search_key

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
words = st.lists(st.sampled_from(["متن", "لغو11", "۱۱", "کتاب", "كتاب", "ok", " ", "\n", "stop"]), max_size=6)
texts = words.map(" ".join)
appended = st.sampled_from(["", "\nلغو11", " لغو۱۱", "\nبرای انصراف عدد 11 را بفرستید"])


@given(texts, texts, appended)
def test_a_record_that_two_messages_would_both_take_makes_them_alike(ours, theirs, line):
    matcher = Matcher(ours, ["+989120000001"], NOW, NOW)
    matcher.take({"Mobile": "9120000001", "MessageID": 7, "SMSMessageText": theirs + line})
    found = matcher.found.get("+989120000001")
    if found is not None and found.result is Result.ACCEPTED:
        assert are_alike(ours, theirs)


@given(texts.map(search_key), texts.map(search_key))
def test_a_text_that_reconciliation_takes_for_ours_is_no_other_for_settlement(ours, theirs):
    if theirs and OurTexts([ours]).meant_by(theirs) == ours:
        assert likeness(ours, theirs) is not Likeness.OTHER


@given(texts.map(search_key), texts.map(search_key))
def test_a_text_that_settlement_takes_for_ours_is_ours_for_reconciliation(ours, theirs):
    if likeness(ours, theirs) is Likeness.SAME:
        assert OurTexts([ours]).meant_by(theirs) == ours


def test_a_text_with_something_in_front_is_unclear_and_proves_no_absence():
    assert likeness("متن", "آموت: متن") is Likeness.UNCLEAR
    assert likeness("متن", "") is Likeness.UNCLEAR
    assert likeness("متن", "کتاب") is Likeness.OTHER


def test_texts_of_their_own_are_not_alike():
    assert not are_alike("قبض شما صادر شد", "جشنواره آغاز شد")
    assert not are_alike("قبض", "قبض شما به مبلغ دویست هزار تومان صادر شد و تا پایان ماه مهلت دارد")
    assert are_alike("قبض", "قبض شما")
