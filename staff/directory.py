"""The staff directory: found by any spelling, in alphabetical order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from persian.alphabet import sort_key
from persian.text import search_key
from staff.models import Department, Employee


def directory(
    *,
    typed: str = "",
    department: Department | None = None,
    with_leavers: bool = False,
    today: date,
) -> list[Employee]:
    """The colleagues in alphabetical order. Leavers are left out unless asked for.

    A company's staff fits in memory; only so are spelling and Persian order what a reader expects.
    """
    rows = Employee.objects.directory()
    if not with_leavers:
        rows = rows.employed(today)
    if department is not None:
        rows = rows.filter(department=department)
    return alphabetical(person for person in rows if matches(person, typed))


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
