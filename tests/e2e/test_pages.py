"""Every page once in English on a desktop and once in Persian on a phone: axe, the width, a picture."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.urls import resolve
from playwright.sync_api import expect

from tests.architecture.test_matrix import TABLE
from tests.e2e.conftest import Visitor, written
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

SCREENS = (("en", 1280, 860), ("fa", 390, 844))
# Parts of pages, a file, and the pages about an unknown outcome and an opened call, which their own journeys
# walk.
NO_PAGES = {
    *("home_now", "messaging:progress", "messaging:rows_progress", "messaging:operations_now"),
    *("contacts:import_report", "messaging:unknown_outcome", "messaging:outcome_of_one", "desk:opened"),
}
WALK = {
    "senior": (
        *("/", "/channels/", "/channels/sms/", "/channels/sms/windows/promotional/", "/audit/"),
        *("/messages/breaches/", "/messages/breaches/{breach}/", "/messages/unknown/", "/messages/inbound/"),
    ),
    "sender": (
        *("/messages/", "/messages/compose/", "/messages/{message}/", "/messages/{message}/recipients/"),
        *("/messages/{message}/recipients/{delivery}/", "/messages/{message}/cancel/"),
        *("/contacts/import/", "/contacts/import/{preview}/preview/"),
    ),
    "it": ("/opt-out/",),
    "voc": (
        *("/contacts/", "/contacts/{contact}/", "/contacts/import/{done}/", "/staff/", "/staff/2/"),
        *("/desk/", "/desk/calls/{call}/"),
        *("/desk/words/", "/contacts/{contact}/as-of/"),
        *(
            "/admin/contacts/contact/{contact}/change/",
            "/admin/contacts/contact/{contact}/consent/no_messages/",
        ),
    ),
    "voc-manager": ("/desk/duty/",),
    "hr": ("/staff/holidays/",),
    "admin": (
        *("/staff/locked/", "/staff/log-ins/{user}/second-factor/", "/staff/log-ins/{user}/password-link/"),
        *("/messages/operations/", "/accounts/sessions/", "/accounts/2fa/", "/accounts/password/change/"),
        *("/admin/", "/admin/contacts/contact/", "/admin/contacts/contact/{contact}/change/"),
    ),
}
# An overrun of the hours that nobody sent through the portal.
BREACH = """
    WITH compared AS (
        INSERT INTO messaging_comparison (channel_id, day, state, started_at, finished_at, listed, shadow,
               outside_hours, sent_late, unsent, unreadable, error)
        SELECT id, current_date - 1, 'completed', now(), now(), 9, 9, 0, 0, 0, 0, ''
          FROM channels_channel WHERE code = 'sms' RETURNING id, channel_id)
    INSERT INTO messaging_breach (channel_id, day, kind, is_outside, accepted_at, happened_at, until,
           recipients, numbers, text, line, first_id, last_id, digest, "group", part, comparison_id, found_at)
    SELECT channel_id, current_date - 1, 'shadow_send', TRUE, now(), now(), now(), 9, '{+989121111111}',
           'متن', '3000', '1', '9', '', %s, 1, id, now() FROM compared RETURNING id
"""

# A keyword, one among other words, and a request to get messages again.
WRITTEN = """
    INSERT INTO contacts_writtenword (number, contact_id, text, reference, meaning, said_at, recorded_at,
           restricts, outcome, note)
    SELECT c.address, c.id, w.text, 'walk:' || w.meaning, w.meaning, now(), now(), w.meaning = 'opt_out',
           '', ''
      FROM (SELECT * FROM contacts_contact ORDER BY id LIMIT 1) c,
           (VALUES ('لغو ۱۱', 'opt_out'), ('ساعت ۱۱ بیایید', 'perhaps'), ('12', 'opt_in')) w(text, meaning)
"""


@pytest.fixture(scope="module")
def places(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One of everything that a page is about, by the name in its address."""
    people = written(tmp_path_factory.mktemp("walk"), "people.csv", "mobile\n09121112233\n0912\n")
    sent = stack.manage(
        *("submit_message", "--channel", "sms", "--purpose", "notification", "--sender", "sender", "--json"),
        *(
            "--text",
            "جلسه",
            "--audience",
            f"file:{people}",
            "--at",
            f"{datetime.now(UTC).date() + timedelta(days=30)}T10:00",
        ),
    )
    message = json.loads(sent)["id"]
    with psycopg.connect(stack.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:

        def first(sql: str, *values: object) -> object:
            row = connection.execute(sql, values).fetchone()
            assert row is not None, sql
            return row[0]

        connection.execute(WRITTEN)
        return {
            "message": message,
            "breach": first(BREACH, uuid.uuid4().hex),
            "delivery": first("SELECT min(id) FROM messaging_delivery WHERE message_id = %s", message),
            "call": first("SELECT min(id) FROM contacts_optoutcall WHERE closed_at IS NULL"),
            "contact": first("SELECT min(contact_id) FROM contacts_consententry"),
            "done": first("SELECT min(id) FROM contacts_contactimport WHERE status = 'done'"),
            "user": first("SELECT id FROM staff_user WHERE username = 'it'"),
        }


def upload(visitor: Visitor, folder: Path) -> str:
    """Upload a list of one's own and stop at its preview: the import's number."""
    visitor.go("/contacts/import/")
    path = written(folder, "list.csv", "نام,موبایل\nمشتری,09121112244\nنادرست,0912\n")
    visitor.page.set_input_files("input[type=file]", path)
    visitor.page.click("form[action*=import] button[type=submit]")
    visitor.page.wait_for_url(re.compile(r"/import/\d+/preview/"))
    return visitor.page.url.split("/")[-3]


def test_the_walk_leaves_no_page_out() -> None:
    names = ("message", "breach", "delivery", "contact", "call", "done", "user", "preview")
    examples = dict.fromkeys(names, "1")
    walked = {resolve(path.format(**examples)).view_name for paths in WALK.values() for path in paths}
    pages = {name for name, row in TABLE.items() if row.method == "get"} - NO_PAGES
    assert pages - walked == set()


@pytest.mark.parametrize("role", sorted(WALK))
def test_a_role_meets_pages_that_everybody_can_use(
    role: str, desktop: Visitor, stack: Stack, places: dict[str, object], tmp_path: Path
) -> None:
    page = desktop.page
    desktop.name = f"walk-{role}"
    desktop.go("/accounts/login/")
    desktop.check_access()
    desktop.sign_in(role)
    if role == "sender":
        places = places | {"preview": upload(desktop, tmp_path)}
    for language, width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])
        for path in WALK[role]:
            desktop.go(path.format(**places))
            expect(page.locator(f"html[lang^={language}]")).to_be_attached()
            expect(page.locator("h1").first).to_be_visible()
            # The phone shows the same colours, and fewer columns.
            desktop.check_access(contrast=width > 1000)
            desktop.check_width()
            step = re.sub(r"[/{}]+", "-", path).strip("-") or "home"
            desktop.picture(f"{step}-{language}")
