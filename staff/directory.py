"""The staff directory: found by any spelling, in alphabetical order, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from persian.alphabet import sort_key
from persian.text import search_key
from staff.models import Department, Employee

PAGE_SIZE = 48


@dataclass(frozen=True, slots=True)
class Page:
    """Some colleagues; `after` is the key of the next page, None on the last one."""

    people: Sequence[Employee]
    total: int
    after: int | None


def directory(
    *,
    typed: str = "",
    department: Department | None = None,
    with_leavers: bool = False,
    after: int | None = None,
    today: date,
) -> Page:
    """One page of the directory behind the colleague `after`. Leavers are left out unless asked for.

    A company's staff fits in memory; only so are spelling and Persian order what a reader expects.
    """
    rows = Employee.objects.directory()
    if not with_leavers:
        rows = rows.employed(today)
    if department is not None:
        rows = rows.filter(department=department)
    people = alphabetical(person for person in rows if matches(person, typed))
    start = next((place + 1 for place, person in enumerate(people) if person.pk == after), 0)
    page = people[start : start + PAGE_SIZE]
    more = start + PAGE_SIZE < len(people)
    return Page(page, len(people), page[-1].pk if more else None)


def alphabetical(people: Iterable[Employee]) -> list[Employee]:
    return sorted(
        people, key=lambda person: (sort_key(person.last_name), sort_key(person.first_name), person.pk)
    )


def matches(person: Employee, typed: str) -> bool:
    """Whether every word typed occurs in the name, title, department, extension or e-mail address."""
    department = person.department
    known = search_key(
        " ".join(
            (
                person.full_name,
                person.job_title,
                department.name,
                department.name_en,
                person.extension,
                person.email,
            )
        )
    )
    joined = known.replace(" ", "")
    return all(word in known or word in joined for word in search_key(typed).split())
