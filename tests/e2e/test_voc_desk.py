"""A VOC expert's work in Persian: take a call from the queue, decide by the keys, and go on to the next."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e


def decided(stack: Stack) -> int:
    with psycopg.connect(stack.environment["DATABASE_OWNER_URL"], autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM contacts_optoutcall WHERE outcome = 'decided' AND handover <> 'answered'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_call_is_taken_and_decided_with_three_keys(stack: Stack, desktop: Visitor, phone: Visitor) -> None:
    before = decided(stack)
    desktop.sign_in("voc")
    desktop.go("/desk/")
    page = desktop.page
    expect(page.locator("h1")).to_have_text("میز VOC")
    expect(page.locator("#desk-queue tbody tr")).to_have_count(2)
    desktop.check_access()
    desktop.picture("queue")
    # The keys of the page, and the way out.
    page.keyboard.press("Shift+Slash")
    expect(page.locator("#keys")).to_be_visible()
    desktop.check_access()
    desktop.picture("keys")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()

    page.keyboard.press("KeyN")
    page.wait_for_url(re.compile(r"/desk/calls/\d+/$"))
    expect(page.locator("#call-holder")).to_contain_text("نزد شما")
    expect(page.locator("#no_promotional-reason")).to_be_hidden()
    desktop.picture("card")
    desktop.picture("card-whole", whole=True)
    desktop.check_access()
    page.keyboard.press("KeyQ")
    expect(page.locator("#no_promotional-switch")).to_be_checked()
    expect(page.locator("#id_no_promotional-reason")).to_have_value(re.compile("."))
    expect(page.locator("#id_no_promotional-reason")).to_be_focused()
    expect(page.locator("#no_promotional-reason .effect")).to_be_visible()
    expect(page.locator("#no_messages-reason")).to_be_hidden()
    desktop.picture("reason")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".messages")).to_contain_text("از هم‌اکنون")
    expect(page.locator("#call-holder")).to_contain_text("بسته شد")
    assert decided(stack) == before + 1
    desktop.picture("done")
    desktop.check_access()

    # The other call waits; on a phone it is taken with a press and not reached.
    phone.name = "voc-desk-phone"
    phone.sign_in("voc")
    phone.go("/desk/")
    phone.picture("queue")
    phone.check_width()
    phone.page.locator("#desk-queue tbody form button").first.click()
    expect(phone.page.locator("#call-holder")).to_contain_text("نزد شما")
    phone.picture("card-whole", whole=True)
    phone.check_width()
    phone.page.locator("#form-not_reached summary").click()
    phone.page.locator("#form-not_reached .chip").first.click()
    phone.picture("not-reached")
    phone.check_width()
    phone.page.locator("#form-not_reached button[type=submit]").click()
    expect(phone.page.locator("#desk-queue")).to_contain_text("تلاش بعدی")
    phone.picture("waits")
