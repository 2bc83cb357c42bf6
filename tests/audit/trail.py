"""A trail with entries and seals, an intruder, and the verdict about it."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from audit import heads
from audit.actions import record
from audit.sealing import seal_entries
from audit.signing import public_keys
from audit.verifying import verify_trail
from tests.guards import unguarded

MINUTE = timedelta(minutes=1)


def now():
    """The real one: the database writes down by its own clock when an entry came."""
    return datetime.now(UTC)


def tell(count=1, *, at=None, action="contact.opt_out_set"):
    with transaction.atomic():
        return [
            record(
                by=None,
                action=action,
                object_type="contacts.contact",
                object_id=number,
                data={"flag": "no_promotional", "n": number, "متن": "٪ «س»"},
                now=at or now(),
            )
            for number in range(count)
        ]


def check(*, at=None, file=True, **options):
    return verify_trail(now=at or now(), keys=public_keys(), file=heads.place() if file else None, **options)


def found(**options):
    fault = check(**options).fault
    assert fault is not None
    return fault.kind, fault.entry_id


@contextmanager
def intruder():
    """The database's superuser, whom no trigger holds."""
    with unguarded(), connection.cursor() as cursor:
        yield cursor


def two_seals():
    """Entries under a first seal, and others under a second."""
    first = tell(2)
    seal_entries(now=now())
    second = tell(3)
    seal_entries(now=now())
    return first, second


def cut_the_end(after):
    """Links after that one, their entries and their seals, gone without a trace in the database."""
    with intruder() as cursor:
        cursor.execute("DELETE FROM audit_link WHERE id > %s", [after])
        cursor.execute("DELETE FROM audit_entry WHERE id NOT IN (SELECT entry_id FROM audit_link)")
        cursor.execute("DELETE FROM audit_seal WHERE links > %s", [after])
