"""Planning writes one delivery a recipient, once, whoever does it and however often."""

from __future__ import annotations

import pytest

from audit.models import Entry
from messaging.actions.plan import plan, plan_waiting
from messaging.actions.submit import Draft, foresee, submit
from messaging.audience import everybody, from_lines
from messaging.models import Delivery, Message
from tests.factories import (
    HOUR,
    NOW,
    ChannelFactory,
    ContactFactory,
    EmployeeFactory,
    MessageFactory,
    landline,
    mobile,
    open_every_day,
)
from tests.messaging.helpers import campaign, in_threads, people, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


def rows(message: Message) -> list[tuple[str, str, str]]:
    return list(
        Delivery.objects.filter(message=message).order_by("id").values_list("address", "state", "reason")
    )


def test_everybody_gets_one_delivery_with_state_and_reason():
    ContactFactory(mobile=mobile(1))
    ContactFactory(mobile=mobile(2), no_messages=True)
    ContactFactory(mobile=None, phone=landline(3))
    message = campaign()
    assert sorted(rows(message)) == [
        (landline(3), "suppressed", "invalid_address"),
        (mobile(1), "queued", ""),
        (mobile(2), "suppressed", "no_messages"),
    ]
    assert (message.status, message.planned_at) == ("running", NOW)
    assert Entry.objects.get(action="message.planned").data == {"recipients": 3}


def test_a_tag_names_its_own_people_only():
    ContactFactory(tags=["vip", "x"], mobile=mobile(1))
    ContactFactory(tags=["x"])
    message = campaign(audience={"kind": "tag", "tag": "vip"})
    assert rows(message) == [(mobile(1), "queued", "")]


def submitted(lines: list[str], **fields: object) -> Message:
    sender = EmployeeFactory()
    draft = Draft(ChannelFactory(), "notification", "سلام", from_lines(lines, "list.csv"), **fields)  # type: ignore[arg-type]
    message = submit(draft, by=sender.user, now=NOW)
    plan(message.pk, now=NOW)
    return message


def test_a_file_keeps_every_line_with_what_became_of_it():
    ContactFactory(mobile=mobile(1), phone=landline(1), no_messages=True)
    ContactFactory(mobile=mobile(2))
    message = submitted(
        [
            "number",
            "09120000002",
            "+98 912 000 0002",
            "سلام",
            "سلام",
            "09120000009",
            "09120000001",
            "02122000001",
        ]
    )
    assert sorted(rows(message)) == sorted(
        [
            (mobile(2), "queued", ""),
            (mobile(2), "suppressed", "duplicate"),
            ("سلام", "suppressed", "invalid_address"),
            ("سلام", "suppressed", "duplicate"),
            (mobile(9), "queued", ""),
            (mobile(1), "suppressed", "no_messages"),
            (landline(1), "suppressed", "invalid_address"),
        ]
    )
    stranger = Delivery.objects.get(address=mobile(9))
    assert stranger.contact is not None, "whoever gets a message can refuse the next one"
    assert message.audience_members.count() == 7


def test_what_was_foreseen_is_what_is_planned():
    ContactFactory(mobile=mobile(1), no_promotional=True)
    ContactFactory(mobile=mobile(2), voc_call_open=True)
    ContactFactory(mobile=mobile(3))
    channel = ChannelFactory()
    open_every_day(channel, 480, 600)
    for audience in (everybody(), from_lines(["09120000001", "09120000002", "09120000077", "x"], "f")):
        draft = Draft(channel, "promotional", "سلام", audience)
        foreseen = foresee(draft, now=NOW)
        message = submit(draft, by=EmployeeFactory().user, now=NOW)
        plan(message.pk, now=NOW)
        assert states(message) == foreseen.by_state
        assert foreseen.held_by == "window_closed"
        assert foreseen.held_until is not None
        assert foreseen.held_until > NOW


def test_planning_again_plans_nothing():
    message = campaign(3)
    assert plan(message.pk, now=NOW) == 0
    assert states(message) == {"queued": 3}


def test_every_waiting_message_of_a_channel_is_planned_and_no_other():
    people(3)
    sms = MessageFactory()
    voice = MessageFactory(channel=ChannelFactory(code="avanak", kind="voice"))
    ended = MessageFactory(status="cancelled")
    assert plan_waiting("sms", now=NOW) == 3
    assert [states(m) for m in (sms, voice, ended)] == [{"queued": 3}, {}, {}]


def test_a_message_that_is_too_late_is_planned_as_expired():
    message = campaign(2, scheduled_at=NOW + 2 * HOUR, expires_at=NOW + HOUR)
    assert states(message) == {"expired": 2}


@together
def test_two_workers_plan_a_message_once():
    people(200)
    message = MessageFactory()
    counts = in_threads([lambda: plan(message.pk, now=NOW)] * 4)
    assert sorted(counts) == [0, 0, 0, 200]
    assert states(message) == {"queued": 200}
    assert Entry.objects.filter(action="message.planned").count() == 1


def test_a_message_that_cannot_be_planned_keeps_no_other_one_waiting():
    people(2)
    broken = MessageFactory(audience={"kind": "tag"})
    good = MessageFactory(sender=broken.sender, sender_manager=broken.sender_manager)
    assert plan_waiting("sms", now=NOW) == 2
    assert (states(broken), states(good)) == ({}, {"queued": 2})
    broken.refresh_from_db()
    assert broken.status == "submitted"
