"""The lists of the back office: searched, filtered by Tehran's days, and in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from contacts.consent.actions import set_consent
from contacts.models import ConsentEntry, Contact
from contacts.search import search_text
from messaging.web.labels import audience_label
from staff.roles import Role
from tests.factories import (
    BreachFactory,
    ContactFactory,
    DeliveryFactory,
    MessageFactory,
    MessageStopFactory,
    OutageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(UserFactory(roles=list(Role), is_staff=True, is_superuser=True))
    return client


def address(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=str))
def test_every_list_is_searched_and_filtered(office: Client, model: Any) -> None:
    DeliveryFactory(message=MessageFactory(running=True))
    BreachFactory()
    OutageFactory()
    assert admin.site._registry[model].search_fields
    page = office.get(address(model), {"q": "۱۲"})
    assert page.status_code == 200
    for filter_ in office.get(address(model)).context["cl"].filter_specs:
        for choice in filter_.choices(page.context["cl"]):
            answer = office.get(address(model) + choice["query_string"])
            assert answer.status_code == 200, (filter_.title, choice)


def test_the_ledger_is_found_by_its_customer(office: Client) -> None:
    for name in ("پروانه ملکی", "دیگری"):
        contact = ContactFactory(name=name, search_text=search_text(name, "", "", "", ""))
        set_consent(
            contact=contact,
            flag="no_messages",
            value=True,
            reason="مشتری تلفنی خواست",
            by=UserFactory(roles=["voc"]),
            now=timezone.now(),
        )
    found = office.get(address(ConsentEntry), {"q": "ملكي"}).context["cl"].result_list
    assert [entry.contact.name for entry in found] == ["پروانه ملکی"]


def test_days_and_months_are_tehrans_and_jalali(office: Client) -> None:
    now = timezone.now()
    old, new = (
        Entry.objects.create(at=at, action="user.opened", actor="x", object_type="", data={})
        for at in (now - timedelta(days=400), now)
    )
    listed = office.get(address(Entry)).context["cl"]
    days = listed.filter_specs[0]
    any_day, today, *_rest = days.choices(listed)
    shown = office.get(address(Entry) + today["query_string"]).context["cl"].result_list
    assert new in shown
    assert old not in shown
    assert old in office.get(address(Entry) + any_day["query_string"]).context["cl"].result_list


def test_an_entry_of_the_trail_is_in_words(office: Client) -> None:
    entry = Entry.objects.create(
        at=timezone.now(),
        action="user.roles_set",
        actor="x",
        object_type=Contact._meta.label_lower,
        object_id="7",
        data={"before": [], "after": ["sender"]},
    )
    page = office.get(reverse("admin:audit_entry_change", args=[entry.pk])).content.decode()
    assert "ارسال‌کننده" in page
    assert "مشتری ۷" in page


def test_recipients_and_reasons_stand_in_words_on_a_rows_own_page(office: Client) -> None:
    message = MessageFactory(running=True)
    delivery = DeliveryFactory(message=message, state="suppressed", reason="no_promotional")
    stop = MessageStopFactory(message=message, reason="content: SMS_TextInvalid")
    pages = {
        row: office.get(
            reverse(f"admin:messaging_{row._meta.model_name}_change", args=[row.pk])
        ).content.decode()
        for row in (message, delivery, stop)
    }
    assert audience_label(message.audience) in pages[message]
    assert "&quot;kind&quot;" not in pages[message]
    assert "no_promotional" not in pages[delivery]
    assert "پیام تبلیغاتی ارسال نشود" in pages[delivery]
    assert "content: " not in pages[stop]
