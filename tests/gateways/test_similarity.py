"""Two texts are alike wherever a provider's record of one could be taken for the other's."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateways.amootsms.matching import Matcher
from gateways.base import Result
from gateways.similarity import are_alike

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


def test_texts_of_their_own_are_not_alike():
    assert not are_alike("قبض شما صادر شد", "جشنواره آغاز شد")
    assert not are_alike("قبض", "قبض شما به مبلغ دویست هزار تومان صادر شد و تا پایان ماه مهلت دارد")
    assert are_alike("قبض", "قبض شما")
