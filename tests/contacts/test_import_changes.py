"""What an import changed of customers who were there already: who was what before."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.utils import DatabaseError
from django.urls import reverse

from contacts.actions import imports
from contacts.models import Contact, ImportChange
from tests.factories import NOW, UserFactory
from tests.guards import as_owner

pytestmark = pytest.mark.django_db

HEADER = ("name", "company", "customer_no", "email", "mobile", "phone", "tags")
FIRST = ("علی", "الف", "C-1", "a@example.ir", "09123456789", "02122222222", "تهران")
SECOND = ("حسن", "ب", "C-9", "b@example.ir", "09123456789", "02133333333", "شیراز")


@pytest.fixture
def overwritten(write_csv, sender):
    imports.import_file(path=write_csv(HEADER, FIRST), by=None, now=NOW)
    imports.import_file(path=write_csv(HEADER, SECOND, name="second.csv"), by=sender, now=NOW)
    return Contact.objects.get()


def test_an_import_keeps_what_was_before_and_who_did_it(overwritten, sender):
    change = ImportChange.objects.get()
    assert (change.contact, change.imported.by) == (overwritten, sender)
    assert change.changes == {
        "name": ["علی", "حسن"],
        "company": ["الف", "ب"],
        "customer_no": ["C-1", "C-9"],
        "email": ["a@example.ir", "b@example.ir"],
        "phone": ["+982122222222", "+982133333333"],
        "tags": [["تهران"], ["تهران", "شیراز"]],
    }


def test_only_what_changed_is_kept(write_csv):
    imports.import_file(path=write_csv(HEADER, FIRST), by=None, now=NOW)
    imports.import_file(path=write_csv(HEADER, FIRST), by=None, now=NOW)
    assert not ImportChange.objects.exists()
    columns = ("mobile", "phone", "name")
    imports.import_file(path=write_csv(columns, ("09351112233", "", "زهرا")), by=None, now=NOW)
    imports.import_file(path=write_csv(columns, ("09351112233", "02144444444", "")), by=None, now=NOW)
    assert ImportChange.objects.get().changes == {"phone": [None, "+982144444444"]}


def test_the_card_says_what_changed_to_those_who_see_the_history(overwritten, client, voc, sender):
    url = reverse("contacts:card", args=[overwritten.pk])
    client.force_login(voc)
    page = client.get(url).content.decode()
    assert "second.csv" in page
    assert sender.display_name in page
    assert "نام: از «<bdi>علی</bdi>» به «<bdi>حسن</bdi>»" in page
    assert "۰۲۱۲۲۲۲۲۲۲۲" in page
    client.force_login(UserFactory(roles=["branding"]))
    assert "second.csv" not in client.get(url).content.decode()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contacts_importchange SET changes = '{}'",
        "DELETE FROM contacts_importchange",
        "TRUNCATE contacts_importchange",
    ],
)
def test_the_record_only_grows(overwritten, statement):
    with pytest.raises(DatabaseError, match="Cannot"), as_owner(), connection.cursor() as cursor:
        cursor.execute(statement)
