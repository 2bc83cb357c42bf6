"""The box of the opt-out call: what a colleague types, answered by the page's own fragment, beside bare SQL
that finds the same.

Ours goes through the whole portal but for the network: the session, the search, the record of each customer
shown, the template. Each turn is another colleague's, so that each writes its look-ups. Both go over one
connection in this process, in turns.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.test import Client

from benchmarks import people
from benchmarks.measure import note, percentile, report_limit, seconds
from benchmarks.searching import Query, asked, grow_vocabulary, kinds, milliseconds
from contacts.actions.search_words import refresh_search_words
from contacts.desk.looking_up import DIGITS
from contacts.models import Contact
from staff.models import User

# Those of the list's search for which the box looks.
KINDS: Final = ("whole numbers", "first names", "last names", "both names", "misspelled", "nobody")


def run(rows: int, repeat: int) -> None:
    people.fill(rows)
    refresh_search_words()
    grow_vocabulary()
    logging.getLogger("amoot_comms.request").setLevel(logging.WARNING)
    settings.OPT_OUT_LOOK_UPS_A_DAY = rows
    settings.ALLOWED_HOSTS = ["*"]
    clients = [_signed_in(f"colleague-{turn}") for turn in range(repeat)]
    chance = random.Random(rows)
    typed = {kind: pairs for kind, pairs in kinds(chance).items() if kind in KINDS}
    typed["last five digits"] = [_ending(one.address) for one in Contact.objects.order_by("pk")[:20]]
    ours: list[float] = []
    bare: list[float] = []
    for kind, pairs in typed.items():
        times = [_pair(client, text, query) for client in clients for text, query in pairs]
        # The first turn warms what the others find.
        kept = times[len(pairs) :] or times
        mine, other = [one for one, _bare in kept], [one for _ours, one in kept]
        note(f"{kind}: {milliseconds(mine)}, bare {milliseconds(other)}")
        ours += mine
        bare += other
    slowest = percentile(ours, 0.95), percentile(bare, 0.95)
    report_limit(f"box of the opt-out call, {rows:,}, 95 in 100", *slowest, 0.15, "s")


def _signed_in(username: str) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(User.objects.create(username=username))
    return client


def _pair(client: Client, text: str, query: Query) -> tuple[float, float]:
    """Seconds of both."""
    acts: list[Callable[[], object]] = [lambda: _answer(client, text), lambda: asked(query)]
    ours, bare = map(seconds, acts)
    return ours, bare


def _answer(client: Client, text: str) -> None:
    answer = client.post("/opt-out/", {"q": text})
    if answer.status_code != 200:
        raise RuntimeError(f"the box answered {answer.status_code}")


def _ending(number: str) -> tuple[str, Query]:
    digits = number[-DIGITS:]
    sql = "SELECT * FROM contacts_contact WHERE search_text LIKE %s ORDER BY id DESC LIMIT 51"
    return digits, (sql, [f"%{digits}%"])
