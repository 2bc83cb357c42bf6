"""What may happen in a sequence, as hypothesis draws it."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from messaging.audience.members import Audience, everybody, with_tag
from tests.messaging.helpers import from_lines
from tests.simulation.provider import Fate, Turn
from tests.simulation.reference import ANY_TIME

HOUR = 3600
PURPOSES = ("promotional", "notification", "survey")
MOBILES = tuple(f"+98912100000{n}" for n in range(5))
LANDLINE = "+982122000001"
STRANGERS = ("+989121000077", "+989121000088")
LINES = (*MOBILES[:3], MOBILES[0], LANDLINE, *STRANGERS, "سلام", "12")
DRAIN_ROUNDS = 20
# A little more than a lease, and than the period after which a call of unknown outcome is asked about.
QUIET_SECONDS = 61

every_day = st.tuples(st.sampled_from([0, 480, 720, 721]), st.sampled_from([722, 780, 1320, 1440])).map(
    lambda span: tuple((day, *span) for day in range(7))
)
# Noon of the first day is where every sequence begins.
some_day = st.sampled_from([(), ((0, 0, 722), (1, 480, 1440))]) | every_day
hours = st.sampled_from([True, True, True, False]).flatmap(
    lambda always: st.just(ANY_TIME) if always else some_day
)
which = st.integers(0, 5)


@dataclass(frozen=True)
class Edge:
    """So many seconds from the instant at which something begins or ends."""

    seconds: int


# The last instants of a lease, a deadline, an answer and a window are where mistakes live.
waits = st.sampled_from([1, 7, 8, 9, 21, 31, 61, 61, 61, 120, 16 * 60, HOUR, 24 * HOUR]) | st.sampled_from(
    [-29, -28, -22, -21, -20, -9, -1, 0, 1]
).map(Edge)


@dataclass(frozen=True)
class Wish:
    """What somebody submits; `starts` and `lives` in seconds."""

    purpose: str
    audience: str
    lines: tuple[str, ...]
    starts: int | None
    lives: int | None
    same_text: bool

    def meant(self) -> Audience:
        if self.audience == "file":
            return from_lines(["شماره", *self.lines], "f.csv")
        return everybody() if self.audience == "all" else with_tag("vip")


wishes = st.builds(
    Wish,
    purpose=st.sampled_from(["promotional", "promotional", "notification", "survey"]),
    audience=st.sampled_from(["all", "all", "all", "tag", "file"]),
    lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=5).map(tuple),
    starts=st.sampled_from([*[None] * 9, 30, 600, 26 * HOUR]),
    lives=st.sampled_from([*[None] * 7, 25, 300, 2 * HOUR, 30 * HOUR]),
    same_text=st.sampled_from([False, False, False, True]),
)
fates = st.sampled_from(
    [*Fate, *[Fate.ACCEPTED] * 4, *[Fate.LOST] * 3, Fate.DIES_AFTER, Fate.BATCH_REFUSED, Fate.HOURS]
)
# How long a provider takes at most (`GATEWAY_TIMEOUT_SECONDS`), and until it shows what it took:
# together no longer than the quiet period, else it could not be settled with at all.
some_turns = st.builds(
    Turn,
    fate=fates,
    taken=st.sampled_from([0, 1, 2, 5, 0xFF]),
    delay=st.sampled_from([0, 0, 7, 20]),
    lag=st.sampled_from([0, 0, 40]),
    meanwhile=st.sampled_from([*[""] * 6, "opted out", "opted out", "cancelled", "swept", "outage"]),
)
# Only a worker that was stopped in mid-call hears so late.
late_turns = st.builds(
    Turn,
    fate=fates,
    taken=st.sampled_from([0, 1, 2, 5, 0xFF]),
    meanwhile=st.sampled_from(["lease over", "settled", "settled and sent"]),
)
