"""What people and providers do meanwhile: opt-outs, presses on send, reports (rows 11, 12, 14)."""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http.cookiejar import CookieJar
from typing import Any

import pytest
from django.db import connections
from django.urls import reverse

from contacts.consent.actions import set_consent
from contacts.models import Contact
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery, Message
from tests.factories import EmployeeFactory, UserFactory, open_every_day
from tests.faults.arena import Arena
from tests.faults.table import row
from tests.messaging.helpers import people
from tests.processes import free_port, wait_for

pytestmark = pytest.mark.faults


# --- Row 12: opt-outs -----------------------------------------------------------------------------


@row(12)
def test_nobody_gets_a_message_after_the_opt_out_was_acknowledged(arena: Arena):
    open_every_day(arena.channel, 0, 1440)
    message = arena.campaign(2500, purpose="promotional")
    arena.gateway.use("latency:0.2")
    voc = UserFactory(roles=["voc"])
    acknowledged: dict[int, datetime] = {}
    over = threading.Event()

    def opting_out() -> None:
        contacts = list(Contact.objects.order_by("pk"))
        try:
            while not over.is_set():
                contact = arena.random.choice(contacts)
                set_consent(
                    contact=contact,
                    flag="no_promotional",
                    value=True,
                    reason="asked",
                    by=voc,
                    now=database_clock(),
                )
                acknowledged.setdefault(contact.pk, database_clock())
        finally:
            connections.close_all()

    for _n in range(3):
        arena.start_worker()
    threads = [threading.Thread(target=opting_out) for _n in range(2)]
    for thread in threads:
        thread.start()
    try:
        arena.wait_until(lambda: arena.sent() > 1200, 60, "the middle of the campaign")
    finally:
        over.set()
        for thread in threads:
            thread.join(10)
    arena.finish(message)
    arena.judge()
    rows = Delivery.objects.filter(contact_id__in=list(acknowledged)).exclude(call=None)
    late = [
        delivery.pk
        for delivery in rows.select_related("call")
        if delivery.call is not None and delivery.call.intended_at > acknowledged[delivery.contact_id or 0]
    ]
    assert late == []
    assert Delivery.objects.filter(message=message, state="suppressed").count() > 20


# --- Row 14: send, pressed again and again --------------------------------------------------------

PASSWORD = "a-long-enough-password-1405"
PRESSES = 50


class Visitor:
    """Somebody at a browser, over real HTTP; redirects are shown, not followed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, location, body) of a page, or of a form that is posted with its token."""
        data = None
        if fields is not None:
            token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
            data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token or ""}).encode()
        opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), _RedirectsStay()
        )
        try:
            with opener.open(self.url + path, data, timeout=60) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers.get("Location", ""), answer.read().decode()

    def sign_in(self, username: str) -> None:
        self.ask(reverse("account_login"))
        status, _location, body = self.ask(
            reverse("account_login"), {"login": username, "password": PASSWORD}
        )
        assert status == 302, body


class _RedirectsStay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def _value_of(name: str, page: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]+)"', page)
    assert found, page
    return found[1]


def _looked_at(visitor: Visitor) -> str:
    """Write a message and look ahead, as anybody would; the sealed draft that send would post."""
    _status, _location, page = visitor.ask(reverse("messaging:compose"))
    draft = {
        "channel": "sms",
        "purpose": "notification",
        "text": "سلام",
        "audience": "all",
        "key": _value_of("key", page),
    }
    status, _location, page = visitor.ask(reverse("messaging:compose"), draft)
    assert status == 200, page
    return _value_of("sealed", page)


@row(14)
def test_send_pressed_fifty_times_at_once_is_one_campaign(arena: Arena):
    people(300)
    employee = EmployeeFactory()
    employee.user.set_password(PASSWORD)
    employee.user.save()
    assert arena.channel.code == "sms"
    arena.gateway.use("latency:0.05")
    port = free_port()
    arena.processes.environment["DEMO"] = "1"  # no second factor
    arena.processes.start_web(port, workers=2)
    arena.start_standby()
    arena.start_worker()
    wait_for(f"http://127.0.0.1:{port}/readyz")
    visitor = Visitor(f"http://127.0.0.1:{port}")
    visitor.sign_in(employee.user.username)
    sealed = _looked_at(visitor)
    at_once = threading.Barrier(PRESSES)

    def press(_n: int) -> tuple[int, str, str]:
        at_once.wait(30)
        return visitor.ask(reverse("messaging:confirm"), {"sealed": sealed})

    with ThreadPoolExecutor(PRESSES) as pool:
        answers = list(pool.map(press, range(PRESSES)))
    message = Message.objects.get()
    assert {status for status, _location, _body in answers} == {302}, answers
    assert {location for _status, location, _body in answers} == {
        reverse("messaging:detail", args=[message.pk])
    }
    arena.wait_for_the_end(message)
    arena.stop_workers()
    arena.processes.stop()
    assert Delivery.objects.count() == 300
    assert arena.judge()["accepted"] == 300
