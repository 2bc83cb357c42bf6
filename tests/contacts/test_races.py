"""Several at once, on real connections."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from contacts.actions.imports import import_file
from contacts.actions.people import ensure_contacts
from contacts.consent.actions import open_call, set_consent
from contacts.models import ConsentEntry, Contact, OptOutCall
from contacts.selectors import out_of_step_with_ledger
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """Runs the jobs in threads of their own, each with its own connection."""

    def run(job):
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, job) for job in jobs]]


def test_a_flag_set_by_many_at_once_changes_once(voc):
    contact = ContactFactory()

    def press():
        return set_consent(
            contact=Contact.objects.get(pk=contact.pk),
            flag="no_messages",
            value=True,
            reason="نخواست",
            by=voc,
            now=NOW,
        )

    effects = at_once(*[press] * 6)
    assert sum(effect.changed for effect in effects) == 1
    assert ConsentEntry.objects.count() == 1
    assert not out_of_step_with_ledger().exists()


def test_a_call_opened_by_many_at_once_is_one_call(voc):
    contact = ContactFactory()
    at_once(*[lambda: open_call(contact=Contact.objects.get(pk=contact.pk), by=voc, now=NOW)] * 6)
    assert OptOutCall.objects.count() == 1


def test_imports_and_audiences_in_opposite_orders_do_not_block_each_other(write_csv):
    numbers = [f"+98912{n:07}" for n in range(2_000)]
    rows = [("name", "mobile"), *((f"نام {n}", number) for n, number in enumerate(numbers))]
    forth = write_csv(*rows, name="forth.csv")
    back = write_csv(rows[0], *reversed(rows[1:]), name="back.csv")
    at_once(
        lambda: import_file(path=forth, by=None, now=NOW),
        lambda: import_file(path=back, by=None, now=NOW),
        lambda: ensure_contacts(addresses=numbers, by=None, now=NOW),
    )
    assert Contact.objects.count() == len(numbers)
    assert not Contact.objects.filter(name="").exists()


def test_an_opt_out_during_an_import_of_the_same_customer_holds(voc, write_csv):
    contact = ContactFactory(mobile="+989120000001")
    path = write_csv(("name", "mobile"), *((f"نو {n}", f"0912{n:07}") for n in range(2_000)))
    at_once(
        lambda: import_file(path=path, by=None, now=NOW),
        lambda: set_consent(
            contact=contact, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW
        ),
    )
    contact.refresh_from_db()
    assert contact.no_messages
    assert contact.name == "نو 1"
