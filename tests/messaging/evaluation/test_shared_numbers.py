"""A refusal holds for every number, however it comes in and whoever else has it (reading 10).

The lists are those of the field reports: a customer's second number that comes back as a stranger's.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from contacts.actions.imports import import_file
from contacts.consent.actions import close_call, open_call, set_consent
from contacts.models import Contact
from messaging.actions.plan import plan
from messaging.actions.submit import Draft, foresee, submit
from messaging.actions.sweep import release
from messaging.audience.members import Audience, everybody, with_tag
from messaging.audience.planning import EVERYBODY, preview
from messaging.dispatch.claim import claim
from messaging.evaluation.explain import explain, explain_address
from messaging.evaluation.facts import decision_of
from messaging.models import Delivery, Message
from staff.models import User
from tests.factories import (
    HOUR,
    NOW,
    ChannelFactory,
    ContactFactory,
    DeliveryFactory,
    EmployeeFactory,
    MessageFactory,
    OverrideFactory,
    UserFactory,
    landline,
    mobile,
    open_every_day,
)
from tests.messaging.helpers import from_lines, states
from tests.messaging.invariants.gateway_logs import Log, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def voc() -> User:
    user: User = UserFactory(username="voc", roles=["voc"])
    return user


def bring(folder: Path, text: str) -> None:
    path = folder / "list.csv"
    path.write_text("\ufeff" + text, "utf-8")
    import_file(path=path, by=None, now=NOW)


def refuse(number: str, voc: User, flag: str = "no_messages") -> Contact:
    contact: Contact = Contact.objects.get(address=number)
    set_consent(contact=contact, flag=flag, value=True, reason="نخواست", by=voc, now=NOW)
    return contact


def send(kind: str, audience: Audience, purpose: str = "notification") -> Message:
    """The message, submitted, planned and claimed."""
    channel = ChannelFactory(code="avanak" if kind == "voice" else "sms", kind=kind)
    open_every_day(channel, 0, 1440)
    sender = EmployeeFactory()
    draft = Draft(channel, purpose, "سلام", audience)
    foreseen = foresee(draft, now=NOW)
    message = submit(draft=draft, by=sender.user, now=NOW)
    plan(message.pk, now=NOW)
    assert states(message) == foreseen.by_state
    message.refresh_from_db()
    claim(message, limit=100, closes_at=None, worker="test", now=NOW)
    return message


def rows(message: Message) -> list[tuple[str, str, str]]:
    return sorted(Delivery.objects.filter(message=message).values_list("address", "state", "reason"))


def test_a_second_number_that_comes_back_alone_is_refused_and_says_by_whose_word(tmp_path, voc):
    """Field report A1, blocker B3: the same landline in another department's list."""
    bring(tmp_path, "نام,موبایل,تلفن,برچسب\nنمونه دوشماره,09355550230,02155550230,hunt-second")
    refused = refuse("+989355550230", voc)
    bring(tmp_path, "نام,تلفن,برچسب\nنمونه دوشماره,021-55550230,hunt-second")
    assert Contact.objects.count() == 2
    for audience in (with_tag("hunt-second"), from_lines(["02155550230"], "f"), everybody()):
        message = send("voice", audience)
        assert ("+982155550230", "suppressed", "no_messages") in rows(message)
        assert not Delivery.objects.filter(message=message, state="sending").exists()
    why = explain_address(message, "+982155550230", NOW)
    assert why.contact == Contact.objects.get(address="+982155550230")
    assert [word.contact for word in why.words] == [refused]
    said = explain(message, "+982155550230", NOW)
    assert said["restricted_by"] == [{"source": "refusal", "contact": refused.pk}]


def test_a_second_mobile_that_comes_back_as_a_new_customer_is_refused(tmp_path, voc):
    """Blocker B3, by SMS."""
    bring(tmp_path, "name,mobile,phone\nD,09129992221,09129992222")
    refuse("+989129992221", voc)
    bring(tmp_path, "name,mobile,tags\nx,09129992222,t")
    assert rows(send("sms", with_tag("t"))) == [("+989129992222", "suppressed", "no_messages")]


def test_a_landline_that_a_list_overwrote_stays_refused(tmp_path, voc):
    """Blocker B3: the former landline was free at once."""
    bring(tmp_path, "name,mobile,phone\nA,09129991111,02188776655")
    refused = refuse("+989129991111", voc)
    bring(tmp_path, "mobile,phone\n09129991111,02188770000")
    message = send("voice", from_lines(["021-88776655", "021-88770000"], "f"))
    assert [row[1:] for row in rows(message)] == [("suppressed", "no_messages")] * 2
    assert set(Delivery.objects.values_list("contact_id", flat=True)) == {refused.pk}
    assert Contact.objects.count() == 1


def test_a_mobile_added_to_a_refused_landline_is_another_customers_and_the_landline_stays_refused(
    tmp_path, voc
):
    """Field report A2: a shared number is refused, another's own other numbers are not."""
    bring(tmp_path, "نام,تلفن,برچسب\nنمونه ثابت,02155550231,hunt-second3")
    refuse("+982155550231", voc)
    bring(tmp_path, "نام,موبایل,تلفن,برچسب\nنمونه ثابت,09355550231,02155550231,hunt-second3")
    assert rows(send("voice", with_tag("hunt-second3"))) == [
        ("+982155550231", "suppressed", "no_messages"),
        ("+989355550231", "sending", ""),
    ]
    assert rows(send("sms", with_tag("hunt-second3")))[1] == ("+989355550231", "sending", "")


def test_an_open_call_holds_promotion_to_every_number_of_whoever_called(voc):
    caller = ContactFactory(mobile=mobile(1), phone=landline(1))
    ContactFactory(mobile=None, phone=landline(1))
    other = ContactFactory(mobile=mobile(2), phone=landline(1))
    _call, _effect = open_call(contact=caller, by=voc, now=NOW)
    message = send("voice", everybody(), "promotional")
    assert rows(message) == [
        (landline(1), "queued", "voc_call_open"),
        (mobile(1), "queued", "voc_call_open"),
        (mobile(2), "sending", ""),
    ]
    open_call(contact=other, by=voc, now=NOW)
    close_call(contact=caller, by=voc, now=NOW)
    assert rows(message)[0] == (landline(1), "queued", "voc_call_open"), "the other is still on the line"
    assert rows(message)[1] == (mobile(1), "queued", "")
    close_call(contact=other, by=voc, now=NOW)
    assert rows(message)[0] == (landline(1), "queued", "")


WORDS = pytest.mark.parametrize(
    ("purpose", "flag"), [("notification", "no_messages"), ("promotional", "no_promotional")]
)


def sharers(flag: str = "") -> tuple[Contact, Contact]:
    """A customer who is on the line, and one who refuses something: both gave the mobile of a third."""
    ContactFactory(mobile=mobile(1))
    caller = ContactFactory(mobile=mobile(2), phone=mobile(1), voc_call_open=True)
    refuser = ContactFactory(mobile=mobile(3), phone=mobile(1), **({flag: True} if flag else {}))
    return caller, refuser


@WORDS
def test_a_plan_goes_by_the_word_of_one_sharer_although_another_said_something_else(purpose, flag):
    sharers(flag)
    message = send("sms", from_lines(["09120000001"], "f"), purpose)
    assert rows(message) == [(mobile(1), "suppressed", flag)]


@WORDS
def test_a_claim_goes_by_the_word_of_one_sharer_although_another_said_something_else(purpose, flag):
    message = MessageFactory(running=True, purpose=purpose)
    sharers(flag)
    DeliveryFactory(message=message, contact=Contact.objects.get(mobile=mobile(1)))
    claim(message, limit=100, closes_at=None, worker="test", now=NOW)
    assert rows(message) == [(mobile(1), "suppressed", flag)]


@WORDS
def test_a_refusal_stops_what_another_sharers_call_holds(purpose, flag, voc):
    _caller, refuser = sharers()
    message = MessageFactory(running=True, purpose=purpose)
    DeliveryFactory(message=message, contact=Contact.objects.get(mobile=mobile(1)))
    effect = set_consent(contact=refuser, flag=flag, value=True, reason="نخواست", by=voc, now=NOW)
    assert effect.stopped == 1
    assert rows(message) == [(mobile(1), "suppressed", flag)]


def test_a_hold_that_is_over_is_released_by_number_and_no_other(voc):
    """What a plan wrote from an older snapshot while the call ended."""
    caller = ContactFactory(mobile=mobile(1), phone=landline(1), voc_call_open=True)
    sharer = ContactFactory(mobile=mobile(2), phone=landline(1))
    held = DeliveryFactory(contact=sharer, address=landline(1), not_before=None, reason="voc_call_open")
    assert release([held.message_id], now=NOW) == 0
    Contact.objects.filter(pk=caller.pk).update(voc_call_open=False)
    assert release([held.message_id], now=NOW) == 1
    held.refresh_from_db()
    assert (held.reason, held.not_before) == ("", NOW)


def test_a_refusal_stops_what_waits_for_each_number_whoever_the_delivery_names(voc):
    refuser = ContactFactory(mobile=mobile(1), phone=landline(1))
    Contact.objects.filter(pk=refuser.pk).update(phone=landline(2))
    now_theirs = ContactFactory(mobile=None, phone=landline(1))
    voice = MessageFactory(running=True, channel=ChannelFactory(code="avanak", kind="voice"))
    stopped = [
        DeliveryFactory(message=voice, contact=refuser),
        DeliveryFactory(message=voice, contact=refuser, address=landline(2)),
        DeliveryFactory(message=voice, contact=now_theirs),
    ]
    kept = DeliveryFactory(
        message=voice, contact=ContactFactory(mobile=mobile(3), phone=landline(1)), address=mobile(3)
    )
    effect = set_consent(contact=refuser, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    assert effect.stopped == 3
    for row in stopped:
        row.refresh_from_db()
        assert (row.state, row.reason) == ("suppressed", "no_messages")
    kept.refresh_from_db()
    assert kept.state == "queued"


def test_a_list_that_gives_a_number_to_whoever_refused_stops_what_waits_for_it(tmp_path, voc):
    ContactFactory(mobile=mobile(1), no_messages=True)
    waiting = DeliveryFactory(contact=ContactFactory(mobile=mobile(2)))
    bring(tmp_path, "mobile,phone\n09120000001,09120000002")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("suppressed", "no_messages")


def test_a_number_that_comes_to_whoever_refused_past_every_action_is_turned_away(voc):
    refuser = ContactFactory(mobile=mobile(1), no_messages=True)
    waiting = DeliveryFactory(contact=ContactFactory(mobile=mobile(2)))
    Contact.objects.filter(pk=refuser.pk).update(phone=mobile(2))
    made = claim(waiting.message, limit=10, closes_at=None, worker="test", now=NOW)
    assert made is not None
    assert (made.recipients, made.turned_away) == ([], 1)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("suppressed", "no_messages")


def test_an_approved_emergency_reaches_a_number_that_a_sharer_refused(voc):
    ContactFactory(mobile=mobile(1), phone=mobile(2), no_messages=True)
    row = DeliveryFactory(contact=ContactFactory(mobile=mobile(2)))
    OverrideFactory(message=row.message)
    made = claim(row.message, limit=10, closes_at=None, worker="test", now=NOW)
    assert made is not None
    assert made.recipients == [(row.pk, mobile(2))]


@pytest.mark.parametrize("moved", [False, True])
def test_the_checker_finds_who_was_reached_at_a_number_that_another_had_refused(voc, moved):
    """The claim is made past the restrictions, as by a hand that emptied their table."""
    refuser = ContactFactory(mobile=mobile(1), phone=mobile(2))
    if moved:
        Contact.objects.filter(pk=refuser.pk).update(phone=None)
    ContactFactory(mobile=mobile(2))
    log = Log()
    message = MessageFactory()
    plan(message.pk, now=NOW)
    log.accept_all(deliver(message))
    assert log.judge().counts["opted_out"] == 0
    set_consent(contact=refuser, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW - 2 * HOUR)
    assert log.judge().counts["opted_out"] == 2


def test_the_checker_finds_promotion_during_an_open_call(voc):
    caller = ContactFactory(mobile=mobile(1), phone=mobile(2))
    ContactFactory(mobile=mobile(2))
    open_every_day(ChannelFactory(), 0, 1440)
    message = MessageFactory(promotional=True)
    plan(message.pk, now=NOW)
    log = Log()
    log.accept_all(deliver(message))
    open_call(contact=caller, by=voc, now=NOW - HOUR)
    assert log.judge().counts["opted_out"] == 2
    close_call(contact=caller, by=voc, now=NOW - HOUR / 2)
    assert log.judge().counts["opted_out"] == 0


@WORDS
def test_customers_are_foreseen_by_every_word_about_their_own_number(purpose, flag):
    """One number with two words, a landline that takes no SMS and is restricted, and a word about a number at
    which nobody is reached."""
    sharers(flag)
    ContactFactory(mobile=None, phone=landline(1), **{flag: True})
    ContactFactory(mobile=mobile(4), phone=mobile(5), no_messages=True)
    message = MessageFactory(purpose=purpose, audience={"kind": "all"})
    foreseen = preview(EVERYBODY, decision_of(message, NOW))
    plan(message.pk, now=NOW)
    found = Delivery.objects.filter(message=message)
    assert foreseen.total == found.count() == Contact.objects.count()
    assert foreseen.by_state == Counter(found.values_list("state", flat=True))
    assert foreseen.by_reason == Counter(
        reason for reason in found.values_list("reason", flat=True) if reason
    )
    assert foreseen.by_reason["landline"] == 1
