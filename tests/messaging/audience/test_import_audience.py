"""A message to the customers of an import: whom it reaches, and who may address them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from contacts.actions import imports
from contacts.consent.actions import set_consent
from contacts.models import Contact, ContactImport
from messaging.audience.members import of_import
from messaging.models import Delivery
from staff.models import Employee, User
from tests.factories import NOW, ContactFactory, UserFactory
from tests.messaging.pages import colleague, look_ahead, send, signed_in, sms, typed, user_of

pytestmark = pytest.mark.django_db

COMPOSE = "/messages/compose/"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def sender() -> Employee:
    sms()
    return colleague("sender")


@pytest.fixture
def client(sender: Employee) -> Client:
    return signed_in(user_of(sender))


def imported(path: Path, by: User | None, *numbers: str) -> ContactImport:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("mobile",), *((number,) for number in numbers)])
    return imports.import_file(path=path, by=by, now=NOW)


@pytest.fixture
def row(sender: Employee, tmp_path: Path) -> ContactImport:
    ContactFactory.create_batch(3)
    return imported(tmp_path / "list.csv", user_of(sender), "09123456789", "09351112233", "09121112233")


def test_compose_opens_with_the_customers_of_the_import(client: Client, row: ContactImport) -> None:
    page = client.get(COMPOSE, {"import": row.pk})
    assert page.status_code == 200
    assert page.context["form"]["audience"].value() == "import"
    assert "مشتریان فهرست «list.csv» (۳ نفر)" in page.content.decode()


def test_exactly_these_get_it_and_refusals_hold(
    client: Client, row: ContactImport, django_capture_on_commit_callbacks: Any
) -> None:
    voc = UserFactory(roles=["voc"])
    refusing = Contact.objects.get(address="+989351112233")
    set_consent(contact=refusing, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    preview = look_ahead(client, audience="import", imported=row.pk)
    assert (preview.context["counts"].plan.total, preview.context["counts"].refused) == (3, 1)
    with django_capture_on_commit_callbacks(execute=True):
        message = send(client, preview)
    states = dict(Delivery.objects.filter(message=message).values_list("address", "state"))
    assert states == {"+989123456789": "queued", "+989351112233": "suppressed", "+989121112233": "queued"}
    assert message.audience == {"kind": "import", "import": row.pk, "name": "list.csv", "customers": 3}
    assert "مشتریان فهرست «list.csv» (۳ نفر)" in client.get(f"/messages/{message.pk}/").content.decode()


def test_the_panel_counts_them_and_the_draft_comes_back_with_them(client: Client, row: ContactImport) -> None:
    fields = typed(audience="import", imported=row.pk)
    panel = client.post("/messages/compose/foresight/", fields)
    assert panel.context["counts"].plan.total == 3
    preview = client.post(COMPOSE, fields)
    again = client.post(COMPOSE, {"sealed": preview.context["sealed"]})
    assert again.context["form"]["audience"].value() == "import"
    assert again.context["form"]["imported"].value() == row.pk


def test_nobody_addresses_the_import_of_somebody_else(row: ContactImport) -> None:
    other = signed_in(user_of(colleague("sender")))
    page = other.get(COMPOSE, {"import": row.pk})
    assert page.status_code == 422
    assert "list.csv" not in page.content.decode()
    answer = other.post(COMPOSE, typed(audience="import", imported=row.pk))
    assert answer.status_code == 422
    assert "list.csv" not in answer.content.decode()


@pytest.mark.parametrize("key", ["0", "-1", "x", "99999999999999999999", ""])
def test_an_import_that_is_none_is_no_error(client: Client, key: str) -> None:
    assert client.get(COMPOSE, {"import": key}).status_code in (200, 422)
    assert client.post(COMPOSE, typed(audience="import", imported=key)).status_code == 422


def test_an_import_that_is_not_written_yet_has_no_customers(sender: Employee) -> None:
    waiting = ContactImport.objects.create(
        file_name="x.csv", sha256="", by=user_of(sender), created_at=NOW, status="previewed", rows=3
    )
    with pytest.raises(ValidationError):
        of_import(waiting.pk, user_of(sender))


def test_the_command_addresses_an_import_for_its_owner_alone(sender: Employee, row: ContactImport) -> None:
    options = ["--channel", "sms", "--purpose", "notification", "--text", "سلام"]
    options += ["--audience", f"import:{row.pk}", "--sender"]
    call_command("submit_message", *options, user_of(sender).username)
    assert Delivery.objects.count() == 3
    with pytest.raises(CommandError):
        call_command("submit_message", *options, user_of(colleague("sender")).username)
