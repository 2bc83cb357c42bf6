"""What was known of a customer at an instant: the ledger and the calls, read up to there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from contacts.models import ConsentEntry, Contact, Number, OptOutCall, WrittenWord


@dataclass(frozen=True, slots=True)
class OptionThen:
    """One of the two options at that instant, and the entry that said so last; None where there was none."""

    flag: ConsentEntry.Flag
    is_set: bool
    entry: ConsentEntry | None


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who had one of the customer's numbers then, and what they had refused."""

    contact: Contact
    flags: list[ConsentEntry.Flag]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known at `at`. `words` are the messages that restricted a number of the customer's then."""

    at: datetime
    options: list[OptionThen]
    call: OptOutCall | None
    words: list[WrittenWord]
    numbers: list[Number]
    others: list[Other]


def known_at(contact: Contact, at: datetime) -> Known:
    """What the portal knew of the customer's consent at the instant `at`, whatever was recorded since.

    An entry counts from the instant at which it was recorded. A number counts from when the customer gave it,
    also where the record carries it no longer (reading 10).
    """
    numbers = list(contact.numbers.filter(since__lte=at).order_by("since", "pk"))
    spelled = [row.number for row in numbers]
    open_then = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    undecided = Q(decided_at__isnull=True) | Q(decided_at__gt=at)
    meant = Q(meaning=WrittenWord.Meaning.OPT_OUT) | Q(sorted_at__lte=at)
    return Known(
        at=at,
        options=_options(contact, at),
        call=contact.calls.filter(open_then, opened_at__lte=at).select_related("opened_by").first(),
        words=list(
            WrittenWord.objects.filter(undecided, meant, number__in=spelled, recorded_at__lte=at).exclude(
                Q(meaning=WrittenWord.Meaning.OPT_IN)
            )
        ),
        numbers=numbers,
        others=_others(contact, spelled, at),
    )


def _options(contact: Contact, at: datetime) -> list[OptionThen]:
    last = {
        entry.flag: entry for entry in contact.ledger.filter(at__lte=at).select_related("by").order_by("pk")
    }
    found = [(flag, last.get(flag.value)) for flag in ConsentEntry.Flag]
    return [OptionThen(flag, entry is not None and entry.after, entry) for flag, entry in found]


def _others(contact: Contact, numbers: list[str], at: datetime) -> list[Other]:
    rows = Number.objects.filter(number__in=numbers, since__lte=at).exclude(contact=contact)
    found = []
    for other in Contact.objects.filter(pk__in=rows.values("contact")).order_by("pk"):
        flags = [option.flag for option in _options(other, at) if option.is_set]
        if flags:
            found.append(Other(other, flags))
    return found
