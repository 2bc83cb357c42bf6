"""One word for one thing, over the whole Persian catalogue."""

from pathlib import Path

import polib
import pytest

CATALOGUE = Path(__file__).resolve().parent.parent.parent / "locale/fa/LC_MESSAGES/django.po"
# What is not said, and what is said instead.
WORDS = {
    "رمز عبور": "گذرواژه",
    "نام‌کاربری": "نام کاربری",
    "راهبر سامانه": "مدیر سامانه",
    "سامانهٔ ارسال": "سرویس‌دهنده",
    "تحویل به سامانه": "تحویل به سرویس‌دهنده",
    "کارت مشتری": "پروندهٔ مشتری",
    "برگهٔ مشتری": "پروندهٔ مشتری",
    "عامل دوم": "ورود دومرحله‌ای",
    "میز اداری": "بخش مدیریت",
    "نویسه": "کاراکتر",
    "برنامه احراز هویت": "برنامهٔ کدساز",
    "پیام تازه": "پیام جدید",
    "ورود فهرست": "افزودن مشتریان از فایل",
}


@pytest.mark.parametrize("word", WORDS)
def test_a_thing_has_one_word(word):
    entries = polib.pofile(str(CATALOGUE))
    texts = ("\n".join([entry.msgstr, *entry.msgstr_plural.values()]) for entry in entries)
    assert [text for text in texts if word in text] == []
