"""The customers of an import as one list: the tag for all of them, and the way to write to them."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from contacts.actions import imports
from contacts.models import Contact, ContactImport, ImportedCustomers
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db

LIST = (
    ("name", "mobile", "tags"),
    ("علی", "09123456789", "تهران"),
    ("زهرا", "09351112233", ""),
    ("بد", "1", ""),
)


def tags():
    return dict(Contact.objects.values_list("name", "tags"))


def test_a_tag_is_put_on_every_row_that_is_taken(write_csv):
    done = imports.import_file(path=write_csv(*LIST), by=None, now=NOW, tag=" نمايشگاه ۱۴۰۵ ")
    assert tags() == {"علی": ["تهران", "نمایشگاه ۱۴۰۵"], "زهرا": ["نمایشگاه ۱۴۰۵"]}
    assert done.tag == "نمایشگاه ۱۴۰۵"


def test_a_tag_that_is_there_in_another_spelling_changes_nothing(write_csv):
    imports.import_file(path=write_csv(*LIST), by=None, now=NOW, tag="نمایشگاه ۱۴۰۵")
    again = imports.import_file(path=write_csv(*LIST), by=None, now=NOW, tag="نمايشگاه 1405")
    assert (again.updated, again.unchanged) == (0, 2)
    other = imports.import_file(path=write_csv(*LIST), by=None, now=NOW, tag="دیگر")
    assert (other.updated, other.unchanged) == (2, 0)
    assert tags()["زهرا"] == ["نمایشگاه ۱۴۰۵", "دیگر"]


@pytest.mark.parametrize("tag", ["الف، ب", "a;b", "a|b", "x" * 41])
def test_what_is_no_single_tag_is_refused_before_anything_is_written(write_csv, tag):
    with pytest.raises(ValidationError):
        imports.import_file(path=write_csv(*LIST), by=None, now=NOW, tag=tag)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()


def test_the_command_takes_the_tag_too(write_csv):
    call_command("import_contacts", write_csv(*LIST), "--tag", "نمایشگاه")
    assert tags()["زهرا"] == ["نمایشگاه"]


def test_an_import_keeps_whom_it_held_new_changed_and_unchanged(write_csv):
    imports.import_file(path=write_csv(*LIST), by=None, now=NOW)
    more = (*LIST, ("رضا", "09121112233", ""))
    done = imports.import_file(path=write_csv(*more), by=None, now=NOW)
    kept = ImportedCustomers.objects.get(imported=done)
    assert set(kept.contact_ids) == set(Contact.objects.values_list("pk", flat=True))
    assert done.taken == 3


def upload(client: Client, **fields: str):
    file = SimpleUploadedFile("list.csv", "\n".join(",".join(row) for row in LIST).encode())
    return client.post(reverse("contacts:import"), {"file": file, **fields})


def imported_by(client: Client, **fields: str) -> ContactImport:
    upload(client, **fields)
    row = ContactImport.objects.latest("pk")
    client.post(reverse("contacts:import_preview", args=[row.pk]), {"confirm": ""})
    row.refresh_from_db()
    return row


def test_the_preview_counts_with_the_tag_and_shows_it(client, sender):
    client.force_login(sender)
    imported_by(client)
    upload(client, tag="نمایشگاه")
    row = ContactImport.objects.latest("pk")
    page = client.get(reverse("contacts:import_preview", args=[row.pk])).content.decode()
    assert (row.created, row.updated) == (0, 2)
    assert page.count("نمایشگاه") == 3
    client.post(reverse("contacts:import_preview", args=[row.pk]), {"confirm": ""})
    assert tags()["زهرا"] == ["نمایشگاه"]


def test_two_tags_are_refused_at_the_field_and_no_file_is_kept(client, sender):
    client.force_login(sender)
    page = upload(client, tag="الف، ب")
    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"tag"}
    assert not ContactImport.objects.exists()


def test_the_result_leads_to_a_message_to_exactly_these(client, sender):
    client.force_login(sender)
    row = imported_by(client)
    page = client.get(reverse("contacts:import_result", args=[row.pk])).content.decode()
    assert f"{reverse('messaging:compose')}?import={row.pk}" in page
    assert "نوشتن پیام برای این ۲ نفر" in page


def test_who_may_not_send_is_offered_no_message(client, voc):
    client.force_login(voc)
    row = imported_by(client)
    page = client.get(reverse("contacts:import_result", args=[row.pk])).content.decode()
    assert reverse("messaging:compose") not in page


def test_an_import_of_before_and_an_empty_one_offer_none(client):
    user = UserFactory(roles=["sender"])
    client.force_login(user)
    old = ContactImport.objects.create(
        file_name="x.csv", sha256="", by=user, created_at=NOW, status="done", rows=3, created=3
    )
    page = client.get(reverse("contacts:import_result", args=[old.pk])).content.decode()
    assert reverse("messaging:compose") + "?" not in page
