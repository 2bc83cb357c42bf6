"""Mail about log-ins: a mail server that is away fails no page, and no link stands in clear."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from itertools import pairwise
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from devtools.embedded.processes import free_port
from staff import outbox
from staff.models import OutgoingMail
from tests.factories import NOW
from tests.portal.helpers import PASSWORD, person

pytestmark = pytest.mark.django_db

NEW = "another-long-password-1406"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def away(settings: LazySettings) -> None:
    """A mail server's port at which nobody listens."""
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()


@pytest.mark.usefixtures("away")
def test_a_dead_mail_server_fails_no_page_and_does_not_tell_who_has_an_account(client: Client) -> None:
    user = person("sender", email="negar@example.com")
    answers = [
        client.post("/accounts/password/reset/", {"email": email})
        for email in ("negar@example.com", "nobody@example.com")
    ]
    assert [(a.status_code, a["Location"]) for a in answers] == [(302, "/accounts/password/reset/done/")] * 2
    client.force_login(user)
    changed = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert changed.status_code == 302
    outbox.deliver(now=timezone.now())
    waiting = OutgoingMail.objects.order_by("pk")
    assert [(m.state, m.tries, m.last_error) for m in waiting] == [
        ("waiting", 1, "ConnectionRefusedError")
    ] * 2
    client.force_login(person("it"))
    assert "negar@example.com" in client.get("/messages/operations/").content.decode()


def test_the_link_stands_nowhere_in_clear_and_goes_with_the_mail(client: Client) -> None:
    person("sender", email="negar@example.com")
    client.post("/accounts/password/reset/", {"email": "negar@example.com"}, HTTP_HOST="localhost")
    row = OutgoingMail.objects.get()
    assert "password/reset/key" not in row.content
    assert "گذرواژه" not in row.content
    outbox.deliver(now=timezone.now())
    [letter] = mail.outbox
    assert re.search(r"http://127\.0\.0\.1:8000/accounts/password/reset/key/\S+", str(letter.body))
    row.refresh_from_db()
    assert (row.state, row.content, row.tries) == ("sent", "", 1)
    outbox.deliver(now=timezone.now())
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("away")
def test_a_mail_is_tried_for_a_day_with_growing_pauses_and_then_given_up() -> None:
    outbox.post(to="negar@example.com", subject="سلام", text="متن", now=NOW)
    tried, moment = [], NOW
    while moment < NOW + timedelta(hours=30):
        before = OutgoingMail.objects.get().tries
        outbox.deliver(now=moment)
        if OutgoingMail.objects.get().tries > before:
            tried.append(moment)
        moment += timedelta(minutes=1)
    pauses = [later - sooner for sooner, later in pairwise(tried)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=2))
    assert timedelta(hours=24) <= tried[-1] - NOW <= timedelta(hours=26)
    row = OutgoingMail.objects.get()
    assert (row.state, row.content, row.last_error) == ("failed", "", "ConnectionRefusedError")
    assert outbox.troubles(moment) == [row]
    assert outbox.troubles(moment + timedelta(days=8)) == []


def test_a_claimed_mail_is_not_sent_by_a_second_worker() -> None:
    outbox.post(to="negar@example.com", subject="سلام", text="متن", now=NOW)
    [row] = OutgoingMail.objects.all()
    OutgoingMail.objects.update(tries=1, next_try_at=NOW + timedelta(minutes=1))
    assert outbox.deliver(now=NOW) == 0
    assert outbox.deliver(now=NOW + timedelta(minutes=1)) == 1
    row.refresh_from_db()
    assert row.tries == 2


class Received:
    """Keeps what a real mail server was given."""

    def __init__(self) -> None:
        self.content = b""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.content = envelope.content
        return "250 OK"


def test_a_real_mail_server_gets_a_right_to_left_page_that_no_absence_note_answers(
    settings: LazySettings,
) -> None:
    settings.SITE_URL = "https://portal.example.com"
    received = Received()
    server = Controller(received, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, server.hostname, server.port
        outbox.post(to="negar@example.com", subject="بازنشانی", text="سلام <b>\nhttps://a.example/x", now=NOW)
        assert outbox.deliver(now=NOW) == 1
    finally:
        server.stop()
    message = message_from_bytes(received.content, policy=default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@portal.example.com>")
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert '<html lang="fa" dir="rtl">' in html
    assert "سلام &lt;b&gt;" in html
    assert 'href="https://a.example/x"' in html
    assert message.get_body(("plain",)).get_content().startswith("سلام <b>")  # type: ignore[union-attr]
