"""The box of the opt-out call: finds the caller, and is no directory of all customers.

1. A whole number in any spelling finds those who have or had exactly that number, first.
2. Names are found by folded parts and by similar words, as in the list (`contacts.finding`), numbers by their
   last digits. A number that is typed from its beginning is looked for once it is whole.
3. Each customer shown to somebody is one row a day (`LookUp`). Who may not see the customers anyway is shown
   `OPT_OUT_LOOK_UPS_A_DAY` of them; beyond that a whole number is answered without saying whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from audit.actions import record
from contacts.finding import find_customers
from contacts.matching import Sought
from contacts.models import Contact, LookUp, Restriction
from contacts.reasons import reason_text
from contacts.selectors import owners_of
from persian.jalali import tehran_date
from persian.phones import InvalidNumber, normalise
from staff.models import User

# Customers in one answer.
MATCHES: Final = 5
# What is typed at least: letters of a name, or digits of a number.
LETTERS: Final = 3
DIGITS: Final = 5
# A number in local form, as it is dictated from its zero on: until then strangers' begin alike.
_LOCAL_DIGITS: Final = 11


@dataclass(frozen=True, slots=True)
class CallerMatch:
    """A number (E.164) that the caller may have, and whose it is: all that the box shows of a customer.

    `contact` is None where nobody has the number or where the name is not shown. `is_former`: the customer
    gave the number once. `is_similar`: found by a word spelled otherwise.
    """

    number: str
    contact: Contact | None = None
    is_former: bool = False
    is_similar: bool = False
    stops_all: bool = False
    stops_promotional: bool = False


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The box's answer. `is_short`: too little was typed to look for anybody. `owners`: how many customers
    have or had the whole number. `is_unknown`: nobody has. `is_used_up`: somebody is not shown, since the
    day's look-ups are used up. `fault`: the code of what is wrong with a number that was typed in full.
    """

    matches: tuple[CallerMatch, ...] = ()
    has_more: bool = False
    owners: int = 0
    is_short: bool = False
    is_unknown: bool = False
    is_used_up: bool = False
    fault: str = ""

    @property
    def problem(self) -> str:
        return reason_text(self.fault) if self.fault else ""


def look_up(*, typed: str, by: User, now: datetime) -> LookedUp:
    """Find who is on the line by what `by` typed, and record each customer that is shown."""
    sought = Sought.typed(typed)
    if _is_short(sought):
        return LookedUp(is_short=True)
    owners = owners_of([sought.number]).get(sought.number, []) if sought.number else []
    found, has_more = _find(sought, typed, owners)
    may_show, is_out = _record(found, by, now)
    shown = [match for match in found if match.contact is not None and match.contact.pk in may_show]
    is_used_up = len(shown) < len(found)
    if sought.number and (is_used_up or not owners):
        # The answer is the same whether somebody has the number or not.
        is_used_up = is_used_up or is_out
        shown.append(CallerMatch(sought.number))
    return LookedUp(
        matches=tuple(with_stops(shown)),
        has_more=has_more and not is_used_up,
        owners=0 if is_used_up else len(owners),
        is_unknown=bool(sought.number) and not owners and not is_used_up,
        is_used_up=is_used_up,
        fault="" if found or sought.number else _fault(sought, typed),
    )


def with_stops(matches: Iterable[CallerMatch]) -> list[CallerMatch]:
    """The matches with what their customers do not get, by whosever word: the strictest one counts."""
    rows = [(match, _numbers(match)) for match in matches]
    wanted = {number for _match, numbers in rows for number in numbers}
    restricted = list(Restriction.objects.filter(address__in=wanted)) if wanted else []
    return [
        replace(
            match,
            stops_all=any(row.stops_all for row in restricted if row.address in numbers),
            stops_promotional=any(row.stops_promotional for row in restricted if row.address in numbers),
        )
        for match, numbers in rows
    ]


def was_shown(contact: Contact, by: User, now: datetime) -> bool:
    """Whether `by` may see whose number it is: sees the customers anyway, or was shown this one today."""
    if by.may("contacts.view_contact"):
        return True
    return LookUp.objects.filter(by=by, day=tehran_date(now), contact=contact).exists()


def _is_short(sought: Sought) -> bool:
    digits = sought.digits
    if digits is None:
        letters, others = sum(map(str.isalpha, sought.key)), sum(map(str.isdigit, sought.key))
        return letters < LETTERS and others < DIGITS
    is_beginning = digits.startswith("0") and len(digits) < _LOCAL_DIGITS
    return sought.number is None and (len(digits) < DIGITS or is_beginning)


def _find(sought: Sought, typed: str, owners: list[Contact]) -> tuple[list[CallerMatch], bool]:
    """At most `MATCHES` of them, the owners of the whole number first, and whether there are more."""
    number = sought.number
    page = find_customers(Contact.objects.all(), typed, size=MATCHES)
    found = {
        owner.pk: CallerMatch(number or "", owner, is_former=number not in (owner.mobile, owner.phone))
        for owner in owners
    }
    for row in page.rows:
        found.setdefault(row.pk, CallerMatch(row.address, row))
    for row in page.similar:
        found.setdefault(row.pk, CallerMatch(row.address, row, is_similar=True))
    matches = list(found.values())
    return matches[:MATCHES], page.has_next or len(matches) > MATCHES


def _record(found: list[CallerMatch], by: User, now: datetime) -> tuple[set[int], bool]:
    """Keep who is shown to `by`: the keys of those who may be, and whether the day's look-ups were used up
    before.

    One of a person's look-ups waits for another (the lock), so that no number of them at once shows more.
    """
    keys = [match.contact.pk for match in found if match.contact is not None]
    day = tehran_date(now)
    if by.may("contacts.view_contact"):
        _keep(keys, by, day, now)
        return set(keys), False
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        today = LookUp.objects.filter(by=by, day=day)
        left = max(settings.OPT_OUT_LOOK_UPS_A_DAY - today.count(), 0)
        known = set(today.filter(contact__in=keys).values_list("contact_id", flat=True))
        new = [key for key in keys if key not in known][:left]
        _keep(new, by, day, now)
        if new and len(new) == left:
            data = {"look_ups": settings.OPT_OUT_LOOK_UPS_A_DAY}
            record(by=by, action="contact.look_ups_used_up", obj=by, data=data, now=now)
    return known | set(new), left == 0


def _keep(keys: list[int], by: User, day: date, now: datetime) -> None:
    rows = [LookUp(by=by, day=day, contact_id=key, at=now) for key in keys]
    LookUp.objects.bulk_create(rows, ignore_conflicts=True)


def _numbers(match: CallerMatch) -> set[str]:
    if match.contact is None:
        return set()
    return {number for number in (match.number, match.contact.mobile, match.contact.phone) if number}


def _fault(sought: Sought, typed: str) -> str:
    """What is wrong with digits that should have been a whole number."""
    if sought.digits is None or len(sought.digits) < _LOCAL_DIGITS - 1:
        return ""
    try:
        normalise(typed)
    except InvalidNumber as error:
        return error.code
    return ""
