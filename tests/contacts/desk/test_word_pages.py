"""The desk's page of written opt-outs (reading 16)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.models import WrittenWord
from staff.models import User
from tests.factories import ContactFactory, UserFactory, WrittenWordFactory
from tests.messaging.pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def voc() -> User:
    user: User = UserFactory(roles=["voc"])
    return user


def press(voc: User, word: WrittenWord, decision: str, **reason: str):
    data = {"decision": decision, **{f"word-{word.pk}-{name}": text for name, text in reason.items()}}
    return signed_in(voc).post(reverse("desk:word_decide", args=[word.pk]), data, follow=True)


def test_an_empty_page_says_what_will_come(voc: User):
    assert "لغو" in signed_in(voc).get(reverse("desk:words")).content.decode()


def test_a_keyword_is_decided_in_one_press(voc: User):
    contact = ContactFactory(name="سارا محمدی")
    word = WrittenWordFactory(contact=contact)
    page = signed_in(voc).get(reverse("desk:words")).content.decode()
    assert "سارا محمدی" in page
    assert "لغو۱۱" in page
    # Its reason is the customer's own words, ready to be kept.
    answer = press(voc, word, "set:no_promotional", reason="مشتری نوشت: «لغو۱۱»")
    assert answer.status_code == 200
    contact.refresh_from_db()
    word.refresh_from_db()
    assert contact.no_promotional
    assert (word.outcome, word.decided_by) == ("set", voc)
    assert "سارا محمدی" not in signed_in(voc).get(reverse("desk:words")).content.decode()


def test_a_decision_without_a_reason_is_refused_beside_its_word(voc: User):
    word = WrittenWordFactory()
    answer = press(voc, word, "set:no_promotional", reason=" ")
    assert answer.status_code == 422
    assert answer.context["tasks"][0].form.errors["reason"]
    word.refresh_from_db()
    assert word.decided_at is None


@pytest.mark.parametrize("decision", ["", "set:", "set:voc_call_open", "set:name", "nonsense", "clear"])
def test_a_button_that_does_not_exist_changes_nothing(voc: User, decision: str):
    word = WrittenWordFactory()
    assert press(voc, word, decision, reason="مشتری نوشت: لغو").status_code == 422
    word.refresh_from_db()
    assert word.decided_at is None


def test_perhaps_is_sorted_in_two_presses(voc: User):
    word = WrittenWordFactory(meaning="perhaps", text="ساعت ۱۱ بیایید")
    client = signed_in(voc)
    client.post(reverse("desk:word_confirm", args=[word.pk]))
    word.refresh_from_db()
    assert word.restricts
    press(voc, word, "set:no_messages", reason="مشتری نوشت: لغو")
    word.contact.refresh_from_db()
    assert word.contact.no_messages


def test_the_second_of_two_experts_learns_who_was_faster(voc: User):
    word = WrittenWordFactory()
    first = UserFactory(roles=["voc"], first_name="مینا", last_name="رضایی")
    press(first, word, "set:no_promotional", reason="مشتری نوشت: لغو")
    answer = press(voc, word, "set:no_messages", reason="مشتری نوشت: لغو")
    assert "مینا رضایی" in answer.content.decode()
    word.contact.refresh_from_db()
    assert not word.contact.no_messages


def test_twelve_offers_to_take_back_what_is_active(voc: User):
    word = WrittenWordFactory(contact=ContactFactory(no_promotional=True), meaning="opt_in", text="12")
    page = signed_in(voc).get(reverse("desk:words")).content.decode()
    assert "clear:no_promotional" in page
    assert "clear:no_messages" not in page
    press(voc, word, "clear:no_promotional", reason="مشتری نوشت: ۱۲")
    word.contact.refresh_from_db()
    assert not word.contact.no_promotional
