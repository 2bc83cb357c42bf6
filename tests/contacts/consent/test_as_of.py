"""A customer's consent as of any instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from contacts.consent.actions import close_call, open_call, set_consent
from contacts.consent.as_of import known_at
from contacts.consent.words import end_word, take_written_word
from contacts.models import Contact
from staff.models import User
from tests.factories import DAY, HOUR, NOW, ContactFactory, UserFactory, landline, mobile
from tests.messaging.pages import signed_in

pytestmark = pytest.mark.django_db

REASON = "مشتری تلفنی خواست"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def voc() -> User:
    user: User = UserFactory(roles=["voc"])
    return user


def active(contact: Contact, at: datetime) -> list[str]:
    return [option.flag.value for option in known_at(contact, at).options if option.is_set]


def test_each_option_is_what_the_last_entry_until_then_said(voc: User):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW + HOUR)
    set_consent(contact=contact, flag="no_promotional", value=True, reason=REASON, by=voc, now=NOW + 2 * HOUR)
    set_consent(contact=contact, flag="no_messages", value=False, reason=REASON, by=voc, now=NOW + 3 * HOUR)
    found = [
        active(contact, NOW + hours * HOUR + minutes) for hours in range(4) for minutes in (-MINUTE, MINUTE)
    ]
    assert found == [
        *([], []),
        *([], ["no_messages"]),
        *(["no_messages"], ["no_promotional", "no_messages"]),
        *(["no_promotional", "no_messages"], ["no_promotional"]),
    ]
    assert active(contact, NOW + HOUR) == ["no_messages"], "from its own instant on"
    assert [option.entry.by for option in known_at(contact, NOW + DAY).options if option.entry] == [voc, voc]


def test_a_call_was_open_from_its_opening_until_its_end(voc: User):
    contact = ContactFactory()
    call, _effect = open_call(contact=contact, by=voc, now=NOW + HOUR)
    close_call(contact=contact, by=voc, now=NOW + 2 * HOUR)
    times = [NOW, NOW + HOUR, NOW + 2 * HOUR - MINUTE, NOW + 2 * HOUR]
    assert [known_at(contact, at).call for at in times] == [None, call, call, None]


def test_a_written_word_restricted_until_it_was_decided(voc: User):
    contact = ContactFactory(mobile=mobile(1))
    word = take_written_word(number=mobile(1), text="11", reference="a", said_at=NOW, now=NOW + HOUR)
    take_written_word(number=mobile(1), text="ساعت ۱۱", reference="b", said_at=NOW, now=NOW + HOUR)
    take_written_word(number=mobile(1), text="12", reference="c", said_at=NOW, now=NOW + HOUR)
    assert word is not None
    end_word(word=word, outcome="unchanged", note=REASON, by=voc, now=NOW + 2 * HOUR)
    times = [NOW, NOW + HOUR, NOW + 2 * HOUR]
    assert [known_at(contact, at).words for at in times] == [[], [word], []]


def test_others_with_the_number_count_as_they_were_then(voc: User):
    contact = ContactFactory(mobile=mobile(1), phone=landline(1))
    other = ContactFactory(mobile=mobile(2), phone=landline(1))
    set_consent(contact=other, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW + HOUR)
    assert known_at(contact, NOW).others == []
    [found] = known_at(contact, NOW + 2 * HOUR).others
    assert (found.contact, [flag.value for flag in found.flags]) == (other, ["no_messages"])
    assert [row.number for row in known_at(contact, NOW).numbers] == [mobile(1), landline(1)]
    assert known_at(contact, NOW - DAY).numbers == []


def test_a_number_of_many_is_asked_about_at_once(voc: User, django_assert_num_queries):
    contact = ContactFactory(mobile=mobile(1), phone=landline(1))
    for n in range(2, 30):
        ContactFactory(mobile=mobile(n), phone=landline(1), no_messages=True)
    with django_assert_num_queries(6):
        assert len(known_at(contact, NOW + DAY).others) == 28


class TestThePage:
    def test_shows_what_was_known_on_a_jalali_day(self, voc: User):
        contact = ContactFactory()
        # 2026-11-23 is 2 Azar 1405.
        set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
        address = reverse("contacts:as_of", args=[contact.pk])
        client = signed_in(voc)
        before = client.get(address, {"day": "۱۴۰۵/۰۹/۰۲", "clock": "۱۱:۵۹"})
        after = client.get(address, {"day": "1405/09/02", "clock": "12:00"})
        assert [option.is_set for option in before.context["known"].options] == [False, False]
        assert [option.is_set for option in after.context["known"].options] == [False, True]
        assert REASON in after.content.decode()
        assert client.get(address).context["known"] is None

    @pytest.mark.parametrize(
        ("day", "clock", "field"),
        [
            *(("1405/13/01", "10:00", "day"), ("", "10:00", "day"), ("1499/01/01", "10:00", "day")),
            *(("1405/09/02", "25:00", "clock"), ("1405/09/02", "", "clock")),
        ],
    )
    def test_names_the_field_that_makes_no_sense(self, voc: User, day: str, clock: str, field: str):
        address = reverse("contacts:as_of", args=[ContactFactory().pk])
        answer = signed_in(voc).get(address, {"day": day, "clock": clock})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
