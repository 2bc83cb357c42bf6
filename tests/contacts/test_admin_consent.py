"""An expert who knows only the back office sets both options there (C7.3)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.models import ConsentEntry
from staff.models import User
from tests.factories import ContactFactory, DeliveryFactory, UserFactory
from tests.messaging.pages import signed_in

pytestmark = pytest.mark.django_db

REASON = "مشتری تلفنی خواست"


@pytest.fixture
def voc() -> User:
    user: User = UserFactory(roles=["voc"], is_staff=True)
    return user


def address(contact, flag: str = "no_promotional") -> str:
    return reverse("admin:contacts_contact_consent", args=[contact.pk, flag])


def test_the_customers_page_leads_to_each_option(voc: User):
    contact = ContactFactory(no_messages=True)
    page = signed_in(voc).get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()
    for flag in ("no_promotional", "no_messages"):
        assert f'href="{address(contact, flag)}"' in page


def test_an_option_is_activated_with_a_reason_and_the_effect_is_named(voc: User):
    contact = ContactFactory()
    row = DeliveryFactory(contact=contact, message__purpose="promotional")
    client = signed_in(voc)
    assert client.get(address(contact)).status_code == 200
    page = client.post(address(contact), {"value": "1", "reason": REASON}, follow=True).content.decode()
    entry, row_now = ConsentEntry.objects.get(), type(row).objects.get(pk=row.pk)
    assert (entry.contact, entry.flag, entry.after, entry.by, entry.reason) == (
        *(contact, "no_promotional", True, voc, REASON),
    )
    assert entry.call is not None
    assert row_now.state == "suppressed"
    assert "۱ پیام" in page
    client.post(address(contact), {"value": "0", "reason": REASON})
    contact.refresh_from_db()
    assert not contact.no_promotional


@pytest.mark.parametrize("reason", ["", "  ", "\u200c", "xx"])
def test_a_reason_without_words_is_refused_beside_its_field(voc: User, reason: str):
    contact = ContactFactory()
    answer = signed_in(voc).post(address(contact), {"value": "1", "reason": reason})
    assert answer.status_code == 422
    assert answer.context["form"].errors["reason"]
    assert not ConsentEntry.objects.exists()


def test_a_second_press_in_another_tab_does_not_turn_it_round(voc: User):
    contact = ContactFactory()
    client = signed_in(voc)
    for _press in range(2):
        client.post(address(contact), {"value": "1", "reason": REASON})
    contact.refresh_from_db()
    assert contact.no_promotional
    assert ConsentEntry.objects.count() == 1


@pytest.mark.parametrize("roles", [["admin"], ["auditor"], ["it"]])
def test_others_of_the_back_office_set_nothing(roles: list[str]):
    contact, user = ContactFactory(), UserFactory(roles=roles, is_staff=True)
    assert signed_in(user).get(address(contact)).status_code == 403
    assert signed_in(user).post(address(contact), {"value": "1", "reason": REASON}).status_code == 403
    assert not ConsentEntry.objects.exists()


def test_what_does_not_exist_is_not_found(voc: User):
    contact = ContactFactory()
    assert signed_in(voc).get(address(contact, "voc_call_open")).status_code == 404
    contact.pk += 1
    assert signed_in(voc).get(address(contact)).status_code == 404
