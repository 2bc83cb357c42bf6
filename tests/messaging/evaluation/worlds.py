"""Worlds for the twin: customers, a message, its audience, hours, outages, an override, an instant."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from common.media import Purpose
from contacts.models import Contact
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

# As many customers as a world has at most.
PEOPLE = 9
# (weekday, opens, closes), in minutes of the day
ALL_WEEK = tuple((day, 0, 1440) for day in range(7))

moments = st.integers(-48, 48).map(lambda halves: NOW + halves * timedelta(minutes=30))
FLAGS = ("no_promotional", "no_messages", "voc_call_open")
# Each by itself twice as often as another combination.
flags = st.sampled_from(
    [
        *itertools.product([False, True], repeat=3),
        *((n == 0, n == 1, n == 2) for n in range(4)),
    ]
).map(lambda values: dict(zip(FLAGS, values, strict=True)))
# A landline, or the mobile of somebody else.
second_numbers = st.none() | st.sampled_from([*LANDLINES, MOBILES[0]])


@st.composite
def customers(draw: st.DrawFn) -> list[Contact]:
    mobiles = draw(st.lists(st.sampled_from(MOBILES), unique=True, min_size=2, max_size=5))
    people = [Contact(mobile=m, phone=draw(second_numbers), **draw(flags)) for m in mobiles]
    for person in people:
        if person.phone == person.mobile:
            person.phone = None
    alone = draw(st.lists(st.sampled_from(LANDLINES), unique=True, max_size=2))
    people += [Contact(phone=p, **draw(flags)) for p in alone]
    for person in people:
        person.tags = ["vip"] if person is people[0] or draw(st.booleans()) else []
        person.created_at = person.updated_at = NOW
    return people


@dataclass(frozen=True)
class Circumstances:
    """What is told of a message at an instant; by itself, nothing stands in its way at any hour."""

    now: datetime = NOW
    hours: tuple[tuple[int, int, int], ...] = ALL_WEEK
    outage: bool = False
    paused: bool = False
    cancelled: bool = False
    override: dict[str, Any] | None = None


@dataclass(frozen=True)
class World:
    people: list[Contact]
    kind: str
    purpose: str
    scheduled_at: datetime | None
    expires_at: datetime | None
    audience: str
    lines: list[str]
    circumstances: Circumstances
    # By customer: a landline of before the message (None: none).
    former: list[str | None]
    moved: tuple[None, ...] = (None,) * PEOPLE


hours = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 8, 12]), st.sampled_from([13, 22, 24])), max_size=6
).map(lambda rows: tuple({day: (day, o * 60, c * 60) for day, o, c in rows}.values()))
approvals = st.fixed_dictionaries(
    {
        "approved_at": st.none() | st.integers(-24, 3).map(lambda h: NOW + h * HOUR),
        "life": st.integers(1, 40).map(lambda h: h * HOUR),
        "revoked": st.sampled_from([False, False, True]),
        "same_content": st.sampled_from([True, True, False]),
    }
)
# None of them as often as any one; and some at once.
obstacles = st.sampled_from(
    [*({},) * 4, {"outage": True}, {"paused": True}, {"cancelled": True}, {"outage": True, "paused": True}]
)
circumstances = st.builds(
    lambda now, hours, override, obstacles: Circumstances(now, hours, override=override, **obstacles),
    moments,
    st.just(ALL_WEEK) | hours | st.just(()),
    st.none() | st.none() | approvals,
    obstacles,
)
worlds = st.builds(
    World,
    people=customers(),
    kind=st.sampled_from(["sms", "voice"]),
    purpose=st.sampled_from(Purpose).map(str),
    scheduled_at=st.none() | st.none() | moments,
    expires_at=st.none() | st.none() | moments,
    audience=st.sampled_from(["all", "tag", "file"]),
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=12),
    circumstances=circumstances,
    former=st.lists(second_numbers, min_size=PEOPLE, max_size=PEOPLE),
)


@dataclass(frozen=True)
class ClaimWorld:
    """A message that may go now, planned for people who had refused nothing, and what they say since.

    `people` are at least three customers; of each, `flags` are the word since the plan, `former` a second
    number of before it, `moved` one that comes after it (None: none). `strangers` are numbers of the plan
    that no customer has.
    """

    people: list[Contact]
    flags: list[dict[str, bool]]
    former: list[str | None]
    moved: list[str | None]
    strangers: list[str]
    kind: str
    purpose: str
    override: dict[str, Any] | None


@st.composite
def claim_worlds(draw: st.DrawFn) -> ClaimWorld:
    kind = draw(st.sampled_from(["sms", "voice"]))
    mobiles = draw(st.lists(st.sampled_from(MOBILES), unique=True, min_size=3))
    people = [Contact(mobile=m, phone=draw(second_numbers)) for m in mobiles]
    for person in people:
        if person.phone == person.mobile:
            person.phone = None
    if kind == "voice":
        alone = draw(st.lists(st.sampled_from(LANDLINES), unique=True, max_size=2))
        people += [Contact(phone=p) for p in alone]
    for person in people:
        person.created_at = person.updated_at = NOW
    return ClaimWorld(
        people=people,
        flags=draw(st.lists(flags, min_size=len(people), max_size=len(people))),
        former=draw(st.lists(second_numbers, min_size=len(people), max_size=len(people))),
        moved=draw(st.lists(second_numbers, min_size=len(people), max_size=len(people))),
        strangers=draw(st.lists(st.sampled_from(["+989351234567", "+989351234568"]), unique=True)),
        kind=kind,
        purpose=draw(st.sampled_from(Purpose).map(str)),
        # Never pending: that holds the whole message, which is an obstacle of its own.
        override=draw(st.none() | approvals.filter(lambda o: o["approved_at"] or o["revoked"])),
    )
