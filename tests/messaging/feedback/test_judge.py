"""Received messages are judged: each once, whatever fails (reading 16)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from channels.models import Channel
from contacts.models import Restriction, WrittenWord
from messaging.dispatch.clock import database_clock
from messaging.feedback.judge import judge_inbound
from messaging.feedback.poll import poll_provider
from messaging.models import InboundMessage
from tests.factories import ChannelFactory, ContactFactory, DeliveryFactory
from tests.guards import as_owner
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import in_threads

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)

NUMBER = "+989121234567"


def received(text: str, number: str = NUMBER, channel: Channel | None = None) -> InboundMessage:
    now = database_clock()
    return InboundMessage.objects.create(
        channel=channel or ChannelFactory(),
        digest=str(InboundMessage.objects.count()),
        provider_id=str(InboundMessage.objects.count()),
        number=number,
        mobile=number,
        text=text,
        stored_at=now,
    )


def test_a_poll_turns_a_keyword_into_a_restriction(sms: Dispatch):
    waiting = DeliveryFactory(
        contact=ContactFactory(mobile=NUMBER), message__purpose="promotional", message__channel=sms.channel
    )
    sms.server.steer("inbound", {"mobile": "09121234567", "text": "لغو ۱۱"})
    poll_provider(sms.channel, sms.client(), clock=sms.clock)
    message, word = InboundMessage.objects.get(), WrittenWord.objects.get()
    assert (word.reference, word.text) == (f"inbound:{message.pk}", message.text)
    assert word.said_at == message.received_at
    assert message.judged_at is not None
    assert Restriction.objects.get().source == "keyword"
    waiting.refresh_from_db()
    assert waiting.state == "suppressed"


def test_each_message_is_judged_once_and_those_that_say_nothing_too():
    channel = ChannelFactory()
    for text in ("سلام", "11", "ساعت ۱۱"):
        received(text, channel=channel)
    received("11", number="", channel=channel)
    assert judge_inbound(channel, clock=database_clock) == 4
    assert judge_inbound(channel, clock=database_clock) == 0
    assert sorted(WrittenWord.objects.values_list("meaning", flat=True)) == ["opt_out", "perhaps"]


def test_one_that_fails_holds_up_no_other_and_is_tried_again():
    channel = ChannelFactory()
    # No number that we know how to keep: the customer cannot be made.
    bad = received("11", number="+1", channel=channel)
    received("11", channel=channel)
    assert judge_inbound(channel, clock=database_clock) == 1
    assert WrittenWord.objects.get().number == NUMBER
    bad.refresh_from_db()
    assert bad.judged_at is None
    assert judge_inbound(channel, clock=database_clock) == 0


@together
def test_workers_at_once_judge_each_message_once():
    channel = ChannelFactory()
    for n in range(20):
        received("11", number=f"+98912000{n:04}", channel=channel)
    judged = in_threads([lambda: judge_inbound(channel, clock=database_clock)] * 3)
    assert sum(judged) == 20
    assert WrittenWord.objects.count() == Restriction.objects.count() == 20


def test_what_was_received_is_never_changed():
    received("11")
    for change in ("text = 'سلام'", "number = ''"):
        with pytest.raises(Exception, match="pgtrigger"), as_owner(), transaction.atomic():
            connection.cursor().execute(f"UPDATE messaging_inboundmessage SET {change}")  # noqa: S608
