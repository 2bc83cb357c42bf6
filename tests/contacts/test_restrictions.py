"""Numbers and restrictions are kept by the database itself, whoever writes the customers (reading 10)."""

from __future__ import annotations

import threading
import time
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from contacts.actions.imports import import_file
from contacts.consent.actions import close_call, open_call, set_consent
from contacts.models import Contact, Number, Restriction
from contacts.selectors import owners_of, restrictions_by_number, restrictions_out_of_step
from tests.contacts.test_races import at_once
from tests.factories import DAY, NOW, ContactFactory, landline, mobile, set_flag
from tests.guards import as_owner, unguarded

pytestmark = pytest.mark.django_db


def numbers(contact: Contact) -> dict[str, tuple[str, Any, Any]]:
    return {row.number: (row.kind, row.since, row.until) for row in Number.objects.filter(contact=contact)}


def restrictions(address: str) -> set[tuple[str, int, str]]:
    return {
        (row.source, row.source_id, stop)
        for row in Restriction.objects.filter(address=address)
        for stop in ("stops_all", "stops_promotional", "holds_promotional")
        if getattr(row, stop)
    }


def test_every_number_that_a_customer_gives_is_kept_with_its_kind():
    contact = ContactFactory(mobile=mobile(1), phone=landline(1))
    assert numbers(contact) == {mobile(1): ("mobile", NOW, None), landline(1): ("landline", NOW, None)}
    assert numbers(ContactFactory(mobile=None, phone=landline(2))) == {landline(2): ("landline", NOW, None)}
    twice = ContactFactory(mobile=mobile(3), phone=mobile(3))
    assert numbers(twice) == {mobile(3): ("mobile", NOW, None)}


def test_a_number_given_once_stays_theirs_when_a_list_overwrites_it(write_csv):
    contact = ContactFactory(mobile=mobile(1), phone=landline(1), no_messages=True)
    import_file(path=write_csv(("mobile", "phone"), (mobile(1), landline(2))), by=None, now=NOW + DAY)
    assert numbers(contact) == {
        mobile(1): ("mobile", NOW, None),
        landline(1): ("landline", NOW, NOW + DAY),
        landline(2): ("landline", NOW + DAY, None),
    }
    for number in (mobile(1), landline(1), landline(2)):
        assert restrictions(number) == {("refusal", contact.pk, "stops_all")}
    import_file(path=write_csv(("mobile", "phone"), (mobile(1), landline(1))), by=None, now=NOW + 2 * DAY)
    assert numbers(contact)[landline(1)] == ("landline", NOW, None)
    assert numbers(contact)[landline(2)] == ("landline", NOW + DAY, NOW + 2 * DAY)
    assert restrictions_out_of_step() == []


def test_a_flag_restricts_every_number_and_its_end_lets_them_all_go(voc):
    contact = ContactFactory(mobile=mobile(1), phone=landline(1))

    def say(flag: str, value: bool) -> None:
        set_consent(contact=contact, flag=flag, value=value, reason="خواست", by=voc, now=NOW)

    say("no_promotional", True)
    open_call(contact=contact, by=voc, now=NOW)
    words = {("refusal", contact.pk, "stops_promotional"), ("call", contact.pk, "holds_promotional")}
    assert restrictions(mobile(1)) == restrictions(landline(1)) == words
    say("no_messages", True)
    close_call(contact=contact, by=voc, now=NOW)
    words = {("refusal", contact.pk, "stops_promotional"), ("refusal", contact.pk, "stops_all")}
    assert restrictions(mobile(1)) == restrictions(landline(1)) == words
    say("no_promotional", False)
    say("no_messages", False)
    assert not Restriction.objects.exists()


def test_each_source_touches_its_own_rows_alone():
    first = ContactFactory(mobile=mobile(1), phone=landline(1), no_messages=True)
    second = ContactFactory(mobile=mobile(2), phone=landline(1), voc_call_open=True)
    blacklist = {"address": landline(1), "source": "blacklist", "source_id": 7, "stops_promotional": True}
    with as_owner():
        Restriction.objects.create(**blacklist)
    set_flag(first, "no_messages", False)
    rest = {("call", second.pk, "holds_promotional"), ("blacklist", 7, "stops_promotional")}
    assert restrictions(landline(1)) == rest
    Contact.objects.filter(pk=second.pk).update(voc_call_open=False)
    assert restrictions(landline(1)) == {("blacklist", 7, "stops_promotional")}


def test_a_number_added_by_hand_to_whoever_refused_is_restricted_at_once():
    contact = ContactFactory(no_promotional=True)
    with as_owner():
        Number.objects.create(contact=contact, number=landline(9), since=NOW)
    assert restrictions(landline(9)) == {("refusal", contact.pk, "stops_promotional")}
    assert restrictions_out_of_step() == []


def test_a_new_customer_with_a_restricted_number_carries_no_flag_and_the_number_does(write_csv):
    refused = ContactFactory(mobile=mobile(1), phone=landline(1), no_messages=True)
    import_file(path=write_csv(("name", "phone"), ("ب", landline(1))), by=None, now=NOW)
    new = Contact.objects.get(address=landline(1))
    assert not new.no_messages
    [word] = restrictions_by_number([landline(1)])[landline(1)]
    assert word.contact == refused
    assert owners_of([landline(1)]) == {landline(1): [new, refused]}


def test_whose_number_it_is_goes_by_who_is_reached_at_it_then_by_who_has_it_then_by_who_had_it():
    gone = ContactFactory(mobile=mobile(1), phone=landline(1))
    Contact.objects.filter(pk=gone.pk).update(phone=None)
    has = ContactFactory(mobile=mobile(2), phone=landline(1))
    also = ContactFactory(mobile=mobile(3), phone=landline(1))
    own = ContactFactory(mobile=None, phone=landline(1))
    assert owners_of([landline(1), landline(2)]) == {landline(1): [own, has, also, gone]}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM contacts_number",
        "TRUNCATE contacts_number",
        "UPDATE contacts_number SET number = '+989129999999'",
        "UPDATE contacts_number SET contact_id = contact_id + 1",
        "UPDATE contacts_number SET since = now()",
        "DELETE FROM contacts_restriction",
        "TRUNCATE contacts_restriction",
        "UPDATE contacts_restriction SET stops_all = FALSE, stops_promotional = TRUE",
        "UPDATE contacts_restriction SET source = 'keyword'",
        "INSERT INTO contacts_restriction (address, source, source_id, stops_all, stops_promotional,"
        " holds_promotional) VALUES ('+989121111111', 'call', 1, FALSE, FALSE, TRUE)",
        "DELETE FROM contacts_contact",
        "SET LOCAL pgtrigger.ignore = '{}'; DELETE FROM contacts_number",
    ],
)
def test_the_database_refuses_to_forget_a_number_or_what_restricts_it(statement: str):
    ContactFactory(no_messages=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(tgname, ',') FROM pg_trigger WHERE NOT tgisinternal")
        statement = statement.replace("{}", "{" + cursor.fetchone()[0] + "}")
        with pytest.raises(DatabaseError, match="Cannot"), as_owner():
            cursor.execute(statement)
    assert restrictions_out_of_step() == []


def test_the_migration_takes_in_every_number_and_refusal_there_is():
    """As on a database of before: customers, and no rows of the two tables."""
    migration: Any = import_module("contacts.migrations.0005_numbers_and_restrictions")
    ContactFactory(phone=landline(1), no_messages=True)
    ContactFactory(phone=landline(1), no_promotional=True, voc_call_open=True)
    ContactFactory(mobile=None, phone=landline(2), no_promotional=True, no_messages=True)
    ContactFactory()

    def rows() -> tuple[set[Any], set[Any]]:
        return (
            set(Number.objects.values_list("contact", "number", "kind", "since", "until")),
            set(Restriction.objects.values_list("address", "source", "source_id", "stops_all")),
        )

    kept = rows()
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM contacts_number; DELETE FROM contacts_restriction")
        cursor.execute(migration.FILL)  # the guards come after it
    assert rows() == kept
    assert (len(kept[0]), len(kept[1])) == (6, 7)
    assert restrictions_out_of_step() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_list", [True, False])
def test_a_number_that_comes_while_a_refusal_is_being_written_is_restricted(write_csv, by_list: bool):
    """Neither sees the other's row before the commit; the number waits for the customer."""
    contact = ContactFactory(mobile=mobile(1))
    path = write_csv(("mobile", "phone"), (mobile(1), landline(1)))
    done = threading.Event()

    def refuse() -> None:
        with transaction.atomic():
            set_flag(contact, "no_messages")
            started.set()
            time.sleep(0.3)
            assert not done.is_set(), "the number must wait"

    def give() -> None:
        started.wait(10)
        if by_list:
            import_file(path=path, by=None, now=NOW)
        else:
            with as_owner():
                Number.objects.create(contact=contact, number=landline(1), since=NOW)
        done.set()

    started = threading.Event()
    at_once(refuse, give)
    assert restrictions(landline(1)) == {("refusal", contact.pk, "stops_all")}
    assert restrictions_out_of_step() == []


@pytest.mark.django_db(transaction=True)
def test_a_refusal_that_comes_while_a_number_is_being_written_restricts_it(write_csv):
    contact = ContactFactory(mobile=mobile(1))
    started = threading.Event()

    def give() -> None:
        with transaction.atomic():
            Contact.objects.filter(pk=contact.pk).update(phone=landline(1))
            started.set()
            time.sleep(0.3)

    def refuse() -> None:
        started.wait(10)
        set_flag(contact, "no_messages")

    at_once(give, refuse)
    assert restrictions(landline(1)) == {("refusal", contact.pk, "stops_all")}
