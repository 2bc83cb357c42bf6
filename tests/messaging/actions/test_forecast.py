"""What a refusal would stop, said beforehand, is what it stops."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contacts.consent.actions import open_call, set_consent
from contacts.hooks import RefusalForecast, StoppedDeliveries, forecast_refusals
from tests.factories import (
    DAY,
    NOW,
    ContactFactory,
    DeliveryFactory,
    MessageFactory,
    OverrideFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def voc(db: None):
    return UserFactory(roles=["voc"])


def messages_of(contact) -> None:
    """Of every kind: waiting, lifted, under way, accepted lately and long ago, over."""
    advert = MessageFactory(running=True, promotional=True)
    DeliveryFactory(contact=contact, message=advert)
    DeliveryFactory.create_batch(2, contact=contact)
    lifted = DeliveryFactory(contact=contact)
    OverrideFactory(message=lifted.message)
    DeliveryFactory(contact=contact, state="sending", message=MessageFactory(running=True, promotional=True))
    DeliveryFactory(contact=contact, state="unknown")
    DeliveryFactory(contact=contact, state="accepted")
    DeliveryFactory(contact=contact, state="accepted", updated_at=NOW - DAY - timedelta(seconds=1))
    DeliveryFactory(contact=contact, state="delivered")
    DeliveryFactory(contact=contact, state="cancelled")


@pytest.mark.parametrize("flag", ["no_promotional", "no_messages"])
def test_the_forecast_is_what_the_refusal_does(voc, flag):
    contact = ContactFactory()
    messages_of(contact)
    DeliveryFactory()
    found = forecast_refusals([contact.pk], NOW)[contact.pk]
    expected = found.promotional if flag == "no_promotional" else found.everything
    effect = set_consent(contact=contact, flag=flag, value=True, reason="asked for it", by=voc, now=NOW)
    assert (effect.stopped, effect.in_flight) == (expected.stopped, expected.in_flight)
    assert expected.stopped == (1 if flag == "no_promotional" else 3)
    assert expected.in_flight == (1 if flag == "no_promotional" else 3)


def test_what_an_open_call_holds_is_stopped_by_the_decision(voc):
    contact = ContactFactory()
    DeliveryFactory(contact=contact, message=MessageFactory(running=True, promotional=True))
    open_call(contact=contact, by=voc, now=NOW)
    assert forecast_refusals([contact.pk], NOW)[contact.pk].promotional == StoppedDeliveries(stopped=1)


def test_messages_to_a_shared_number_count_for_everybody_who_has_it(voc):
    contact = ContactFactory(mobile="+989121110001")
    sharer = ContactFactory(mobile="+989121110002", phone="+989121110001")
    DeliveryFactory(contact=contact)
    found = forecast_refusals([contact.pk, sharer.pk], NOW)
    assert found == {
        contact.pk: RefusalForecast(everything=StoppedDeliveries(stopped=1)),
        sharer.pk: RefusalForecast(everything=StoppedDeliveries(stopped=1)),
    }


def test_nobody_is_left_out_of_the_answer_and_nothing_is_written(voc, django_assert_max_num_queries):
    people = ContactFactory.create_batch(5)
    with django_assert_max_num_queries(3) as queries:
        found = forecast_refusals([one.pk for one in people], NOW)
    assert set(found) == {one.pk for one in people}
    assert set(found.values()) == {RefusalForecast()}
    assert all(query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in queries.captured_queries)
