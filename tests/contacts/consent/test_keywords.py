"""What a customer's message says about messages (readings 13 and 16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.consent.keywords import Meaning, meaning_of


@pytest.mark.parametrize(
    "text",
    [
        *("11", "۱۱", "١١", " 1 1 ", "۱\u200c۱", "«۱۱»", "11.", "\u200f11\u200f", "1۱"),
        *("لغو", " لغو ", "لغو!", "لـغـو", "لغو\u200c", "لغوِ"),
        *("لغو11", "لغو ۱۱", "لغو\u200c١١", "لغو-11", "11 لغو", "لغو\n۱۱"),
        "11\nبا احترام، رضا احمدی\nشرکت نمونه",
        "\n\n۱۱\n--\n0912 000 0011",
    ],
)
def test_a_keyword_alone_or_over_a_signature_is_an_opt_out(text: str):
    assert meaning_of(text) is Meaning.OPT_OUT


@pytest.mark.parametrize("text", ["12", "۱۲", "١٢", " 1 2 ", "12."])
def test_twelve_asks_for_messages_again(text: str):
    assert meaning_of(text) is Meaning.OPT_IN


@pytest.mark.parametrize(
    "text",
    [
        "ساعت ۱۱ بیایید",
        "سلام، لغو کنید",
        "لطفا پیامکها را لغوکنید",
        "عضویت من را لغو\u200cکنید",
        "برای دریافت نکردن 11 فرستادم",
        "سلام\n۱۱",
        "12\n11",
    ],
)
def test_a_keyword_among_other_words_is_perhaps_one(text: str):
    assert meaning_of(text) is Meaning.PERHAPS


@pytest.mark.parametrize(
    "text",
    ["", "  ", "سلام", "1", "111", "1105", "۰۹۱۲۱۱۱۱۱۱۱", "قیمت ۱۱۰۰ تومان است", "ساعت ۱۲ بیایید", "12\n13"],
)
def test_other_texts_say_nothing(text: str):
    assert meaning_of(text) is Meaning.NOTHING


@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str):
    assert meaning_of(text) in Meaning


def test_the_words_behind_the_first_thousands_are_not_looked_at():
    assert meaning_of("الف " * 1000 + "11") is Meaning.NOTHING
