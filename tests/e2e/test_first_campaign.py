"""A sender's first day: import a list, send a campaign, watch it; the hours and a dying worker."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from messaging.states import REACHED_PROVIDER
from persian.digits import grouped
from persian.jalali import TEHRAN
from tests.e2e.conftest import Visitor, Windows, written
from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e

COUNT = 5_000
ALL_DAY = (0, 1440)
CLOSED_NOW = "خارج از ساعت مجاز"


def closed_now() -> tuple[int, int]:
    """A window of today that is not open now, nor within the next minutes."""
    now = datetime.now(TEHRAN)
    minute = now.hour * 60 + now.minute
    return (minute + 30, 1440) if minute < 1380 else (0, minute - 30)


# Each has ten thousand numbers of its own, of which the demo data, the same every time, has none.
TAGS = ("نوروز", "تابستان", "پاییز", "زمستان")


def customers_file(folder: Path, tag: str, count: int = COUNT) -> Path:
    """A list with Persian headers and digits, one bad row and one row twice."""
    numbers = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    base = 9_350_000_000 + TAGS.index(tag) * 10_000
    lines = ["نام,موبایل,شرکت,برچسب"]
    lines += [f"مشتري {n},{'0' + str(base + n)},شركت {n % 90},{tag}".translate(numbers) for n in range(count)]
    lines += [f"نادرست,0912,شرکت,{tag}", f"تکراری,0{base},شرکت,{tag}"]
    return written(folder, f"{tag}.csv", "\n".join(lines))


def import_list(visitor: Visitor, path: Path) -> None:
    page = visitor.page
    visitor.go("/contacts/import/")
    page.set_input_files("input[type=file]", path)
    page.click("form[action*=import] button[type=submit]")
    page.wait_for_url(re.compile("/preview/"))
    visitor.picture("import-preview")
    page.click("button[name=confirm]")
    page.wait_for_url(re.compile(r"/import/\d+/$"))
    expect(page.get_by_text(grouped(COUNT)).first).to_be_visible(timeout=60_000)
    visitor.picture("import-result")


def compose(page: Page, visitor: Visitor, *, text: str, tag: str) -> None:
    visitor.go("/messages/compose/")
    page.check("input[name=channel][value=sms]")
    page.check("input[name=purpose][value=promotional]")
    page.fill("textarea[name=text]", text)
    page.check("input[name=audience][value=tag]")
    page.fill("input[name=tag]", tag)


def send(visitor: Visitor, *, text: str, tag: str) -> int:
    """Compose, look ahead and send; the message's number."""
    page = visitor.page
    compose(page, visitor, text=text, tag=tag)
    page.click("#compose button[type=submit]")
    confirm = page.locator("form[action*=confirm] button[type=submit]")
    expect(confirm).to_be_visible()
    visitor.picture("look-ahead")
    confirm.click()
    page.wait_for_url(re.compile(r"/messages/\d+/$"))
    return int(page.url.rstrip("/").rsplit("/", 1)[1])


def opt_out(stack: Stack, path: Path, kind: str, lines: slice) -> None:
    for line in path.read_text().splitlines()[1:][lines]:
        number = line.split(",")[1]
        stack.manage("set_opt_out", number, "--kind", kind, "--by", "voc", "--reason", "تماس مشتری")


def status(stack: Stack, message: int) -> dict[str, dict[str, int]]:
    result: dict[str, dict[str, int]] = json.loads(stack.manage("message_status", str(message), "--json"))
    return result


def wait_until_sent(stack: Stack, message: int, seconds: float = 120) -> dict[str, dict[str, int]]:
    until = time.monotonic() + seconds
    while True:
        found = status(stack, message)
        waiting = sum(found["by_state"].get(state, 0) for state in ("queued", "sending", "unknown"))
        if waiting == 0:
            return found
        assert time.monotonic() < until, f"{found}\n{stack.logs()}"
        time.sleep(1)


def taken(found: dict[str, dict[str, int]]) -> int:
    """Those whom the provider took, whatever was reported on them by now."""
    return sum(found["by_state"].get(state, 0) for state in REACHED_PROVIDER)


class Account:
    """The gateway's log from here on: another test had other hours, by which it is not judged again."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.part = folder / "gateway-part.jsonl"
        self.since = datetime.now(TEHRAN)
        self.offset = stack.gateway_log.stat().st_size if stack.gateway_log.exists() else 0

    def assert_promises_kept(self) -> None:
        self.part.write_bytes(self.stack.gateway_log.read_bytes()[self.offset :])
        since = self.since.isoformat()
        self.stack.manage("check_promises", "--gateway-log", str(self.part), "--since", since)


@pytest.fixture
def account(stack: Stack, tmp_path: Path) -> Account:
    return Account(stack, tmp_path)


def test_a_sender_imports_a_list_and_sends_a_campaign(
    desktop: Visitor, stack: Stack, windows: Windows, account: Account, tmp_path: Path
) -> None:
    windows.set(*ALL_DAY)
    page = desktop.page
    desktop.sign_in("sender")
    desktop.picture("home")
    path = customers_file(tmp_path, "نوروز")
    import_list(desktop, path)
    opt_out(stack, path, "promotional", slice(0, 3))
    opt_out(stack, path, "all", slice(3, 5))

    message = send(desktop, text="جشنوارهٔ نوروزی آموت: ۲۰٪ تخفیف\nلغو11", tag="نوروز")
    moves = page.locator("#progress .bar-sent, #progress .bar-delivered").first
    expect(moves).to_have_attribute("width", re.compile("^[1-9]"), timeout=60_000)
    desktop.picture("campaign")
    found = wait_until_sent(stack, message)
    assert (taken(found), found["by_state"]["suppressed"]) == (COUNT - 5, 5)
    assert found["by_reason"] == {"no_promotional": 3, "no_messages": 2}
    expect(page.locator("#progress")).to_contain_text(grouped(COUNT - 5), timeout=30_000)
    desktop.picture("campaign-done")

    page.click("a[href*='recipients']:has(i.bi-people)")
    desktop.picture("recipients")
    page.goto(page.url.split("?")[0] + "?state=suppressed")
    page.locator("td a[href*='/recipients/']").first.click()
    expect(page.locator("#content")).to_contain_text("C7.3")
    desktop.picture("why")
    account.assert_promises_kept()


def test_outside_the_hours_everything_waits_and_goes_when_they_open(
    desktop: Visitor, stack: Stack, windows: Windows, account: Account, tmp_path: Path
) -> None:
    windows.set(*closed_now())
    desktop.sign_in("sender")
    path = customers_file(tmp_path, "تابستان", 300)
    stack.manage("import_contacts", str(path))
    message = send(desktop, text="پیشنهاد تابستانی", tag="تابستان")
    expect(desktop.page.locator("#progress")).to_contain_text(CLOSED_NOW)
    desktop.picture("waits")
    assert status(stack, message)["by_reason"] == {"window_closed": 300}

    opens = datetime.now(TEHRAN) + timedelta(seconds=80)
    minute = opens.hour * 60 + opens.minute
    windows.set(minute, 1440)
    opened_at = opens.replace(second=0, microsecond=0)
    found = wait_until_sent(stack, message, seconds=150)
    assert taken(found) == 300
    assert datetime.now(TEHRAN) >= opened_at
    account.assert_promises_kept()


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    desktop: Visitor, stack: Stack, windows: Windows, account: Account, tmp_path: Path
) -> None:
    windows.set(*ALL_DAY)
    path = customers_file(tmp_path, "پاییز", 3_000)
    stack.manage("import_contacts", str(path))
    desktop.sign_in("sender")
    message = send(desktop, text="پیشنهاد پاییزی", tag="پاییز")
    name = "worker"
    for turn in range(3):
        time.sleep(1.5)
        stack.kill(name)
        name = f"worker{turn}"
        stack.start_worker(name)
    stack._processes["worker"] = stack._processes.pop(name)
    found = wait_until_sent(stack, message)
    assert taken(found) == 3_000
    account.assert_promises_kept()
