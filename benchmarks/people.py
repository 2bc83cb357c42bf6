"""Customers with the names, companies and numbers that an Iranian company's lists have, for the search."""

from __future__ import annotations

from django.db import connection, transaction

from benchmarks.tables import empty

# The first ones are the frequent ones: one customer in eight has the first name of all.
_FIRST = (
    "محمد", "علی", "فاطمه", "زهرا", "حسین", "مریم", "رضا", "محمد رضا", "مهدی", "سارا", "امیرحسین", "نرگس",
    "حسن", "زینب", "احمد", "معصومه", "ابوالفضل", "سمیه", "محسن", "لیلا", "سعید", "الهام", "مجید", "فرزانه",
    "حمید", "مینا", "وحید", "نسرین", "بهروز", "شیرین", "کامران", "پریسا", "داریوش", "مهناز", "سیاوش", "آزیتا",
    "کیوان", "گلناز", "اردشیر", "ژاله",
)  # fmt: skip
_LAST = (
    "احمدی", "محمدی", "رضایی", "کریمی", "حسینی", "موسوی", "جعفری", "صادقی", "کاظمی", "رحیمی", "نوری", "قاسمی",
    "اکبری", "باقری", "یوسفی", "ابراهیمی", "عباسی", "شریفی", "نجفی", "سلطانی", "میرزایی", "طاهری",
    "خسروی", "بهرامی", "فرهادی", "زارع", "شجاعی", "دهقان", "مرادی", "غلامی", "پناهی", "گودرزی", "لطفی",
    "چراغی", "ذاکری", "تقوی", "عظیمی", "فلاح", "هاشمی", "ودودی",
)  # fmt: skip
_SUFFIX = (
    "",
    "",
    "",
    "",
    "‌پور",
    "‌زاده",
    "‌نژاد",
    "‌فر",
    "‌نیا",
    " اصل",
    " تهرانی",
    " شیرازی",
    " تبریزی",
    " مقدم",
)
_FIRM = ("پخش", "بازرگانی", "صنایع", "داروخانه", "فروشگاه", "شرکت", "آموزشگاه", "کلینیک", "هتل")

# `search_text` as `contacts.search` makes it of these names: of what it folds they hold «آ» and ZWNJ alone.
_FILL = """
    INSERT INTO contacts_contact (name, company, customer_no, email, mobile, phone, tags, search_text,
                                  no_promotional, no_messages, voc_call_open, created_at, updated_at)
    SELECT name, company, customer_no, '', mobile, phone, '{}',
           concat_ws(E'\\n', key_name, key_company, lower(customer_no),
                     concat_ws(' ', '0' || substr(mobile, 4), '0' || substr(phone, 4))),
           FALSE, FALSE, FALSE, now(), now()
      FROM (SELECT *, (SELECT CASE WHEN k LIKE '%% %%' THEN k || ' ' || replace(k, ' ', '') ELSE k END
                         FROM translate(name, %(from)s, %(to)s) k) AS key_name,
                   (SELECT CASE WHEN k LIKE '%% %%' THEN k || ' ' || replace(k, ' ', '') ELSE k END
                      FROM translate(company, %(from)s, %(to)s) k) AS key_company
              FROM (SELECT n, concat((%(first)s::text[])[1 + floor(power(f, 2) * %(firsts)s)], ' ',
                                     (%(last)s::text[])[1 + floor(power(l, 1.5) * %(lasts)s)],
                                     (%(suffix)s::text[])[1 + floor(s * %(suffixes)s)]) AS name,
                           CASE WHEN n %% 4 = 0
                                THEN concat((%(firm)s::text[])[1 + n / 4 %% %(firms)s], ' ',
                                            (%(last)s::text[])[1 + floor(c * %(lasts)s)], ' ', n / 40)
                                ELSE '' END AS company,
                           'C-' || lpad(n::text, 7, '0') AS customer_no,
                           '+9891' || lpad((n * 48271 %% 99999989)::text, 8, '0') AS mobile,
                           CASE WHEN n %% 3 = 0 THEN '+9821' || (22000000 + n * 7) END AS phone
                      FROM (SELECT n, random() f, random() l, random() s, random() c
                              FROM generate_series(1, %(rows)s::bigint) n) chance) typed) keyed
     ORDER BY n
"""


def fill(rows: int) -> None:
    """`rows` customers in place of all that there are; the same ones each time."""
    words = {"first": _FIRST, "last": _LAST, "suffix": _SUFFIX, "firm": _FIRM}
    values = {name: list(texts) for name, texts in words.items()}
    sizes = {f"{name}s" if name != "suffix" else "suffixes": len(texts) for name, texts in words.items()}
    empty("contacts_contact, contacts_number, contacts_restriction")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_FILL, {**values, **sizes, "rows": rows, "from": "آ\u200c", "to": "ا"})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE contacts_contact, contacts_number")
