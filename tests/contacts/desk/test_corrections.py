"""A wrong entry is set right by another that names it: by its expert at once, later by the VOC manager."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from contacts.consent.actions import set_consent
from contacts.consent.corrections import Meant, correct
from contacts.consent.words import take_written_word
from contacts.models import ConsentEntry, Restriction, WrittenWord
from contacts.selectors import out_of_step_with_ledger, restrictions_out_of_step
from staff.roles import Role
from tests.factories import DAY, NOW, ContactFactory, DeliveryFactory, UserFactory, set_flag

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SAID, WRONG = "مشتری تلفنی نخواست", "گزینهٔ نادرست زده شد"


@pytest.fixture
def contact(db):
    return ContactFactory(mobile="+989123456789")


@pytest.fixture
def entry(contact, voc) -> ConsentEntry:
    set_consent(contact=contact, flag="no_promotional", value=True, reason=SAID, by=voc, now=NOW)
    found: ConsentEntry = contact.ledger.get()
    return found


def fix(entry, by, *, now=NOW + 5 * MINUTE, reason=WRONG, meant=None):
    return correct(entry=entry, reason=reason, by=by, now=now, meant=meant)


def test_a_wrong_tick_is_taken_back_by_an_entry_that_names_it(contact, entry, voc):
    [done] = fix(entry, voc)
    contact.refresh_from_db()
    assert done.effect.changed
    assert not contact.no_promotional
    correction = contact.ledger.latest("pk")
    assert (correction.source, correction.corrects, correction.call) == ("correction", entry, None)
    assert (correction.before, correction.after, correction.reason) == (True, False, WRONG)
    assert contact.ledger.count() == 2
    assert Entry.objects.get(action="contact.opt_out_cleared").data["corrects"] == entry.pk
    assert not out_of_step_with_ledger().exists()


class TestWhatTheCustomerWrote:
    """A refusal ends the written word that it fulfils; taken back as wrong, it must not free the number."""

    @pytest.fixture
    def word(self, contact) -> WrittenWord:
        found = take_written_word(
            number=contact.mobile, text="لغو", reference="inbound:1", said_at=NOW, now=NOW
        )
        assert found is not None
        return found

    def refused(self, contact, voc, now=NOW) -> ConsentEntry:
        set_consent(contact=contact, flag="no_promotional", value=True, reason=SAID, by=voc, now=now)
        found: ConsentEntry = contact.ledger.latest("pk")
        return found

    def test_restricts_again_as_a_task_of_its_own(self, contact, word, voc):
        waiting = DeliveryFactory(contact=contact, message__purpose="promotional", not_before=NOW)
        fix(self.refused(contact, voc), voc)
        [row] = Restriction.objects.filter(address=contact.mobile)
        [again] = WrittenWord.objects.filter(decided_at__isnull=True)
        assert (row.source, row.source_id, row.stops_promotional) == ("keyword", again.pk, True)
        assert (again.text, again.meaning, again.said_at) == (word.text, "opt_out", NOW)
        waiting.refresh_from_db()
        assert waiting.state == "suppressed"
        assert restrictions_out_of_step() == []

    def test_restricts_again_also_when_the_refusal_was_older_than_the_message(self, contact, voc):
        entry = self.refused(contact, voc)
        said = {"number": contact.mobile, "text": "11", "reference": "inbound:2"}
        take_written_word(**said, said_at=NOW + MINUTE, now=NOW + MINUTE)
        # Nothing changes, and the message is answered by what stands.
        self.refused(contact, voc, NOW + 2 * MINUTE)
        assert not WrittenWord.objects.filter(decided_at__isnull=True).exists()
        fix(entry, voc)
        assert Restriction.objects.get(address=contact.mobile).source == "keyword"

    def test_stays_fulfilled_where_the_other_option_was_meant(self, contact, word, voc):
        fix(self.refused(contact, voc), voc, meant=Meant(contact, "no_messages"))
        assert Restriction.objects.get(address=contact.mobile).source == "refusal"
        assert not WrittenWord.objects.filter(decided_at__isnull=True).exists()

    def test_comes_back_as_often_as_it_is_taken_away(self, contact, word, voc):
        for _round in range(3):
            fix(self.refused(contact, voc), voc)
            assert WrittenWord.objects.filter(decided_at__isnull=True).count() == 1

    def test_comes_back_unsorted_where_nobody_had_sorted_it(self, contact, voc):
        said = {"number": contact.mobile, "text": "ساعت ۱۱", "reference": "inbound:3"}
        take_written_word(**said, said_at=NOW, now=NOW)
        fix(self.refused(contact, voc), voc)
        again = WrittenWord.objects.get(decided_at__isnull=True)
        assert (again.meaning, again.restricts) == ("perhaps", False)


@pytest.mark.parametrize("flag", ["no_messages", "no_promotional"])
def test_what_was_meant_is_recorded_where_it_belongs(contact, entry, voc, flag):
    right = contact if flag == "no_messages" else ContactFactory()
    waiting = DeliveryFactory(contact=right, message__purpose="promotional", message__priority=40)
    fix(entry, voc, meant=Meant(right, flag))
    contact.refresh_from_db()
    right.refresh_from_db()
    waiting.refresh_from_db()
    assert not contact.no_promotional
    assert getattr(right, flag)
    assert waiting.state == "suppressed"
    assert set(ConsentEntry.objects.filter(corrects=entry).values_list("contact", "flag")) == {
        (contact.pk, "no_promotional"),
        (right.pk, flag),
    }
    assert not out_of_step_with_ledger().exists()
    assert restrictions_out_of_step() == []


def test_a_refusal_taken_back_by_mistake_holds_again(contact, voc):
    set_flag(contact, "no_messages")
    set_consent(contact=contact, flag="no_messages", value=False, reason=SAID, by=voc, now=NOW)
    waiting = DeliveryFactory(contact=contact)
    [done] = fix(contact.ledger.latest("pk"), voc)
    contact.refresh_from_db()
    assert contact.no_messages
    assert done.effect.stopped == 1
    waiting.refresh_from_db()
    assert waiting.state == "suppressed"


def test_the_expert_has_fifteen_minutes_and_the_manager_any_time(contact, entry, voc, other, chief):
    with pytest.raises(PermissionDenied):
        fix(entry, voc, now=NOW + 15 * MINUTE + timedelta(seconds=1))
    with pytest.raises(PermissionDenied):
        fix(entry, other, now=NOW)
    fix(entry, chief, now=NOW + 30 * DAY)
    contact.refresh_from_db()
    assert not contact.no_promotional


def test_at_the_fifteenth_minute_the_expert_still_may(entry, voc):
    assert fix(entry, voc, now=NOW + 15 * MINUTE)[0].effect.changed


@pytest.mark.parametrize("role", list(Role))
def test_no_role_alone_corrects_an_entry_of_somebody_else(entry, role):
    with pytest.raises(PermissionDenied):
        fix(entry, UserFactory(roles=[role]))


def test_an_expert_who_is_one_no_more_corrects_nothing(entry, voc):
    voc.groups.clear()
    voc = type(voc).objects.get(pk=voc.pk)
    with pytest.raises(PermissionDenied):
        fix(entry, voc)


def test_only_the_last_entry_of_an_option_is_set_right(contact, entry, voc):
    set_consent(contact=contact, flag="no_promotional", value=False, reason=SAID, by=voc, now=NOW + MINUTE)
    with pytest.raises(ValidationError) as refused:
        fix(entry, voc)
    assert refused.value.code == "not_the_last"
    fix(contact.ledger.latest("pk"), voc)
    contact.refresh_from_db()
    assert contact.no_promotional


def test_twice_is_once(entry, voc):
    fix(entry, voc)
    with pytest.raises(ValidationError) as refused:
        fix(entry, voc)
    assert refused.value.code == "not_the_last"


def test_what_makes_no_sense_is_refused_and_nothing_is_written(contact, entry, voc):
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("reason_without_words", {"reason": "؟"}),
        ("meant_the_same", {"meant": Meant(contact, "no_promotional")}),
        ("unknown_flag", {"meant": Meant(contact, "is_superuser")}),
    ]
    for code, given in wrong:
        with pytest.raises(ValidationError) as refused:
            fix(entry, voc, **given)
        assert refused.value.code == code
    assert ConsentEntry.objects.count() == 1


@pytest.mark.parametrize(("source", "names_one"), [("correction", False), ("command", True)])
def test_the_database_knows_no_correction_without_the_entry_it_names(contact, entry, voc, source, names_one):
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEntry.objects.create(
            contact=contact,
            at=NOW,
            flag="no_promotional",
            before=True,
            after=False,
            by=voc,
            reason=WRONG,
            source=source,
            corrects=entry if names_one else None,
        )


@pytest.fixture
def page(client, contact, voc):
    """The card of a customer whose refusal the expert recorded just now."""
    set_consent(contact=contact, flag="no_promotional", value=True, reason=SAID, by=voc, now=timezone.now())
    client.force_login(voc)
    return contact.ledger.get()


def sent(entry, **values):
    return {f"entry{entry.pk}-{name}": value for name, value in values.items()}


def test_the_card_offers_the_correction_and_shows_what_it_corrects(client, contact, page):
    card, address = reverse("contacts:card", args=[contact.pk]), reverse("desk:correct", args=[page.pk])
    assert address in client.get(card).content.decode()
    incomplete = client.post(address, sent(page, wrong="tick"))
    assert incomplete.status_code == 422
    assert "is-invalid" in incomplete.content.decode()
    done = client.post(address, sent(page, wrong="tick", reason=WRONG), follow=True)
    contact.refresh_from_db()
    assert not contact.no_promotional
    assert "ثبت اصلاحی" in done.content.decode()
    assert WRONG in done.content.decode()


def test_another_customer_is_named_by_the_number(client, contact, page):
    right = ContactFactory(mobile="+989121112233")
    address = reverse("desk:correct", args=[page.pk])
    for number in ("", "۰۹۱۲", "09350000000"):
        refused = client.post(address, sent(page, wrong="customer", number=number, reason=WRONG))
        assert refused.status_code == 422
    done = client.post(address, sent(page, wrong="customer", number="۰۹۱۲ ۱۱۱ ۲۲۳۳", reason=WRONG))
    assert done["Location"] == reverse("contacts:card", args=[right.pk])
    right.refresh_from_db()
    contact.refresh_from_db()
    assert (right.no_promotional, contact.no_promotional) == (True, False)


def test_the_other_option_is_set_instead(client, contact, page):
    client.post(reverse("desk:correct", args=[page.pk]), sent(page, wrong="option", reason=WRONG))
    contact.refresh_from_db()
    assert (contact.no_promotional, contact.no_messages) == (False, True)


def test_whoever_may_not_correct_sees_no_form(client, contact, entry, voc, chief):
    address = reverse("desk:correct", args=[entry.pk])
    client.force_login(voc)
    assert address not in client.get(reverse("contacts:card", args=[contact.pk])).content.decode()
    assert client.post(address, sent(entry, wrong="tick", reason=WRONG)).status_code == 403
    client.force_login(chief)
    assert address in client.get(reverse("contacts:card", args=[contact.pk])).content.decode()
