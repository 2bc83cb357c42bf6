import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persian.text import fold, fold_line, is_blank, search_key

PERSIAN_TEXT = st.text(
    alphabet=st.sampled_from("علی كيىك ۀهئءآأؤة٠٣۷9\u200c\u200d\u200e\u064b\u0654\u0640\t\n\r\x00aZé ")
    | st.characters()
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("علي كاظمى", "علی کاظمی"),
        ("ارائۀ خدمات", "ارائه\u0654 خدمات"),
        ("٠٩١٢", "۰۹۱۲"),
        ("می\u200cشود", "می\u200cشود"),
        ("\ufeffنام\u200e\u202a", "نام"),
        ("a\x00b\x07", "ab"),
        ("یک\r\nدو\rسه", "یک\nدو\nسه"),
        ("caf\u0065\u0301", "café"),
    ],
)
def test_one_spelling_is_stored(typed, stored):
    assert fold(typed) == stored


def test_a_name_is_one_line_without_edges():
    assert fold_line(" \u200c علي \t رضا\n ") == "علی رضا"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("رضایت\u200cسنجی", "رضايتسنجي"),
        ("آذر", "اذر"),
        ("مُحَمَّد", "محمد"),
        ("مؤسسه", "موسسه"),
        ("ســلام", "سلام"),
        ("شركة", "شرکه"),
        ("تهران  ۱۲", "تهران 12"),
        ("AMOOT Soft", "amoot soft"),
        ("𝕬moot", "amoot"),
        ("خانهٔ ما", "خانۀ ما"),
        ("ﻋﻠﯽ", "علی"),
    ],
)
def test_two_spellings_of_one_word_have_one_key(one, other):
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize("text", ["", "  ", "\u200c", " \u200c\u200f\n\t ", "\ufeff\u200b"])
def test_what_nobody_can_see_is_blank(text):
    assert is_blank(text)


def test_a_letter_is_not_blank():
    assert not is_blank(" \u200c ب ")


@given(PERSIAN_TEXT)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert fold_line(fold_line(text)) == fold_line(text)
    assert search_key(search_key(text)) == search_key(text)


@given(PERSIAN_TEXT)
def test_what_is_stored_is_nfc_has_no_controls_and_can_be_encoded(text):
    stored = fold(text)
    stored.encode("utf-8")
    assert not any(unicodedata.category(char) == "Cc" and char != "\n" for char in stored)
    assert not set(stored) & set("يىك٠١٢٣٤٥٦٧٨٩")


@given(PERSIAN_TEXT)
def test_the_key_of_what_is_stored_is_the_key_of_what_was_typed(text):
    assert search_key(fold(text)) == search_key(text)


@given(st.text(alphabet="ابپچژسشعغفقکگلمنوهی۰۱۵۹ AZaz09~-\u200c"))
def test_plain_text_takes_a_short_way_to_the_same_result(text):
    # a mark that belongs to no letter sends the whole text the long way
    assert fold(text + "\u0651") == fold(text) + "\u0651"
    assert search_key(text + "\u0651") == search_key(text)


@given(st.text(alphabet="نامۀهةكي\u0650\u064e\u0654\u0653\u200c "))
def test_vowel_marks_behind_a_hamza_keep_their_place_when_folded_again(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(("one", "other"), [("ھما", "هما"), ("ڪتاب", "کتاب"), ("علے", "علی"), ("ٱلف", "الف")])
def test_lookalikes_of_other_languages_are_found(one, other):
    assert search_key(one) == search_key(other)
