"""A task means "look at the table", and looks at channels in use only."""

from __future__ import annotations

import pytest

from contacts.models import Contact
from messaging import tasks
from messaging.actions.plan import plan_waiting
from messaging.models import GatewayCall
from tests.factories import NOW, ChannelFactory, DeliveryFactory, MessageFactory
from tests.messaging.helpers import states


@pytest.mark.django_db(transaction=True)
def test_a_channel_taken_out_of_use_sends_nothing_more():
    channel = ChannelFactory(code="sms", is_active=False)
    message = MessageFactory(channel=channel, running=True)
    DeliveryFactory(message=message)
    tasks.pump("sms")
    assert not GatewayCall.objects.exists()
    assert states(message) == {"queued": 1}


@pytest.mark.django_db
def test_a_channel_that_nobody_knows_wakes_nobody():
    tasks.pump("telegram")


@pytest.mark.django_db(transaction=True)
def test_a_message_that_the_database_refuses_to_plan_keeps_no_other_one_waiting():
    spoilt = MessageFactory()
    DeliveryFactory(message=spoilt)  # as if somebody had planned it in part
    fine = MessageFactory(channel=spoilt.channel, priority=90)
    assert plan_waiting(spoilt.channel.code, now=NOW) == Contact.objects.count()
    assert states(spoilt) == {"queued": 1}
    assert states(fine) == {"queued": Contact.objects.count()}
