"""An acknowledged opt-out is final: what waits for the customer is stopped with it (docs/adr/0004)."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from contacts.consent.actions import close_call, open_call, set_consent
from contacts.hooks import Event, StoppedDeliveries
from contacts.models import Contact
from messaging.actions.plan import plan
from messaging.actions.stop_contact import consent_changed
from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_not_sent
from messaging.evaluation.explain import explain_address
from messaging.models import Delivery, Message
from staff.models import User
from tests.factories import (
    HOUR,
    NOW,
    ContactFactory,
    DeliveryFactory,
    MessageFactory,
    OverrideFactory,
    UserFactory,
    set_flag,
)
from tests.messaging.helpers import campaign, in_threads, states

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)


@pytest.fixture
def voc(db: None) -> User:
    user: User = UserFactory(roles=["voc"])
    return user


def take(message: Message, limit: int = 100):
    return claim(message, limit=limit, closes_at=None, worker="test", now=NOW)


def refuse(contact: Contact, voc: User, flag: str = "no_messages") -> Any:
    return set_consent(contact=contact, flag=flag, value=True, reason="asked for it", by=voc, now=NOW)


def test_opting_out_of_promotion_stops_what_waits_of_it_and_nothing_else(voc: User):
    contact = ContactFactory()
    advert = DeliveryFactory(contact=contact, message__purpose="promotional", message__priority=40)
    news = DeliveryFactory(contact=contact)
    other = DeliveryFactory(message=advert.message)
    effect = refuse(contact, voc, "no_promotional")
    assert (effect.changed, effect.stopped, effect.in_flight) == (True, 1, 0)
    for row, state, reason in (
        (advert, "suppressed", "no_promotional"),
        (news, "queued", ""),
        (other, "queued", ""),
    ):
        row.refresh_from_db()
        assert (row.state, row.reason) == (state, reason)


def test_a_refusal_judges_nobody_else_again(voc: User):
    """Another who refused at the same moment is stopped by their own action, or by the claim."""
    contact = ContactFactory(phone="+982188001122")
    sharer, stranger = ContactFactory(phone="+982188001122"), ContactFactory()
    others = [DeliveryFactory(contact=sharer), DeliveryFactory(contact=stranger)]
    for other in (sharer, stranger):
        set_flag(other, "no_messages")
    row = DeliveryFactory(contact=contact, message=others[0].message)
    voice = DeliveryFactory(contact=ContactFactory(), message__purpose="promotional", message__priority=40)
    assert refuse(contact, voc, "no_promotional").stopped == 0
    assert refuse(contact, voc).stopped == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("suppressed", "no_messages")
    for other in (*others, voice):
        other.refresh_from_db()
        assert (other.state, other.reason, other.updated_at) == ("queued", "", NOW)


def test_refusing_everything_stops_every_purpose_and_counts_what_is_out_of_reach(voc: User):
    contact = ContactFactory()
    for _n in range(2):
        DeliveryFactory(contact=contact)
    flying = DeliveryFactory(contact=contact)
    Delivery.objects.filter(pk=flying.pk).update(state="sending")
    done = DeliveryFactory(contact=contact, state="accepted", updated_at=NOW - timedelta(hours=25))
    effect = refuse(contact, voc)
    assert (effect.stopped, effect.in_flight) == (2, 1)
    done.refresh_from_db()
    assert done.state == "accepted"


@pytest.mark.parametrize("state", ["sending", "unknown", "accepted", "delivered", "rejected"])
def test_what_the_provider_has_and_may_still_bring_is_told(voc: User, state: str):
    """A voice message that was taken in the morning may ring in the evening."""
    contact = ContactFactory()
    DeliveryFactory(contact=contact, state=state, updated_at=NOW - timedelta(hours=8))
    expected = 1 if state in ("sending", "unknown", "accepted") else 0
    assert refuse(contact, voc).in_flight == expected


def test_of_what_was_not_refused_it_is_not_said_that_it_may_still_arrive(voc: User):
    contact = ContactFactory()
    DeliveryFactory(contact=contact, state="accepted")
    DeliveryFactory(contact=contact, message__purpose="promotional", message__priority=40, state="accepted")
    assert refuse(contact, voc, "no_promotional").in_flight == 1
    assert refuse(contact, voc, "no_messages").in_flight == 2


def share_a_landline() -> tuple[Contact, Contact, Delivery]:
    """Two customers with one landline, and a voice message that waits for it, planned as the first one's."""
    first, second = ContactFactory(phone="+982188001122"), ContactFactory(phone="+982188001122")
    row = DeliveryFactory(
        contact=first,
        address="+982188001122",
        message__channel__code="avanak",
        message__channel__kind="voice",
    )
    return first, second, row


def test_whoever_of_those_who_share_a_landline_refuses_nothing_waits_for_it_any_more(voc: User):
    """The plan goes by the number; so does everything that was planned before."""
    _first, second, row = share_a_landline()
    own = DeliveryFactory(contact=_first)
    assert refuse(second, voc).stopped == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == ("suppressed", "no_messages")
    own.refresh_from_db()
    assert own.state == "queued"
    why = explain_address(row.message, row.address, NOW)
    assert (why.decision.reason, why.contact) == ("no_messages", _first)
    assert [word.contact for word in why.words] == [second]


def test_a_delivery_to_a_number_that_its_customer_gave_up_is_still_explained_by_him(voc: User):
    first, second, row = share_a_landline()
    Contact.objects.filter(pk__in=[first.pk, second.pk]).update(phone="+982188005566")
    row.refresh_from_db()
    assert explain_address(row.message, row.address, NOW).contact == first
    Contact.objects.filter(pk=second.pk).update(phone=row.address)
    set_flag(first, "no_messages")
    row = Delivery.objects.get(pk=row.pk)
    why = explain_address(row.message, row.address, NOW)
    assert (why.decision.reason, why.contact) == ("no_messages", first)


def test_a_claim_goes_by_whoever_of_those_who_share_a_landline_refuses(voc: User):
    _first, second, row = share_a_landline()
    set_flag(second, "no_messages")  # the sweep did not see the row
    claimed = take(row.message)
    assert claimed is not None
    assert (claimed.recipients, claimed.turned_away) == ([], 1)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("suppressed", "no_messages")


def test_an_approved_emergency_still_goes(voc: User):
    contact = ContactFactory()
    emergency = OverrideFactory(message=MessageFactory(running=True)).message
    changed = OverrideFactory(message=MessageFactory(running=True), content_hash="0" * 64).message
    row = DeliveryFactory(message=emergency, contact=contact)
    DeliveryFactory(message=changed, contact=contact)
    assert refuse(contact, voc).stopped == 1
    row.refresh_from_db()
    assert row.state == "queued"
    claimed = take(emergency)
    assert claimed is not None
    assert len(claimed.recipients) == 1


def test_an_open_call_holds_promotion_and_its_end_releases_it(voc: User):
    contact = ContactFactory()
    advert = DeliveryFactory(contact=contact, message__purpose="promotional", message__priority=40)
    news = DeliveryFactory(contact=contact)
    _call, effect = open_call(contact=contact, by=voc, now=NOW)
    assert effect == StoppedDeliveries(stopped=1)
    assert consent_changed(Event.TIGHTENED, contact.pk, NOW) == StoppedDeliveries(0, 0)
    news.refresh_from_db()
    assert (news.state, news.reason) == ("queued", "")
    advert.refresh_from_db()
    assert (advert.state, advert.reason, advert.not_before) == ("queued", "voc_call_open", None)
    assert take(advert.message) is None
    close_call(contact=contact, by=voc, now=NOW)
    advert.refresh_from_db()
    assert (advert.reason, advert.not_before) == ("", NOW)
    assert take(advert.message) is not None


def test_the_end_of_a_call_releases_what_waited_for_it_and_nothing_else(voc: User):
    contact, other = ContactFactory(phone="+982188001122"), ContactFactory()
    sharer = ContactFactory(phone="+982188001122")
    open_call(contact=contact, by=voc, now=NOW)
    before = {"message__purpose": "promotional", "message__priority": 40, "updated_at": NOW - HOUR}
    held = {"reason": "voc_call_open", "not_before": None, **before}
    released = DeliveryFactory(contact=contact, **held)
    kept = [
        DeliveryFactory(contact=other, message=released.message, **of(held)),
        DeliveryFactory(contact=sharer, message=released.message, **of(held)),
        DeliveryFactory(contact=contact, reason="retry", not_before=NOW + HOUR, **before),
        DeliveryFactory(
            contact=contact, state="suppressed", reason="no_promotional", not_before=None, **before
        ),
    ]
    close_call(contact=contact, by=voc, now=NOW)
    released.refresh_from_db()
    assert (released.reason, released.not_before) == ("", NOW)
    for row in kept:
        was = (row.state, row.reason, row.not_before)
        row.refresh_from_db()
        assert (row.state, row.reason, row.not_before, row.updated_at) == (*was, NOW - HOUR)


def of(fields: dict[str, Any]) -> dict[str, Any]:
    """A delivery's own fields."""
    return {name: value for name, value in fields.items() if not name.startswith("message__")}


def test_the_end_of_a_call_releases_also_what_was_refused_meanwhile_past_the_action(voc: User):
    """The claim turns it away; nothing would ever release it later."""
    contact = ContactFactory(voc_call_open=True)
    row = DeliveryFactory(
        contact=contact,
        reason="voc_call_open",
        not_before=None,
        message__purpose="promotional",
        message__priority=40,
    )
    set_flag(contact, "no_promotional")
    set_flag(contact, "voc_call_open", value=False)
    consent_changed(Event.LOOSENED, contact.pk, NOW)
    row.refresh_from_db()
    assert (row.reason, row.not_before) == ("", NOW)


def test_stopping_again_stops_nothing_more(voc: User):
    contact = ContactFactory()
    DeliveryFactory(contact=contact)
    assert refuse(contact, voc).stopped == 1
    assert consent_changed(Event.TIGHTENED, contact.pk, NOW) == StoppedDeliveries(0, 0)


def test_what_came_back_from_the_provider_is_stopped_when_the_refusal_is_said_again(voc: User):
    contact = ContactFactory()
    row = DeliveryFactory(contact=contact)
    made = take(row.message)
    assert made is not None
    assert refuse(contact, voc).in_flight == 1
    record_not_sent(made, now=NOW, error="refused")
    effect = refuse(contact, voc)
    assert (effect.changed, effect.stopped) == (False, 1)
    row.refresh_from_db()
    assert (row.state, row.reason) == ("suppressed", "no_messages")
    assert contact.ledger.count() == 1
    assert refuse(contact, voc).stopped == 0


def test_a_recipient_who_opts_out_while_being_sent_is_not_tried_again(voc: User):
    message = campaign(1)
    claimed = take(message)
    assert claimed is not None
    assert refuse(Contact.objects.get(), voc).in_flight == 1
    record_not_sent(claimed, now=NOW, error="refused")
    again = take(message)
    assert again is not None
    assert again.recipients == []
    assert states(message) == {"suppressed": 1}


class Race:
    """Claims that run through a message, and opt-outs aimed ahead of their front."""

    def __init__(self, message: Message, voc: User) -> None:
        self.message, self.voc = message, voc
        rows = Delivery.objects.filter(message=message).order_by("id")
        self.people = [Contact(pk=pk) for pk in rows.values_list("contact_id", flat=True)]
        self.place = {person.pk: n for n, person in enumerate(self.people)}
        self.front = 0
        # What the opt-out's acknowledgement said is at the provider's door already.
        self.told: dict[int, int] = {}
        self.late: set[int] = set()

    def claiming(self) -> None:
        misses = 0
        while misses < 5:
            self.meet()
            before = set(self.told)
            claimed = take(self.message, 20)
            misses = misses + 1 if claimed is None else 0
            if claimed is not None and claimed.recipients:
                ids = [pk for pk, _address in claimed.recipients]
                reached = set(Delivery.objects.filter(pk__in=ids).values_list("contact_id", flat=True))
                self.late |= reached & before
                self.front = max(self.front, *(self.place[pk] for pk in reached))
        self.front = len(self.people)

    def meet(self) -> None:
        """On a busy machine the claims would be through before the first opt-out had its turn."""
        patience = time.monotonic() + 30
        while self.front > 400 * (len(self.told) + 1) and time.monotonic() < patience:
            time.sleep(0.002)

    def opting_out(self, seed: int) -> None:
        choose = random.Random(seed)
        while self.front < len(self.people):
            target = self.front + choose.randint(1, 400)
            if target < len(self.people) and self.people[target].pk not in self.told:
                contact = self.people[target]
                effect = refuse(contact, self.voc, "no_promotional")
                if effect.changed:
                    self.told[contact.pk] = effect.in_flight


@together
def test_nobody_is_claimed_after_the_opt_out_was_acknowledged(voc: User):
    message = campaign(6000, promotional=True)
    race = Race(message, voc)
    seed = random.randrange(10**6)
    in_threads([race.claiming] * 3 + [partial(race.opting_out, seed + n) for n in range(3)])
    assert race.late == set(), f"seed {seed}"
    assert Contact.objects.filter(no_promotional=True).count() == len(race.told)
    # In commit order: who is being sent to was so before the acknowledgement, which said so.
    sending = Delivery.objects.filter(message=message, state="sending", contact_id__in=list(race.told))
    untold = [row.contact_id for row in sending if not race.told[row.contact_id or 0]]
    assert untold == [], f"seed {seed}"
    found = states(message)
    assert found.get("suppressed", 0) > 5, f"the opt-outs must meet the claims; seed {seed}"
    assert found["sending"] + found["suppressed"] == 6000
    assert found["suppressed"] + sending.count() == len(race.told)


@together
def test_an_opt_out_waits_for_the_claim_that_holds_the_row(voc: User):
    message = campaign(1)
    contact = Contact.objects.get()
    with transaction.atomic():
        claimed = take(message)
        thread_result: list[Any] = []
        thread = threading.Thread(
            target=lambda: thread_result.extend(in_threads([lambda: refuse(contact, voc)]))
        )
        thread.start()
        time.sleep(0.3)
        assert thread_result == [], "it must not be acknowledged while the claim is open"
    thread.join(10)
    assert claimed is not None
    assert (thread_result[0].stopped, thread_result[0].in_flight) == (0, 1)


@together
def test_a_plan_of_an_older_snapshot_sends_nothing_to_whoever_opted_out_meanwhile(voc: User):
    first = campaign(40)
    message = MessageFactory(sender=first.sender, sender_manager=first.sender_manager)
    people = list(Contact.objects.order_by("pk"))

    def opting_out() -> int:
        return sum(refuse(contact, voc).changed for contact in people[:10])

    in_threads([lambda: plan(message.pk, now=NOW), opting_out])
    message.refresh_from_db()
    refused = set(Contact.objects.filter(no_messages=True).values_list("pk", flat=True))
    assert len(refused) == 10
    while (claimed := take(message)) is not None:
        ids = [pk for pk, _address in claimed.recipients]
        assert not refused & set(Delivery.objects.filter(pk__in=ids).values_list("contact_id", flat=True))
    assert states(message) == {"sending": 30, "suppressed": 10}
