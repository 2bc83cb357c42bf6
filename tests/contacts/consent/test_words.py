"""A customer's written word restricts at once, by nobody, until an expert's takes its place (reading 16)."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import Entry
from contacts.consent.actions import open_call, set_consent
from contacts.consent.words import confirm_opt_out, decide_word, end_word, take_written_word
from contacts.models import ConsentEntry, Contact, Restriction, WrittenWord
from contacts.selectors import foreign_restrictions, restrictions_by_number, restrictions_out_of_step
from staff.models import User
from tests.factories import DAY, NOW, ContactFactory, DeliveryFactory, UserFactory, WrittenWordFactory, mobile
from tests.guards import as_owner
from tests.messaging.helpers import in_threads

pytestmark = pytest.mark.django_db
together = pytest.mark.django_db(transaction=True)

REASON = "مشتری نوشت: لغو"


@pytest.fixture
def voc() -> User:
    user: User = UserFactory(roles=["voc"])
    return user


def said(text: str, number: str = "", reference: str = "inbound:1") -> WrittenWord | None:
    return take_written_word(
        number=number or mobile(1), text=text, reference=reference, said_at=NOW, now=NOW + DAY
    )


def stops(number: str) -> set[tuple[str, bool, bool]]:
    rows = Restriction.objects.filter(address=number)
    return set(rows.values_list("source", "stops_all", "stops_promotional"))


def test_a_keyword_restricts_the_number_at_once_and_stops_what_waits():
    contact = ContactFactory(mobile=mobile(1))
    advertisement = DeliveryFactory(contact=contact, message__purpose="promotional")
    notice = DeliveryFactory(contact=contact, message__purpose="notification")
    word = said("لغو ۱۱")
    assert word is not None
    assert (word.contact, word.meaning, word.said_at, word.recorded_at) == (
        contact,
        "opt_out",
        NOW,
        NOW + DAY,
    )
    assert stops(mobile(1)) == {("keyword", False, True)}
    advertisement.refresh_from_db()
    notice.refresh_from_db()
    assert (advertisement.state, advertisement.reason) == ("suppressed", "no_promotional")
    assert notice.state == "queued"
    contact.refresh_from_db()
    assert not contact.no_promotional, "the option of C7.3 is the expert's alone"
    assert restrictions_out_of_step() == []


def test_an_unknown_number_becomes_a_customer():
    word = said("11")
    assert word is not None
    assert word.contact == Contact.objects.get(mobile=mobile(1))


def test_a_message_is_judged_once():
    assert said("11") == said("11")
    assert WrittenWord.objects.count() == 1
    assert Entry.objects.filter(action="contact.word_received").count() == 1


def test_a_text_that_says_nothing_leaves_nothing():
    assert said("سلام") is None
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("text", "meaning"), [("ساعت ۱۱ بیایید", "perhaps"), ("12", "opt_in")])
def test_what_is_no_keyword_of_the_opt_out_is_a_task_and_restricts_nothing(text: str, meaning: str):
    word = said(text)
    assert word is not None
    assert (word.meaning, word.restricts, word.decided_at) == (meaning, False, None)
    assert stops(mobile(1)) == set()


def test_twelve_never_subscribes_by_itself(voc: User):
    contact = ContactFactory(mobile=mobile(1), no_promotional=True)
    word = said("12")
    assert word is not None
    contact.refresh_from_db()
    assert contact.no_promotional
    decide_word(word=word, flag="no_promotional", value=False, reason=REASON, by=voc, now=NOW)
    contact.refresh_from_db()
    assert not contact.no_promotional
    word.refresh_from_db()
    assert (word.outcome, word.decided_by) == ("cleared", voc)


def test_the_experts_word_takes_the_place_of_the_written_one(voc: User):
    contact, other = ContactFactory(mobile=mobile(1)), ContactFactory(mobile=mobile(2), phone=mobile(1))
    word = said("11")
    assert word is not None
    decide_word(word=word, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    for person in (contact, other):
        person.refresh_from_db()
        assert person.no_messages, "a refusal is each one's who has the number (reading 10)"
    assert stops(mobile(1)) == {("refusal", True, False)}
    entries = ConsentEntry.objects.all()
    assert {(entry.source, entry.word, entry.by) for entry in entries} == {("message", word, voc)}
    word.refresh_from_db()
    assert (word.outcome, word.decided_by, word.restricts) == ("set", voc, False)
    assert restrictions_out_of_step() == []


def test_perhaps_becomes_an_opt_out_by_one_press_and_is_then_decided(voc: User):
    contact = ContactFactory(mobile=mobile(1))
    row = DeliveryFactory(contact=contact, message__purpose="promotional")
    word = said("لطفا لغو کنید")
    assert word is not None
    assert confirm_opt_out(word=word, by=voc, now=NOW).stopped == 1
    row.refresh_from_db()
    assert row.state == "suppressed"
    assert stops(mobile(1)) == {("keyword", False, True)}
    with pytest.raises(ValidationError) as second:
        confirm_opt_out(word=word, by=voc, now=NOW)
    assert second.value.code == "decided_already"
    with pytest.raises(ValidationError):
        end_word(word=word, outcome="no_opt_out", note="", by=voc, now=NOW)
    decide_word(word=word, flag="no_promotional", value=True, reason=REASON, by=voc, now=NOW)
    assert stops(mobile(1)) == {("refusal", False, True)}


def test_perhaps_is_none_by_one_press(voc: User):
    word = said("ساعت ۱۱ بیایید")
    assert word is not None
    end_word(word=word, outcome="no_opt_out", note="", by=voc, now=NOW)
    word.refresh_from_db()
    assert (word.outcome, word.restricts) == ("no_opt_out", False)


def test_a_keyword_is_lifted_with_a_reason_in_words_only(voc: User):
    word = said("11")
    assert word is not None
    with pytest.raises(ValidationError) as none:
        end_word(word=word, outcome="no_opt_out", note=REASON, by=voc, now=NOW)
    assert none.value.code == "is_an_opt_out"
    for note in ("", "  ", "xx"):
        with pytest.raises(ValidationError):
            end_word(word=word, outcome="unchanged", note=note, by=voc, now=NOW)
        with pytest.raises(ValidationError):
            decide_word(word=word, flag="no_messages", value=True, reason=note, by=voc, now=NOW)
    with pytest.raises(ValidationError):
        end_word(word=word, outcome="set", note=REASON, by=voc, now=NOW)
    word.refresh_from_db()
    assert word.restricts
    end_word(word=word, outcome="unchanged", note="تلفنی گفت تبلیغات بیاید", by=voc, now=NOW)
    assert stops(mobile(1)) == set()


def test_the_word_restricts_beside_a_refusal_and_never_over_it(voc: User):
    contact = ContactFactory(mobile=mobile(1), no_messages=True)
    word = said("11")
    assert word is not None
    assert stops(mobile(1)) == {("refusal", True, False), ("keyword", False, True)}
    end_word(word=word, outcome="unchanged", note="تلفنی گفت درست است", by=voc, now=NOW)
    assert stops(mobile(1)) == {("refusal", True, False)}
    contact.refresh_from_db()
    assert contact.no_messages


def test_a_refusal_on_the_telephone_fulfils_the_written_word(voc: User):
    contact = ContactFactory(mobile=mobile(1))
    said("11")
    said("12", reference="inbound:2")
    open_call(contact=contact, by=voc, now=NOW)
    set_consent(contact=contact, flag="no_promotional", value=True, reason=REASON, by=voc, now=NOW)
    found = WrittenWord.objects.values_list("meaning", "outcome", "decided_by")
    assert set(found) == {("opt_out", "set", voc.pk), ("opt_in", "", None)}
    assert stops(mobile(1)) == {("refusal", False, True)}
    assert restrictions_out_of_step() == []


def test_a_word_is_not_ended_by_a_call_that_takes_a_refusal_back(voc: User):
    contact = ContactFactory(mobile=mobile(1), no_messages=True)
    said("11")
    open_call(contact=contact, by=voc, now=NOW)
    set_consent(contact=contact, flag="no_messages", value=False, reason=REASON, by=voc, now=NOW)
    assert stops(mobile(1)) == {("keyword", False, True)}


@pytest.mark.parametrize("roles", [[], ["sender"], ["manager"], ["senior"], ["admin"]])
def test_others_than_experts_decide_nothing(roles: list[str]):
    word, by = WrittenWordFactory(), UserFactory(roles=roles)
    said: dict[str, Any] = {"word": word, "by": by, "now": NOW}
    acts: list[Any] = [
        lambda: confirm_opt_out(**said),
        lambda: decide_word(flag="no_messages", value=True, reason=REASON, **said),
        lambda: end_word(outcome="unchanged", note=REASON, **said),
    ]
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    word.refresh_from_db()
    assert word.restricts


def test_whose_word_it_is_stands_in_the_explanation():
    contact, other = ContactFactory(mobile=mobile(1)), ContactFactory(mobile=mobile(2), phone=mobile(1))
    said("11")
    [word] = restrictions_by_number([mobile(1)])[mobile(1)]
    assert (word.restriction.source, word.contact) == ("keyword", contact)
    assert foreign_restrictions([contact]) == {}
    assert [one.word.contact for one in foreign_restrictions([other])[other.pk]] == [contact]


@together
def test_of_two_experts_one_decides():
    said("11")
    word = WrittenWord.objects.get()
    experts = [UserFactory(roles=["voc"]) for _ in range(2)]

    def decide(by: User) -> str:
        try:
            decide_word(word=word, flag="no_promotional", value=True, reason=REASON, by=by, now=NOW)
        except ValidationError as error:
            return str(error.code)
        return "done"

    found = in_threads([lambda by=by: decide(by) for by in experts])  # type: ignore[misc]
    assert sorted(found) == ["decided_already", "done"]
    assert ConsentEntry.objects.count() == 1


@together
@pytest.mark.parametrize("act", ["confirm", "decide", "end"])
def test_a_decision_on_the_card_and_one_on_the_message_do_not_wait_in_a_circle(act: str):
    contact, voc = ContactFactory(mobile=mobile(1)), UserFactory(roles=["voc"])
    DeliveryFactory(contact=contact, message__purpose="promotional")
    word = said("لطفا لغو کنید" if act == "confirm" else "11")
    assert word is not None
    acts: dict[str, Any] = {
        "confirm": lambda: confirm_opt_out(word=word, by=voc, now=NOW),
        "decide": lambda: decide_word(
            word=word, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW
        ),
        "end": lambda: end_word(word=word, outcome="unchanged", note=REASON, by=voc, now=NOW),
    }
    is_locked = threading.Event()

    def on_the_card() -> str:
        with transaction.atomic():
            Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
            is_locked.set()
            # The other one is on its way to the customer, too.
            time.sleep(0.5)
            set_consent(contact=contact, flag="no_promotional", value=True, reason=REASON, by=voc, now=NOW)
        return "done"

    def on_the_message() -> str:
        is_locked.wait(10)
        try:
            acts[act]()
        except ValidationError as error:
            return str(error.code)
        return "done"

    assert in_threads([on_the_card, on_the_message]) == ["done", "decided_already"]
    assert stops(mobile(1)) == {("refusal", False, True)}


class TestTheDatabase:
    def test_refuses_a_keyword_that_restricts_nothing(self):
        with pytest.raises(IntegrityError), transaction.atomic():
            WrittenWordFactory(restricts=False)

    @pytest.mark.parametrize(
        "change",
        ["number = '+989120000009'", "text = 'x'", "meaning = 'perhaps'", "contact_id = contact_id + 1"],
    )
    def test_refuses_to_change_what_was_said(self, change: str):
        WrittenWordFactory()
        with pytest.raises(DatabaseError), as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE contacts_writtenword SET {change}")  # noqa: S608 - of this test's own

    def test_refuses_to_forget_a_word_or_to_open_it_again(self, voc: User):
        word = WrittenWordFactory()
        end_word(word=word, outcome="unchanged", note=REASON, by=voc, now=NOW)
        for statement in (
            "DELETE FROM contacts_writtenword",
            "TRUNCATE contacts_writtenword CASCADE",
            "UPDATE contacts_writtenword SET restricts = TRUE, decided_at = NULL, decided_by_id = NULL,"
            " outcome = ''",
        ):
            with (
                pytest.raises(DatabaseError),
                as_owner(),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM contacts_restriction",
            "UPDATE contacts_restriction SET stops_promotional = FALSE, holds_promotional = TRUE",
            "INSERT INTO contacts_restriction (address, source, source_id, stops_all, stops_promotional,"
            " holds_promotional) VALUES ('+989120000009', 'keyword', 7, FALSE, TRUE, FALSE)",
        ],
    )
    def test_lets_nobody_write_the_restriction_itself(self, statement: str):
        WrittenWordFactory()
        with pytest.raises(DatabaseError), as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
