"""An error page says what happened, that nothing was lost, and what to do."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from amoot_comms.urls import urlpatterns as own
from tests.portal.helpers import inline_code, person

pytestmark = pytest.mark.django_db


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("sent to +989121234567")


urlpatterns = [*own, path("broken/", broken)]
handler404 = "amoot_comms.views.page_not_found"
handler500 = "amoot_comms.views.server_error"


def test_an_unknown_address_is_answered_in_the_portals_look(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert "۴۰۴" in page.content.decode()
    assert 'class="topbar"' in page.content.decode()


def test_a_role_without_the_right_is_told_so(client: Client) -> None:
    client.force_login(person("hr"))
    page = client.get("/contacts/")
    assert page.status_code == 403
    assert "۴۰۳" in page.content.decode()


def test_a_form_without_its_token_is_refused_with_advice() -> None:
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x", "password": "y"})
    assert page.status_code == 403
    assert "door-card" in page.content.decode()


@override_settings(ROOT_URLCONF="tests.portal.test_errors")
def test_a_fault_of_the_portal_names_a_code_and_tells_no_secret() -> None:
    page = Client(raise_request_exception=False).get("/broken/")
    body = page.content.decode()
    assert page.status_code == 500
    assert page["X-Request-ID"] in body
    assert "912" not in body
    assert inline_code(body) == []


def test_a_button_s_address_opened_by_hand_says_that_nothing_was_done(client: Client) -> None:
    """As after signing in anew: the sign-in page leads back to what was pressed, by a plain GET."""
    client.force_login(person("sender"))
    page = client.get("/messages/compose/confirm/")
    assert page.status_code == 405
    assert page["Allow"] == "POST"
    assert "کاری انجام نشد" in page.content.decode()
