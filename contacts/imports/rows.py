"""One row of a file: checked and brought into the form in which it is stored, or refused with codes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from contacts.imports.columns import Columns
from contacts.imports.table import FORMULA_MARK, Row
from contacts.numbers import InvalidNumber, is_mobile, normalise, normalise_mobile
from contacts.search import search_text
from persian.digits import to_ascii
from persian.text import fold_line

MAX_LENGTH: Final = {"name": 200, "company": 200, "customer_no": 40, "email": 254, "tags": 40}
MAX_TAGS: Final = 20
VALUE_SHOWN: Final = 200

_ERROR_VALUES: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
_TAG_SEPARATORS: Final = re.compile(r"[,،;؛|/\n]")
# What nearly every address looks like; the others are left to Django's validator, which takes its time.
_PLAIN_EMAIL: Final = re.compile(
    r"[a-z0-9_+-]{1,60}(?:\.[a-z0-9_+-]{1,60}){0,3}@(?:[a-z0-9](?:-?[a-z0-9]){0,30}\.){1,4}[a-z]{2,12}",
    re.IGNORECASE | re.ASCII,
)
_email_is_wrong = EmailValidator()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: the column, the cell as in the file (cut), a code of `contacts.reasons`."""

    row: int
    field: str
    value: str
    code: str


class Person(NamedTuple):
    """A row that can be stored. Empty text and None mean: the file says nothing about it."""

    row: int
    name: str
    company: str
    customer_no: str
    email: str
    mobile: str | None
    phone: str | None
    tags: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.mobile or self.phone or ""

    @property
    def search_text(self) -> str:
        return search_text(self.name, self.company, self.customer_no, self.mobile, self.phone)


@dataclass(slots=True)
class Reader:
    """Turns rows into persons or problems, and remembers which numbers the file has had."""

    columns: Columns
    _numbers: set[str] = field(default_factory=set)
    _customer_nos: set[str] = field(default_factory=set)

    def read(self, row: Row) -> Person | list[Problem] | None:
        """The row's person, or everything that is wrong with it, or None for a blank row."""
        cells = row.cells
        if not any(map(str.strip, cells)):
            return None
        texts = {
            name: cells[index].strip() if index < len(cells) else ""
            for name, index in self.columns.position.items()
        }
        problems = _unusable(row, texts, self.columns.width)
        if problems:
            return problems
        person = _person(row.number, texts, problems)
        if not problems:
            self._repeated(person, problems)
        if problems:
            return problems
        self._numbers.add(person.address)
        if person.customer_no:
            self._customer_nos.add(person.customer_no)
        return person

    def _repeated(self, person: Person, problems: list[Problem]) -> None:
        if person.address in self._numbers:
            column = "mobile" if person.mobile else "phone"
            problems.append(Problem(person.row, column, person.address, "duplicate"))
        elif person.customer_no in self._customer_nos:
            problems.append(Problem(person.row, "customer_no", person.customer_no, "customer_no_repeated"))


def _unusable(row: Row, texts: dict[str, str], width: int) -> list[Problem]:
    """Cells that are no values, and cells beyond the header."""
    problems = []
    for name, text in texts.items():
        first = text[:1]
        if first == FORMULA_MARK:
            problems.append(Problem(row.number, name, text[:VALUE_SHOWN], "formula"))
        elif first == "#" and text.upper() in _ERROR_VALUES:
            problems.append(Problem(row.number, name, text, "error_value"))
    if len(row.cells) <= width:
        return problems
    beyond = next((cell for cell in row.cells[width:] if cell.strip()), None)
    if beyond is not None:
        problems.append(Problem(row.number, "", beyond[:VALUE_SHOWN], "too_many_cells"))
    return problems


def _person(row: int, texts: dict[str, str], problems: list[Problem]) -> Person:
    def refuse(name: str, value: str, code: str) -> None:
        problems.append(Problem(row, name, value[:VALUE_SHOWN], code))

    def short(name: str, value: str) -> str:
        if len(value) > MAX_LENGTH[name]:
            refuse(name, value, "too_long")
        return value

    mobile, phone = _numbers(row, texts, problems)
    email = _cached_line(texts.get("email", ""))
    if email and not _plausible_email(email):
        refuse("email", email, "email_wrong")
    tags = _tags(texts.get("tags", ""))
    if len(tags) > MAX_TAGS:
        refuse("tags", texts["tags"], "too_many_tags")
    for tag in tags:
        short("tags", tag)
    return Person(
        row=row,
        name=short("name", _full_name(texts)),
        company=short("company", _cached_line(texts.get("company", ""))),
        customer_no=short("customer_no", to_ascii(fold_line(texts.get("customer_no", "")))),
        email=email,
        mobile=mobile,
        phone=phone,
        tags=tags,
    )


def _numbers(row: int, texts: dict[str, str], problems: list[Problem]) -> tuple[str | None, str | None]:
    """Mobile and landline. A mobile in the landline's column is the mobile, if no other is given."""
    mobile = phone = None
    for name, read in (("mobile", normalise_mobile), ("phone", normalise)):
        typed = texts.get(name, "")
        if not typed:
            continue
        try:
            number = read(typed)
        except InvalidNumber as error:
            problems.append(Problem(row, name, typed[:VALUE_SHOWN], error.code))
            continue
        if name == "mobile" or (mobile is None and not texts.get("mobile") and is_mobile(number)):
            mobile = number
        elif number != mobile:
            phone = number
    if mobile is None and phone is None and not problems:
        problems.append(Problem(row, "mobile", "", "number_missing"))
    return mobile, phone


def _full_name(texts: dict[str, str]) -> str:
    return _cached_line(f"{texts.get('name', '')} {texts.get('family', '')}")


def _plausible_email(email: str) -> bool:
    if len(email) > MAX_LENGTH["email"]:
        return False
    if _PLAIN_EMAIL.fullmatch(email):
        return True
    try:
        _email_is_wrong(email)
    except ValidationError:
        return False
    return True


# Names, companies and tags repeat themselves through a file.
@lru_cache(maxsize=16_384)
def _cached_line(text: str) -> str:
    return fold_line(text)


@lru_cache(maxsize=4_096)
def _tags(text: str) -> tuple[str, ...]:
    names = (fold_line(part) for part in _TAG_SEPARATORS.split(text))
    return tuple(dict.fromkeys(name for name in names if name))
