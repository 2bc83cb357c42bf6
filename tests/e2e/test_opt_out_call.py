"""The opt-out call in a real browser: filled by a softphone, and answered by the VOC expert herself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

CALLER, UNKNOWN = "09360001001", "09360001999"


def look(visitor: Visitor, step: str) -> None:
    visitor.check_width()
    visitor.check_access()
    visitor.picture(step, whole=True)


def test_a_softphone_fills_the_box_and_an_expert_decides_at_once(phone: Visitor, stack: Stack) -> None:
    page = phone.page
    phone.sign_in("voc")
    phone.go(f"/opt-out/#{UNKNOWN}")
    expect(page.locator("#caller")).to_have_value(UNKNOWN)
    expect(page).to_have_url(f"{stack.url}/opt-out/")
    page.wait_for_timeout(800)
    expect(page.locator("#caller-answer")).to_be_empty()
    # While the page is open the next caller's number comes the same way.
    page.evaluate("number => { window.location.hash = number }", CALLER)
    expect(page.locator("#caller")).to_have_value(CALLER)
    expect(page).to_have_url(f"{stack.url}/opt-out/")
    page.locator("#caller").fill(UNKNOWN)
    expect(page.locator(".caller-match")).to_have_count(1)
    look(phone, "unknown")
    page.locator(".caller-match").press("Enter")
    expect(page.locator("#caller-who")).to_be_focused()
    look(phone, "expert")
    page.locator("button[value=answered]").click()
    expect(page).to_have_url(re.compile(r"/(contacts|desk/calls)/\d+/"))
    expect(page.locator("h1")).to_contain_text("۰۹۳۶۰۰۰۱۹۹۹")
