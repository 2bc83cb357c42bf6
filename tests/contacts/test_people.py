import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import Entry
from contacts.actions.people import edit_contact, ensure_contacts
from contacts.models import Contact
from persian.phones import InvalidNumber
from tests.factories import NOW, ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_unknown_numbers_become_customers_and_known_ones_are_found():
    known = ContactFactory(mobile="+989121111111")
    ids = ensure_contacts(addresses=["+989121111111", "+989122222222", "+982188123456"], by=None, now=NOW)
    assert ids["+989121111111"] == known.pk
    assert Contact.objects.get(pk=ids["+989122222222"]).mobile == "+989122222222"
    landline = Contact.objects.get(pk=ids["+982188123456"])
    assert (landline.mobile, landline.phone) == (None, "+982188123456")
    assert list(Contact.objects.search("88123456")) == [landline]
    assert Entry.objects.get(action="contacts.created_for_numbers").data == {"created": 2}


def test_asking_again_makes_nothing():
    first = ensure_contacts(addresses=["+989121111111"], by=None, now=NOW)
    assert ensure_contacts(addresses=["09121111111", "+98 912 111 1111"], by=None, now=NOW) == first
    assert Contact.objects.count() == 1
    assert Entry.objects.filter(action="contacts.created_for_numbers").count() == 1


def test_more_numbers_than_a_batch_are_all_made():
    numbers = [f"+98912{n:07}" for n in range(5_003)]
    assert len(ensure_contacts(addresses=numbers, by=None, now=NOW)) == 5_003


def test_what_is_no_number_makes_nobody():
    with pytest.raises(InvalidNumber):
        ensure_contacts(addresses=["+989121111111", "abc"], by=None, now=NOW)
    assert not Contact.objects.exists()


def test_a_correction_is_folded_searchable_and_audited(voc):
    contact = ContactFactory(name="علي")
    changed = edit_contact(
        contact=contact, changes={"name": " كاظمي ", "tags": ["تهران", "تهران", " "]}, by=voc, now=NOW
    )
    contact.refresh_from_db()
    assert changed
    assert (contact.name, contact.tags) == ("کاظمی", ["تهران"])
    assert list(Contact.objects.search("کاظمی")) == [contact]
    assert Entry.objects.get(action="contact.edited").data == {"fields": ["name", "tags"]}
    assert not edit_contact(contact=contact, changes={"name": "کاظمی"}, by=voc, now=NOW)


def test_flags_and_numbers_are_not_edited_by_hand(voc):
    contact = ContactFactory()
    for field in ("no_messages", "mobile", "voc_call_open"):
        with pytest.raises(ValidationError):
            edit_contact(contact=contact, changes={field: True}, by=voc, now=NOW)


def test_a_wrong_email_and_a_stranger_are_refused(voc):
    contact = ContactFactory()
    with pytest.raises(ValidationError):
        edit_contact(contact=contact, changes={"email": "nobody"}, by=voc, now=NOW)
    with pytest.raises(PermissionDenied):
        edit_contact(contact=contact, changes={"name": "x"}, by=UserFactory(roles=["sender"]), now=NOW)
