"""Asked again within the last minutes for what changes the rules or lets data out; no typed form is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import LazySettings
from django.test import Client
from django.urls import resolve, reverse

from channels.models import Outage
from messaging.models import Message
from staff.models import User
from tests.factories import NOW, ChannelFactory, ContactFactory, EmployeeFactory
from tests.portal.helpers import PASSWORD, code_of, person, sign_in, with_app

pytestmark = pytest.mark.django_db

ASKING = (
    ("channels:windows", ("sms", "promotional")),
    ("channels:declare_outage", ("sms",)),
    ("channels:end_outage", ("sms", 1)),
    ("contacts:import_report", (1,)),
    ("messaging:decide", (1,)),
)


@pytest.fixture(autouse=True)
def _quick_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class Person:
    """Somebody with an app, at a browser."""

    def __init__(self, *roles: str, **fields: Any) -> None:
        self.user = person(*roles, **fields)
        self.client = Client()
        self.secret = with_app(self.user)

    def sign_in(self) -> Person:
        sign_in(self.client, self.user)
        self.client.post(reverse("mfa_authenticate"), {"code": code_of(self.secret)})
        return self

    def prove(self, asked: Any) -> Any:
        """Answers the question that `asked` leads to; where it leads back to."""
        assert asked.status_code == 302
        assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
        page = self.client.get(asked["Location"])
        [back] = parse_qs(urlsplit(asked["Location"]).query)["next"]
        assert f'name="next" value="{back}"' in page.content.decode()
        data = {"code": code_of(self.secret), "next": back}
        return self.client.post(reverse("mfa_reauthenticate"), data)


def fields_of(page: Any) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in found if name not in ("csrfmiddlewaretoken", "next")}


@pytest.mark.parametrize(("name", "arguments"), ASKING)
def test_each_view_that_must_ask_does(name: str, arguments: tuple[Any, ...]) -> None:
    assert resolve(reverse(name, args=arguments)).func.asks_again  # type: ignore[attr-defined]


def test_the_sign_in_is_a_fresh_proof_and_five_minutes_later_it_is_not(clock: time_machine.Traveller) -> None:
    ChannelFactory()
    hours = reverse("channels:windows", args=("sms", "promotional"))
    someone = Person("senior").sign_in()
    clock.shift(timedelta(seconds=299))
    assert someone.client.get(hours).status_code == 200
    clock.shift(timedelta(seconds=2))
    asked = someone.client.get(hours)
    assert someone.prove(asked)["Location"] == hours
    assert someone.client.get(hours).status_code == 200


def test_a_press_without_a_fresh_proof_does_nothing_and_keeps_what_was_typed(
    clock: time_machine.Traveller,
) -> None:
    channel = ChannelFactory()
    declare = reverse("channels:declare_outage", args=("sms",))
    someone = Person("it").sign_in()
    clock.shift(timedelta(minutes=6))
    asked = someone.client.post(declare, {"reason": "قطعی «مخابرات»\nاز صبح"})
    assert not Outage.objects.exists()
    assert "مخابرات" not in str(someone.client.session.items())
    proven = someone.prove(asked)
    assert proven["Location"] == reverse("go_on")
    page = someone.client.get(proven["Location"])
    assert f'action="{declare}"' in page.content.decode()
    assert not Outage.objects.exists()
    someone.client.post(declare, fields_of(page))
    assert Outage.objects.get(channel=channel).reason.startswith("قطعی «مخابرات»")
    assert someone.client.get(reverse("go_on"))["Location"] == reverse("home")


def test_the_password_alone_is_no_proof_of_who_holds_a_factor(clock: time_machine.Traveller) -> None:
    ChannelFactory()
    hours = reverse("channels:windows", args=("sms", "promotional"))
    someone = Person("senior").sign_in()
    clock.shift(timedelta(minutes=6))
    someone.client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert someone.client.get(hours).status_code == 302


def test_where_no_factor_is_demanded_and_none_is_held_nothing_is_asked(
    settings: LazySettings, clock: time_machine.Traveller
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    ChannelFactory()
    client = Client()
    client.force_login(person("senior"))
    assert client.get(reverse("channels:windows", args=("sms", "promotional"))).status_code == 200


@pytest.mark.parametrize(
    "page",
    ["/admin/staff/user/{}/change/", "/staff/log-ins/{}/password-link/", "/admin/staff/user/add/"],
)
def test_roles_and_password_links_of_others_ask_before_the_form_and_at_the_press(
    clock: time_machine.Traveller, page: str
) -> None:
    other = person("sender")
    address = page.format(other.pk)
    someone = Person("admin", is_staff=True).sign_in()
    assert someone.client.get(address).status_code == 200
    clock.shift(timedelta(minutes=6))
    for asked in (someone.client.get(address), someone.client.post(address, {"roles": "senior"})):
        assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    assert not User.objects.filter(groups__name="senior").exists()


def test_an_export_comes_after_the_proof_from_the_page_of_the_import(clock: time_machine.Traveller) -> None:
    someone = Person("sender").sign_in()
    clock.shift(timedelta(minutes=6))
    asked = someone.client.get(reverse("contacts:import_report", args=(1,)))
    assert someone.prove(asked)["Location"] == reverse("contacts:import_result", args=(1,))


@pytest.mark.parametrize(("limit", "asks"), [(1, True), (2, False)])
def test_sending_to_more_than_the_limit_asks_and_keeps_the_draft(
    settings: LazySettings, clock: time_machine.Traveller, limit: int, asks: bool
) -> None:
    settings.FRESH_PROOF_RECIPIENTS = limit
    ChannelFactory()
    ContactFactory.create_batch(2)
    someone = Person("sender")
    EmployeeFactory(user=someone.user)
    someone.sign_in()
    form = someone.client.get(reverse("messaging:compose")).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key
    typed = {"channel": "sms", "purpose": "notification", "audience": "all", "text": "سلام", "key": key[1]}
    preview = someone.client.post(reverse("messaging:compose"), typed)
    assert preview.status_code == 200
    clock.shift(timedelta(minutes=6))
    confirm = reverse("messaging:confirm")
    answer = someone.client.post(confirm, fields_of(preview))
    assert Message.objects.exists() is not asks
    if asks:
        page = someone.client.get(someone.prove(answer)["Location"])
        someone.client.post(confirm, fields_of(page))
    assert Message.objects.get().text == "سلام"
