"""The search of customers, by what people type, beside the bare SQL that answers the same.

Both go over one connection in this process, in turns. The bare query of a misspelled name is the one for the
name spelled rightly.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import Any, Final

from django.db import connection

from benchmarks import people
from benchmarks.measure import note, percentile, report_growth, report_limit, seconds
from contacts.actions.search_words import refresh_search_words
from contacts.finding import find_customers
from contacts.models import Contact
from persian.digits import to_persian
from persian.phones import local_form
from persian.text import search_key

# A page, and the row that tells of the next one.
SIZE: Final = 50
ASKED: Final = 20

Query = tuple[str, list[Any]]


def run(rows: int, repeat: int) -> None:
    people.fill(rows)
    taken = seconds(refresh_search_words)
    note(f"the words of {rows:,} customers are refreshed in {taken:.1f} s")
    grow_vocabulary()
    chance = random.Random(rows)
    ours: list[float] = []
    bare: list[float] = []
    for kind, typed in kinds(chance).items():
        times = [_pair(text, query) for _turn in range(repeat) for text, query in typed]
        # The first turn warms what the others find.
        kept = times[len(typed) :] or times
        mine, other = [one for one, _bare in kept], [one for _ours, one in kept]
        note(f"{kind}: {milliseconds(mine)}, bare {milliseconds(other)}")
        ours += mine
        bare += other
    report_limit(f"search of {rows:,}, 95 in 100", percentile(ours, 0.95), percentile(bare, 0.95), 0.15, "s")
    growth = percentile(ours, 0.95) * 1_000, percentile(bare, 0.95) * 1_000
    report_growth("the same beside the bare query", *growth, 2, "ms")


def _pair(text: str, query: Query) -> tuple[float, float]:
    """Seconds of both, who goes first by turns."""
    acts: list[Callable[[], object]] = [
        lambda: find_customers(Contact.objects.all(), text, size=SIZE),
        lambda: asked(query),
    ]
    ours, bare = map(seconds, acts)
    return ours, bare


def asked(query: Query) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(*query)
        rows: list[Any] = cursor.fetchall()
        return rows


def milliseconds(times: list[float]) -> str:
    return f"{statistics.median(times) * 1_000:.0f} ms, 95 in 100 {percentile(times, 0.95) * 1_000:.0f}"


def kinds(chance: random.Random) -> dict[str, list[tuple[str, Query]]]:
    """What was typed, by kind, each with its bare query."""
    last = Contact.objects.order_by("-pk").values_list("pk", flat=True)[0]
    first = Contact.objects.order_by("pk").values_list("pk", flat=True)[0]
    keys = {chance.randint(first, last) for _n in range(ASKED)}
    known = list(Contact.objects.filter(pk__in=keys))
    words = [search_key(one.name).split() for one in known]
    return {
        "whole numbers": [
            (_spelled(one.address, n), ("SELECT * FROM contacts_contact WHERE address = %s", [one.address]))
            for n, one in enumerate(known)
        ],
        "customer numbers": [(one.customer_no, _like(one.customer_no.lower())) for one in known],
        "last four digits": [(one.address[-4:], _like(one.address[-4:])) for one in known],
        "first names": [(name[0], _like(name[0])) for name in words],
        "last names": [(name[-1], _like(name[-1])) for name in words],
        "both names": [(" ".join(name), _like(*name)) for name in words],
        "beginnings": [(name[0][:2], _like(name[0][:2])) for name in words],
        "misspelled": [
            (_misspelled(name[-1]), _like(name[-1])) for name in words if _misspelled(name[-1]) != name[-1]
        ],
        "nobody": [(f"{name[0]} ناپیدا{n}", _like(name[0], f"ناپیدا{n}")) for n, name in enumerate(words)],
    }


def _like(*words: str) -> Query:
    """Every word as part, the newest first."""
    parts = " AND ".join(["search_text LIKE %s"] * len(words))
    limit = f"ORDER BY id DESC LIMIT {SIZE + 1}"
    return f"SELECT * FROM contacts_contact WHERE {parts} {limit}", [f"%{word}%" for word in words]


def _spelled(mobile: str, place: int) -> str:
    local = local_form(mobile)
    return (local, mobile, to_persian(local), f"{local[:4]} {local[4:7]} {local[7:]}")[place % 4]


def _misspelled(word: str) -> str:
    return word[:2] + word[3:]


def grow_vocabulary() -> None:
    """Some 50,000 words more: real companies have more names than these lists."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_searchword (word) SELECT a || b || c || d FROM"
            " unnest(string_to_array('با تو شی را مه کا نا سر گل دا پر زا وا هم ار', ' ')) a,"
            " unnest(string_to_array('ری نو مان دل کو سا بی تا خو فر ژا لی نه چی غا', ' ')) b,"
            " unnest(string_to_array('ن م ر ی د ل ک ت س پ ب ز و ه ش', ' ')) c,"
            " unnest(string_to_array('ی ان ه وند ور', ' ') || ARRAY['', 'یان', 'لو', 'چی', 'گر', 'بان', 'ین',"
            " 'ام', 'ار', 'ش']) d ON CONFLICT DO NOTHING"
        )
        cursor.execute("ANALYZE contacts_searchword")
