"""A voice campaign whose answer is lost: nobody can tell, and a person decides, on the real pages."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

NUMBERS = [f"0912100{n:04}" for n in range(12)]


def use(stack: Stack, *faults: str) -> None:
    data = json.dumps({"faults": list(faults)}).encode()
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{stack.gateway_url}/_fake/faults", data, {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310


def status(stack: Stack, message: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stack.manage("message_status", str(message), "--json"))["by_state"]
    return found


def until_all_are(stack: Stack, message: int, state: str) -> None:
    until = time.monotonic() + 90
    while status(stack, message) != {state: len(NUMBERS)}:
        assert time.monotonic() < until, status(stack, message)
        time.sleep(1)


def lost_campaign(stack: Stack, folder: Path) -> int:
    """A voice message whose `CreateCampaign` is taken and never answered."""
    stack.manage("import_contacts", str(_file(folder)))
    use(stack, "latency:0.3", "avanak.hang-after-acceptx1")
    options = ("--channel", "avanak", "--purpose", "notification", "--sender", "sender")
    sent = stack.manage(
        "submit_message",
        *options,
        "--text",
        "جلسهٔ فردا لغو شد.",
        "--audience",
        f"file:{_file(folder)}",
        "--json",
    )
    return int(json.loads(sent)["id"])


def _file(folder: Path) -> Path:
    path = folder / "people.csv"
    path.write_text("mobile\n" + "\n".join(NUMBERS) + "\n", encoding="utf-8")
    return path


def test_a_lost_answer_is_seen_understood_and_decided(
    stack: Stack, desktop: Visitor, phone: Visitor, tmp_path: Path
) -> None:
    message = lost_campaign(stack, tmp_path)
    until_all_are(stack, message, "unknown")
    stack.manage("settle")
    assert status(stack, message) == {"unknown": len(NUMBERS)}
    phone.name += "-phone"
    for visitor in (desktop, phone):
        visitor.sign_in("senior")
        visitor.picture("home")
        visitor.go("/messages/unknown/")
        visitor.picture("unknown-outcomes")
        visitor.check_access()
        visitor.check_width()
        visitor.go(f"/messages/{message}/unknown/")
        expect(visitor.page.locator("h1")).to_contain_text("۱۲")
        visitor.page.locator("details summary").first.click()
        visitor.picture("unknown-outcome")
        visitor.picture("unknown-outcome-whole", whole=True)
        visitor.check_access()
        visitor.check_width()
    page = desktop.page
    # One of them was seen in the provider's panel; without a reason nothing happens.
    page.locator("a", has_text="تصمیم دربارهٔ این یکی").first.click()
    desktop.check_access()
    page.click("button[value=sent]")
    expect(page.locator("[name=reason]:invalid")).to_be_visible()
    page.fill("[name=reason]", "در پنل آوانک دیده شد")
    page.click("button[value=sent]")
    desktop.picture("unknown-outcome-asked")
    page.click("#confirm-yes")
    expect(page.locator("h1")).to_contain_text("۱۱")
    desktop.picture("unknown-outcome-one-decided")
    # A second tab that still shows twelve.
    phone.page.fill("[name=reason]", "مشتریان منتظرند")
    phone.page.click("button[value=resend]")
    expect(phone.page.locator("#confirm-question")).to_contain_text("۱۲")
    phone.picture("unknown-outcome-asked")
    phone.page.click("#confirm-yes")
    expect(phone.page.locator("body")).to_contain_text("از ۱۲ نفر، وضعیت ۱ نفر در این میان روشن شده بود")
    phone.picture("unknown-outcome-decided")
    phone.check_width()
    desktop.go(f"/messages/{message}/")
    desktop.picture("message-decided")
    until_all_are(stack, message, "accepted")
    row = desktop.page
    row.goto(f"{stack.url}/messages/{message}/recipients/")
    row.locator("a", has_text="چرا").first.click()
    desktop.picture("why-decided")
    use(stack, "latency:0.3")
