"""Worlds for the twin: customers, a message, its audience, hours, outages, an override, an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from contacts.models import Contact
from messaging.policy.facts import Purpose
from tests.factories import HOUR, NOW

# The last one has a mobile's shape, and no operator's range on record.
MOBILES = [f"+98912100000{n}" for n in range(6)] + ["+989990000000"]
LANDLINES = [f"+98212200000{n}" for n in range(3)]
# Lines of a file: known and unknown people in several spellings, and what is no number at all.
LINES = [
    "09121000000",
    "+98 912 100 0000",
    "۰۹۱۲۱۰۰۰۰۰۱",
    "00989121000002",
    "02122000000",
    "۰۲۱-۲۲۰۰۰۰۰۱",
    "09351234567",
    "02188888888",
    "+989990000000",
    "+98",
    "+abc",
    "12",
    "سلام",
]

moments = st.integers(-48, 48).map(lambda halves: NOW + halves * timedelta(minutes=30))
flags = st.fixed_dictionaries(
    {"no_promotional": st.booleans(), "no_messages": st.booleans(), "voc_call_open": st.booleans()}
)
# A landline, or the mobile of somebody else.
second_numbers = st.none() | st.sampled_from([*LANDLINES, MOBILES[0]])


@st.composite
def customers(draw: st.DrawFn) -> list[Contact]:
    mobiles = draw(st.lists(st.sampled_from(MOBILES), unique=True, max_size=5))
    people = [Contact(mobile=m, phone=draw(second_numbers), **draw(flags)) for m in mobiles]
    for person in people:
        if person.phone == person.mobile:
            person.phone = None
    alone = draw(st.lists(st.sampled_from(LANDLINES), unique=True, max_size=2))
    people += [Contact(phone=p, **draw(flags)) for p in alone]
    for person in people:
        person.tags = ["vip"] if draw(st.booleans()) else []
        person.created_at = person.updated_at = NOW
    return people


@dataclass(frozen=True)
class Circumstances:
    """What may change while a message is under way."""

    now: datetime
    hours: tuple[tuple[int, int, int], ...]
    outage: bool
    paused: bool
    cancelled: bool
    override: dict[str, Any] | None


@dataclass(frozen=True)
class World:
    people: list[Contact]
    kind: str
    purpose: str
    scheduled_at: datetime | None
    expires_at: datetime | None
    audience: str
    lines: list[str]
    before: Circumstances
    after: Circumstances
    changed_flags: list[dict[str, bool]]
    # By customer: a landline of before the message, and one that comes while it is under way (None: none).
    former: list[str | None]
    moved: list[str | None]


hours = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 8, 12]), st.sampled_from([13, 22, 24])), max_size=6
).map(lambda rows: tuple({day: (day, o * 60, c * 60) for day, o, c in rows}.values()))
all_week = st.just(tuple((day, 0, 1440) for day in range(7)))
approvals = st.fixed_dictionaries(
    {
        "approved_at": st.none() | st.integers(-24, 3).map(lambda h: NOW + h * HOUR),
        "life": st.integers(1, 40).map(lambda h: h * HOUR),
        "revoked": st.sampled_from([False, False, True]),
        "same_content": st.sampled_from([True, True, False]),
    }
)
rarely = st.sampled_from([False, False, False, True])
circumstances = st.builds(
    Circumstances,
    now=moments,
    hours=all_week | hours,
    outage=rarely,
    paused=rarely,
    cancelled=rarely,
    override=st.none() | approvals,
)
worlds = st.builds(
    World,
    people=customers(),
    kind=st.sampled_from(["sms", "voice"]),
    purpose=st.sampled_from(Purpose).map(str),
    scheduled_at=st.none() | moments,
    expires_at=st.none() | moments,
    audience=st.sampled_from(["all", "tag", "file"]),
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=12),
    before=circumstances,
    after=circumstances,
    changed_flags=st.lists(flags, min_size=9, max_size=9),
    former=st.lists(second_numbers, min_size=9, max_size=9),
    moved=st.lists(second_numbers, min_size=9, max_size=9),
)
