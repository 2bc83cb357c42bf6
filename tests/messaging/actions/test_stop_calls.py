"""What the voice provider took and still dials is called back: by a cancellation, and for one who refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from audit.models import Entry
from contacts.models import Contact
from messaging.actions.stop import cancel
from messaging.actions.stop_calls import stop_calls_to
from messaging.dispatch.pump import PumpReport
from messaging.dispatch.stop_campaigns import stop_campaigns
from messaging.models import GatewayCall, Message
from tests.factories import MessageFactory
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people

pytestmark = pytest.mark.django_db


def sent(dispatch: Dispatch, count: int) -> Message:
    people(count)
    message: Message = MessageFactory(channel=dispatch.channel)
    dispatch.run()
    message.refresh_from_db()
    assert message.status == "finished"
    return message


def stopped(dispatch: Dispatch) -> int:
    return stop_campaigns(dispatch.channel, dispatch.client(), clock=dispatch.clock)


def is_stopped(dispatch: Dispatch) -> list[bool]:
    return [campaign.stopped for campaign in dispatch.server.gateway.ledgers["avanak"].campaigns]


def test_cancelling_a_finished_voice_message_calls_its_calls_back(avanak: Dispatch):
    message = sent(avanak, 25)
    by = message.submitted_by
    cancel(message=message, by=by, now=avanak.clock(), reason="wrong text")
    assert is_stopped(avanak) == [False] * 3, "nothing is asked inside the action"
    avanak.run(seconds=2)
    assert is_stopped(avanak) == [True] * 3
    assert not GatewayCall.objects.filter(stopped_at=None).exists()
    actions = list(Entry.objects.order_by("id").values_list("action", flat=True))
    assert actions.count("call.stopped") == 3
    assert actions.count("message.stop_calls") == 1
    with pytest.raises(ValidationError):
        cancel(message=message, by=by, now=avanak.clock())


def test_a_message_cancelled_half_way_stops_what_was_taken(avanak: Dispatch):
    people(25)
    message: Message = MessageFactory(channel=avanak.channel)
    pump = avanak.pump()
    pump.run(seconds=0)
    [(planned, message_decision)] = pump.chooser.decisions
    assert pump.sender.serve(planned, message_decision, PumpReport())
    message.refresh_from_db()
    cancel(message=message, by=message.submitted_by, now=avanak.clock())
    avanak.run(seconds=2)
    assert is_stopped(avanak) == [True]


def test_a_provider_that_does_not_answer_is_asked_again(avanak: Dispatch):
    message = sent(avanak, 1)
    cancel(message=message, by=message.submitted_by, now=avanak.clock())
    avanak.server.use("5xx")
    assert stopped(avanak) == 0
    avanak.server.use()
    assert stopped(avanak) == 0, "only a minute later"
    GatewayCall.objects.update(stop_due_at=avanak.clock())
    assert stopped(avanak) == 1
    assert stopped(avanak) == 0


def test_who_refuses_every_message_is_not_called_by_a_campaign_of_one(avanak: Dispatch):
    sent(avanak, 1)
    assert stop_calls_to([Contact.objects.get().pk], now=avanak.clock()) == 1
    assert stopped(avanak) == 1


def test_a_campaign_that_calls_others_too_goes_on(avanak: Dispatch):
    sent(avanak, 2)
    first = Contact.objects.order_by("pk").first()
    assert first is not None
    assert stop_calls_to([first.pk], now=avanak.clock()) == 0


def test_an_sms_cannot_be_called_back(sms: Dispatch):
    message = sent(sms, 1)
    with pytest.raises(ValidationError):
        cancel(message=message, by=message.submitted_by, now=sms.clock())
    assert stopped(sms) == 0


def test_the_page_offers_it_as_long_as_it_may_ring(avanak: Dispatch, client):
    message = sent(avanak, 1)
    client.force_login(message.submitted_by)
    address = reverse("messaging:cancel", args=[message.pk])
    assert client.get(address).status_code == 200
    client.post(address, {"reason": "wrong text"})
    assert stopped(avanak) == 1
    assert client.get(address).status_code == 302
