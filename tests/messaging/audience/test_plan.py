"""Planning writes one delivery a recipient, once, whoever does it and however often."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from django.db import connection

from audit.models import Entry
from messaging.actions.plan import plan, plan_waiting
from messaging.actions.submit import Draft, foresee, submit
from messaging.audience.members import everybody
from messaging.audience.planning import EVERYBODY, of_message_file, preview, tagged
from messaging.evaluation.facts import decision_of
from messaging.models import Delivery, Message
from tests.factories import (
    HOUR,
    NOW,
    AudienceMemberFactory,
    ChannelFactory,
    ContactFactory,
    EmployeeFactory,
    MessageFactory,
    OverrideFactory,
    landline,
    mobile,
    open_every_day,
)
from tests.messaging.helpers import campaign, from_lines, in_threads, people, states

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
        (landline(3), "suppressed", "landline"),
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
    message = submit(draft=draft, by=sender.user, now=NOW)
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
            (landline(1), "suppressed", "landline"),
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
        message = submit(draft=draft, by=EmployeeFactory().user, now=NOW)
        plan(message.pk, now=NOW)
        assert states(message) == foreseen.by_state
        assert foreseen.held_by == "window_closed"
        assert foreseen.held_until is not None
        assert foreseen.held_until > NOW


def of_every_word() -> None:
    """Customers who refused everything, refused promotion, are on the line; the last two said nothing."""
    for n, flag in enumerate(("no_messages", "no_promotional", "voc_call_open", "", ""), start=1):
        ContactFactory(mobile=mobile(n), **({flag: True} if flag else {}))


FINE, NOTHING, HELD = (
    ("queued", "", NOW),
    ("suppressed", "no_messages", None),
    ("queued", "voc_call_open", None),
)
NO_ADVERT = ("suppressed", "no_promotional", None)


@pytest.mark.parametrize("kind", ["all", "file"])
@pytest.mark.parametrize(
    ("purpose", "is_lifted", "expected"),
    [
        ("notification", False, [NOTHING, FINE, FINE]),
        ("notification", True, [FINE, FINE, FINE]),
        ("survey", False, [NOTHING, FINE, FINE]),
        ("promotional", False, [NOTHING, NO_ADVERT, HELD]),
        ("promotional", True, [NOTHING, NO_ADVERT, HELD]),
    ],
)
def test_everybody_is_planned_by_their_own_word_and_as_foreseen(kind, purpose, is_lifted, expected):
    of_every_word()
    expected = [*expected, FINE, FINE]
    message = MessageFactory(purpose=purpose, audience={"kind": kind})
    open_every_day(message.channel, 0, 1440)
    if is_lifted:
        OverrideFactory(message=message)
    if kind == "file":
        for n in range(1, 6):
            AudienceMemberFactory(message=message, address=mobile(n))
    else:
        ContactFactory(mobile=None, phone=landline(1))
        expected = [("suppressed", "landline", None), *expected]
    source = of_message_file(message.pk) if kind == "file" else EVERYBODY
    foreseen = preview(source, decision_of(message, NOW))
    plan(message.pk, now=NOW)
    found = Delivery.objects.filter(message=message).order_by("address")
    assert list(found.values_list("state", "reason", "not_before")) == expected
    assert foreseen.by_state == Counter(state for state, _reason, _at in expected)
    assert foreseen.by_reason == Counter(reason for _state, reason, _at in expected if reason)


def test_the_lines_of_a_file_are_planned_as_foreseen_whatever_they_hold():
    """A number twice, no number, a landline, a number that no customer has."""
    ContactFactory(mobile=mobile(1))
    ContactFactory(mobile=None, phone=landline(1))
    message = MessageFactory(audience={"kind": "file"})
    for raw, number in (
        ("a", mobile(1)),
        ("b", mobile(1)),
        ("سلام", ""),
        ("c", landline(1)),
        ("d", mobile(9)),
    ):
        AudienceMemberFactory(message=message, raw=raw, address=number)
    AudienceMemberFactory(address=mobile(1))  # of another message
    foreseen = preview(of_message_file(message.pk), decision_of(message, NOW))
    plan(message.pk, now=NOW)
    assert sorted(rows(message)) == sorted(
        [
            (mobile(1), "queued", ""),
            (mobile(1), "suppressed", "duplicate"),
            (landline(1), "suppressed", "landline"),
            (mobile(9), "suppressed", "facts_missing"),
            ("سلام", "suppressed", "invalid_address"),
        ]
    )
    assert foreseen.by_reason == {"duplicate": 1, "invalid_address": 1, "landline": 1, "facts_missing": 1}
    assert foreseen.by_state == states(message)


def test_a_voice_message_is_planned_to_landlines_and_to_no_text():
    ContactFactory(mobile=None, phone=landline(1))
    message = MessageFactory(channel=ChannelFactory(code="avanak", kind="voice"), audience={"kind": "file"})
    AudienceMemberFactory(message=message, address=landline(1))
    AudienceMemberFactory(message=message, raw="سلام", address="")
    foreseen = preview(of_message_file(message.pk), decision_of(message, NOW))
    plan(message.pk, now=NOW)
    assert sorted(rows(message)) == [
        (landline(1), "queued", ""),
        ("سلام", "suppressed", "invalid_address"),
    ]
    assert foreseen.by_state == states(message)
    assert foreseen.by_reason == {"invalid_address": 1}


def test_a_number_of_a_file_is_planned_as_its_own_customers():
    """A second number, too, and whoever else was there before."""
    ContactFactory()
    owner = ContactFactory(mobile=mobile(1), phone=landline(1))
    message = MessageFactory(channel=ChannelFactory(code="avanak", kind="voice"), audience={"kind": "file"})
    AudienceMemberFactory(message=message, address=landline(1))
    plan(message.pk, now=NOW)
    assert Delivery.objects.get(message=message).contact == owner


def test_a_voice_message_to_everybody_is_planned_to_landlines():
    ContactFactory(mobile=None, phone=landline(1))
    message = MessageFactory(channel=ChannelFactory(code="avanak", kind="voice"))
    foreseen = preview(EVERYBODY, decision_of(message, NOW))
    plan(message.pk, now=NOW)
    assert rows(message) == [(landline(1), "queued", "")]
    assert foreseen.by_state == {"queued": 1}


@pytest.mark.parametrize("purpose", ["promotional", "notification"])
@pytest.mark.parametrize("medium", ["sms", "voice"])
@pytest.mark.parametrize("whole", ["tag", "all", "expired"])
def test_customers_are_foreseen_as_they_are_planned(purpose: str, medium: str, whole: str):
    """Restricted by one word or by two, at a mobile or a landline, their own or an earlier owner's number."""
    every = {"tags": ["vip"]}
    ContactFactory.create_batch(3, **every)
    ContactFactory(no_promotional=True, no_messages=True, **every)
    ContactFactory(no_promotional=True, voc_call_open=True, **every)
    ContactFactory(voc_call_open=True, **every)
    ContactFactory(mobile=None, phone=landline(1), **every)
    ContactFactory(mobile=None, phone=landline(2), no_messages=True, **every)
    former = ContactFactory(mobile=mobile(1), no_messages=True, **every)
    former.mobile = mobile(2)
    former.save(update_fields=["mobile"])
    ContactFactory(mobile=mobile(1), no_promotional=True, **every)
    ContactFactory(no_messages=True)
    message = MessageFactory(
        channel=ChannelFactory(code="sms" if medium == "sms" else "avanak", kind=medium),
        purpose=purpose,
        audience={"kind": "tag", "tag": "vip"} if whole == "tag" else {"kind": "all"},
        expires_at=NOW - HOUR if whole == "expired" else None,
    )
    source = tagged("vip") if whole == "tag" else EVERYBODY
    foreseen = preview(source, decision_of(message, NOW))
    assert foreseen == preview(replace(source, of_customers=False), decision_of(message, NOW))
    plan(message.pk, now=NOW)
    assert foreseen.by_state == states(message)
    assert foreseen.total == (10 if whole == "tag" else 11)


def test_a_preview_does_not_rest_on_the_order_of_its_rows():
    """PostgreSQL may append the parts of a UNION ALL by several processes, in any order."""
    people(4_000)
    ContactFactory(no_promotional=True)
    message = MessageFactory(channel=ChannelFactory(), purpose="promotional", audience={"kind": "all"})
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_leader_participation = off;"
            " SET LOCAL min_parallel_table_scan_size = '1GB'; SET LOCAL min_parallel_index_scan_size = '1GB';"
            " SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off"
        )
    for _n in range(5):
        assert preview(EVERYBODY, decision_of(message, NOW)).by_state == {"queued": 4_000, "suppressed": 1}


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
