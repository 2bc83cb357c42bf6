"""The demo's customers: a list as a department would hand it in, imported as one, and what some refused."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from contacts.actions.imports import import_file
from contacts.consent.actions import Flag, open_call, set_consent
from contacts.models import Contact
from persian.phones import InvalidNumber, normalise, normalise_mobile
from staff.models import User

SEED: Final = 1405
CUSTOMERS: Final = 5_400
OPTED_OUT: Final = 210


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_NAMES: Final = _words(
    "علی رضا محمد حسین مهدی امیر سعید حمید مجید ناصر بهروز کامران داریوش فرشاد سینا آرمان پیمان یاسر "
    "زهرا فاطمه مریم نرگس سمیرا لیلا شیرین پروانه نسرین مینا نازنین الهه هانیه رویا مهسا سپیده ترانه گلنار"
)
_LAST_NAMES: Final = _words(
    "احمدی محمدی حسینی کریمی رحیمی جعفری صادقی موسوی هاشمی قاسمی کاظمی رستمی نجفی طاهری یزدانی شیرازی "
    "اصفهانی تبریزی گیلانی خراسانی فراهانی شجاعی پارسا نیک‌نام خوش‌رو بهرامی جمشیدی منصوری ملکی فروغی "
    "زمانی سلطانی امینی باقری غلامی ژاله چراغی گلستانی"
)
_TRADES: Final = _words("شرکت فروشگاه کلینیک آموزشگاه گروه دفتر چاپخانهٔ رستوران")
_BRANDS: Final = _words(
    "آفتاب سپهر مهر البرز دماوند پارس نوین آریا ساحل باران بهار کیهان ارس زاگرس کارون هیرکان"
)
_TAGS: Final = (
    ("مشتری", 0.72),
    ("نمایندگی", 0.08),
    ("خبرنامه", 0.35),
    ("پیامک", 0.3),
    ("آوانک", 0.2),
    ("اوج", 0.1),
)
_REASONS: Final = (
    "در تماس گفت پیام تبلیغاتی نمی‌خواهد.",
    "خواست تنها پیام‌های سرویس به او برسد.",
    "شماره را همکار دیگری استفاده می‌کند و پیام نمی‌خواهد.",
    "از تعداد پیام‌ها گله داشت؛ با توضیح کارشناس این گزینه را خواست.",
)


def load_customers(users: dict[str, User], now: datetime) -> int:
    """Import the list as the VOC expert; how many customers there are then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers-1405.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["name", "mobile", "phone", "email", "company", "customer_no", "tags"])
            writer.writerows(_rows(Random(SEED)))  # noqa: S311 (the same data every time)
        return import_file(path=path, by=users["voc"], now=now - timedelta(days=120)).created


def _rows(random: Random) -> Iterator[list[str]]:
    taken: set[str] = set()
    for number in range(CUSTOMERS):
        is_landline = number % 41 == 7
        address = _free_number(random, taken, "021" if is_landline else "09")
        customer_no = f"C-{10_001 + number}"
        yield [
            f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)}",
            "" if is_landline else address,
            address if is_landline else "",
            f"{customer_no.lower()}@example.com" if random.random() < 0.3 else "",
            f"{random.choice(_TRADES)} {random.choice(_BRANDS)}" if random.random() < 0.45 else "",
            customer_no,
            "، ".join(tag for tag, share in _TAGS if random.random() < share),
        ]


def _free_number(random: Random, taken: set[str], prefix: str) -> str:
    read = normalise_mobile if prefix == "09" else normalise
    while True:
        number = prefix + "".join(random.choice("0123456789") for _ in range(11 - len(prefix)))
        try:
            address = read(number)
        except InvalidNumber:
            continue
        if address not in taken:
            taken.add(address)
            return number


def load_consent(users: dict[str, User], now: datetime) -> None:
    """What customers refused in the last weeks, some of it taken back, and two calls that wait."""
    random = Random(SEED)  # noqa: S311
    customers = random.sample(list(Contact.objects.order_by("id")[:CUSTOMERS]), OPTED_OUT + 2)
    voc = users["voc"]
    span = timedelta(weeks=10).total_seconds()
    instants = sorted(now - timedelta(seconds=random.random() * span) for _ in range(OPTED_OUT))
    for place, (contact, at) in enumerate(zip(customers, instants, strict=False)):
        flag = Flag.NO_MESSAGES if random.random() < 0.2 else Flag.NO_PROMOTIONAL
        set_consent(contact=contact, flag=flag, value=True, reason=random.choice(_REASONS), by=voc, now=at)
        if place % 30 == 0:
            later, reason = at + (now - at) / 2, "در تماس دوباره خواست پیام‌ها ارسال شود."
            set_consent(contact=contact, flag=flag, value=False, reason=reason, by=voc, now=later)
    for minutes, contact in zip((34, 7), customers[OPTED_OUT:], strict=True):
        open_call(contact=contact, by=users["sender"], now=now - timedelta(minutes=minutes))
