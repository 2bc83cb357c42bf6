"""The menu shows a role what it may open, and nothing else."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from staff.roles import Role
from tests.portal.helpers import person

pytestmark = pytest.mark.django_db


def menu(client: Client, path: str = "/") -> list[str]:
    return re.findall(r'class="sidebar-link[^"]*"\s+href="([^"]+)"', client.get(path).content.decode())


@pytest.mark.parametrize("role", list(Role))
def test_every_entry_of_every_role_opens(client: Client, role: Role) -> None:
    client.force_login(person(role, is_staff=True))
    entries = menu(client)
    assert len(entries) >= 4
    assert {path: client.get(path).status_code for path in entries} == dict.fromkeys(entries, 200)


def test_a_sender_finds_messages_and_no_audit_trail(client: Client) -> None:
    client.force_login(person("sender"))
    assert menu(client) == [
        *("/", "/opt-out/", "/messages/", "/messages/compose/", "/contacts/", "/channels/", "/staff/")
    ]


def test_the_back_office_is_shown_to_those_who_work_there(client: Client) -> None:
    client.force_login(person("admin", is_staff=True))
    assert "/admin/" in menu(client)


def test_the_present_place_is_marked(client: Client) -> None:
    client.force_login(person("sender"))
    page = client.get("/messages/compose/").content.decode()
    assert re.findall(r'href="([^"]+)"\s+aria-current="page"', page) == ["/messages/compose/"]
