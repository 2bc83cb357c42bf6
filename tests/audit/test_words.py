"""Every act that the code records has a word on the screen."""

import re
from pathlib import Path

import pytest

from audit import words
from audit.details import in_words
from audit.words import ACTIONS, action_label, object_label
from contacts.models import CallStep

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("accounts", "amoot_comms", "audit", "channels", "contacts", "email_routing", "messaging", "staff")
CODE = re.compile(r'action="([a-z]+\.[a-z_]+)"(?: if \w+ else "([a-z]+\.[a-z_]+)")?')


# Recorded by former versions; the trails have it for ever.
FORMER = {"user.password_set"}


def recorded():
    """The codes written out in the code; those put together from parts are few and listed here."""
    text = "\n".join(path.read_text() for name in APPS for path in (ROOT / name).rglob("*.py"))
    written_out = {code for match in CODE.findall(text) for code in match if code}
    elsewhere = {CallStep.Kind.OPENED, CallStep.Kind.ENDED}
    at_the_desk = {f"desk.{kind.value}" for kind in CallStep.Kind if kind not in elsewhere}
    return written_out | {"message.pause", "message.cancel"} | at_the_desk


def test_every_recorded_act_has_a_word_and_every_word_an_act():
    assert not recorded() & FORMER
    assert recorded() | FORMER == set(ACTIONS)


def test_what_is_unknown_is_shown_as_it_is():
    assert action_label("old.act") == "old.act"
    assert object_label("old.model") == "old.model"
    assert object_label("") == ""


def test_what_was_recorded_is_said_in_words_and_persian_digits():
    data = {"flag": "no_promotional", "stopped": 12, "manager_id": [None, 3], "odd": {"a": 1}}
    assert in_words(data) == [
        ("گزینه", "پیام تبلیغاتی ارسال نشود"),
        ("پیام‌های در انتظار متوقف‌شده", "۱۲"),
        ("مدیر", "– ← ۳"),
        ("odd", '{"a": 1}'),
    ]


def test_roles_audiences_and_counts_are_said_in_words():
    data = {
        "roles": ["sender", "voc"],
        "audience": {"kind": "tag", "tag": "تهران"},
        "recipients": 12406,
        "entry": 12406,
        "fields": ["name", "email"],
    }
    assert [value for _name, value in in_words(data)] == [
        "ارسال‌کننده، کارشناس VOC",
        "مشتریان دارای برچسب «تهران»",
        "۱۲٬۴۰۶",
        "۱۲۴۰۶",
        "نام، ایمیل",
    ]
    assert in_words({"audience": {"kind": "all"}})[0][1] == "همهٔ مشتریان"


def test_roles_before_and_after_are_said_by_their_names():
    data = {"before": ["sender", "voc"], "after": []}
    assert [value for _name, value in in_words(data)] == ["ارسال‌کننده، کارشناس VOC", "–"]


def test_a_value_of_another_shape_is_shown_as_it_is():
    assert in_words({"audience": {"people": 3}}) == [("گیرندگان", '{"people": 3}')]


def test_no_app_registers_a_word_of_another():
    before = dict(words.ACTIONS)
    with pytest.raises(ValueError, match=r"user\.signed_in"):
        words.register(actions={"user.signed_in": "again", "user.of_a_test": "new"})
    with pytest.raises(ValueError, match="reason"):
        words.register(actions={"user.of_a_test": "new"}, names={"reason": "again"})
    assert before == words.ACTIONS
