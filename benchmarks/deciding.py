"""What the desk's card says before a decision: the effect of each option, and whom the decision concerns,
beside a bare look at the customer's deliveries. Five deliveries a customer; companies as lists have them.
"""

from __future__ import annotations

import random
import statistics
from functools import partial
from typing import Final

from django.db import connection

from benchmarks import people, world
from benchmarks.measure import note, percentile, report_limit, seconds
from contacts.desk.concerned import colleagues, same_customer_no
from contacts.hooks import forecast_refusals
from contacts.models import Contact
from messaging.dispatch.clock import database_clock

ASKED: Final = 200
STATES: Final = ("queued", "accepted", "delivered", "delivered", "undelivered")
_DELIVERIES: Final = """
    INSERT INTO messaging_delivery (message_id, contact_id, address, state, reason, not_before, attempts,
                                    provider_id, provider_status, updated_at)
    SELECT %s, id, address, %s, '', now(), 0, '', '', now() FROM contacts_contact
"""
_BARE: Final = "SELECT id, state FROM messaging_delivery WHERE contact_id = %s"


def run(rows: int, repeat: int) -> None:
    people.fill(rows)
    world.empty_messages()
    now = database_clock()
    for state in STATES:
        message = world.submitted(rows, now=now)
        with connection.cursor() as cursor:
            cursor.execute(_DELIVERIES, [message.pk, state])
    world.vacuum()
    chance = random.Random(rows)
    first, last = (Contact.objects.order_by(key).values_list("pk", flat=True)[0] for key in ("pk", "-pk"))
    keys = {chance.randint(first, last) for _n in range(ASKED)}
    asked = list(Contact.objects.filter(pk__in=keys))
    ours = [seconds(partial(_card, one)) for _turn in range(repeat) for one in asked]
    bare = [seconds(partial(_look, one)) for _turn in range(repeat) for one in asked]
    note(f"effect and whom it concerns: half of them {statistics.median(ours) * 1_000:.1f} ms")
    slowest = percentile(ours, 0.99), percentile(bare, 0.99)
    report_limit(f"effect of a decision, {rows:,}, 99 in 100", *slowest, 0.1, "s")


def _card(contact: Contact) -> None:
    others = list(same_customer_no(contact)[:100])
    forecast_refusals([contact.pk, *(other.pk for other in others)], database_clock())
    colleagues(contact)


def _look(contact: Contact) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BARE, [contact.pk])
        cursor.fetchall()
