"""What was known of a customer at an instant: the ledger and the calls, read up to there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
        options=_options([contact], at)[contact.pk],
        call=contact.calls.filter(open_then, opened_at__lte=at).select_related("opened_by").first(),
        words=list(
            WrittenWord.objects.filter(undecided, meant, number__in=spelled, recorded_at__lte=at).exclude(
                meaning=WrittenWord.Meaning.OPT_IN
            )
        ),
        numbers=numbers,
        others=_others(contact, spelled, at),
    )


def _options(contacts: Iterable[Contact], at: datetime) -> dict[int, list[OptionThen]]:
    """Both options of each of the customers, by their keys."""
    keys = [contact.pk for contact in contacts]
    entries = ConsentEntry.objects.filter(contact__in=keys, at__lte=at).select_related("by").order_by("pk")
    last = {(entry.contact_id, entry.flag): entry for entry in entries}
    found = [(key, flag, last.get((key, flag.value))) for key in keys for flag in ConsentEntry.Flag]
    options: dict[int, list[OptionThen]] = defaultdict(list)
    for key, flag, entry in found:
        options[key].append(OptionThen(flag, entry is not None and entry.after, entry))
    return options


def _others(contact: Contact, numbers: list[str], at: datetime) -> list[Other]:
    rows = Number.objects.filter(number__in=numbers, since__lte=at).exclude(contact=contact)
    people = list(Contact.objects.filter(pk__in=rows.values("contact")).order_by("pk"))
    options = _options(people, at)
    flags = [(other, [option.flag for option in options[other.pk] if option.is_set]) for other in people]
    return [Other(other, refused) for other, refused in flags if refused]
