"""The gateway dies in the middle of a campaign, as an operator would try it."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from messaging.states import REACHED_PROVIDER
from tests.e2e.conftest import Visitor, Windows
from tests.e2e.stack import Stack
from tests.e2e.test_first_campaign import (
    ALL_DAY,
    Account,
    account,
    customers_file,
    send,
    status,
    wait_until_sent,
)

pytestmark = pytest.mark.e2e
__all__ = ["account"]  # a fixture

UNREACHED = "ارتباط با سرویس‌دهنده برقرار نمی‌شود"
SLOWLY = "اندک‌اندک"
PEOPLE = 6_000


def start_gateway(stack: Stack) -> None:
    port = str(urlsplit(stack.gateway_url).port)
    stack.start(
        "gateway",
        *(sys.executable, "manage.py", "fake_gateway", "--port", port),
        *("--log", str(stack.gateway_log), "--fault", "latency:0.3"),
    )


def accepted(stack: Stack, message: int) -> int:
    by_state = status(stack, message)["by_state"]
    return sum(by_state.get(state, 0) for state in REACHED_PROVIDER)


def look(visitor: Visitor, path: str, step: str) -> None:
    visitor.go(path)
    expect(visitor.page.locator("#content")).to_be_visible()
    visitor.picture(step)
    visitor.check_width()


def kill_in_mid_campaign(stack: Stack, page: Page) -> None:
    sent = page.locator("#progress .bar-sent, #progress .bar-delivered").first
    expect(sent).to_have_attribute("width", re.compile("^[1-9]"), timeout=60_000)
    stack.kill("gateway")


def test_a_gateway_that_dies_in_mid_campaign_and_comes_back(
    desktop: Visitor, phone: Visitor, stack: Stack, windows: Windows, account: Account, tmp_path: Path
) -> None:
    windows.set(*ALL_DAY)
    path = customers_file(tmp_path, "زمستان", PEOPLE)
    stack.manage("import_contacts", str(path))
    page = desktop.page
    desktop.sign_in("sender")
    phone.sign_in("it")
    message = send(desktop, text="جشنوارهٔ زمستانی آموت\nلغو11", tag="زمستان")
    kill_in_mid_campaign(stack, page)

    died = time.monotonic()
    expect(page.locator("#progress")).to_contain_text(UNREACHED, timeout=10_000)
    seen_after = time.monotonic() - died
    desktop.picture("message-waits")
    assert seen_after < 10
    assert 0 < accepted(stack, message) < PEOPLE
    look(desktop, "/", "home")
    expect(page.locator("#content")).to_contain_text(UNREACHED)
    look(desktop, "/messages/", "list")
    look(desktop, "/staff/", "banner")
    look(desktop, f"/messages/{message}/recipients/?state=queued", "recipients")
    look(phone, "/", "phone-home")
    look(phone, "/messages/operations/", "phone-operations")
    expect(phone.page.locator("#operations")).to_contain_text(UNREACHED)

    start_gateway(stack)
    desktop.go(f"/messages/{message}/")
    expect(page.locator("#progress")).to_contain_text(SLOWLY, timeout=90_000)
    desktop.picture("ramp")
    wait_until_sent(stack, message, seconds=180)
    assert accepted(stack, message) == PEOPLE
    desktop.picture("done")
    look(phone, "/channels/sms/", "phone-channel")
    expect(phone.page.locator("#content")).to_contain_text(re.compile("نبود ارتباط"))
    account.assert_promises_kept()


def test_an_outage_ended_on_home_after_a_long_look_at_the_question_is_over(desktop: Visitor) -> None:
    """Home asks for itself every five seconds; the form that the question is about must survive that."""
    page = desktop.page
    desktop.sign_in("it")
    desktop.go("/channels/avanak/")
    page.fill("[name=reason]", "قطع شبکهٔ ثابت")
    page.click("form[action*=outage] button[data-confirm]")
    page.click("#confirm-yes")
    expect(page.locator("#content")).to_contain_text("قطع شبکهٔ ثابت")
    desktop.go("/")
    block = page.locator("#home-now .outage", has_text="قطع شبکهٔ ثابت")
    block.locator("button[data-confirm]").click()
    page.wait_for_timeout(11_000)
    desktop.picture("question")
    page.click("#confirm-yes")
    expect(page).to_have_url(re.compile("/channels/avanak/"))
    desktop.go("/")
    expect(page.locator("#home-now")).not_to_contain_text("قطع شبکهٔ ثابت")
