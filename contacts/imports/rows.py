"""One row of a file: checked and brought into the form in which it is stored, or refused with codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from common.wording import count_text
from contacts.imports.columns import Columns
from contacts.imports.table import FORMULA_MARK, TableRow
from contacts.search import search_text
from persian.digits import to_ascii
from persian.keys import compare_key
from persian.phones import InvalidNumber, is_mobile, normalise, normalise_mobile
from persian.text import fold_line, search_key

MAX_LENGTH: Final = {"name": 200, "company": 200, "customer_no": 40, "email": 254, "tags": 40}
# The length of the column.
VALUE_SHOWN: Final = 200
# The order in which a row's cells are handed on.
_CELLS: Final = ("name", "first_name", "family", "mobile", "phone", "email", "company", "customer_no", "tags")

_ERROR_VALUES: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
_WHOLE: Final = re.compile(r"([0-9]+)[.٫]0+\Z")
# How some programs write a number that is to stay text: ="0912…".
_TEXT_FORMULA: Final = re.compile(r'="[+0-9۰-۹٠-٩ -]+"')
# What people write where there is nothing.
_NOTHING: Final = frozenset(
    {
        "",
        *("-", "--", "---", "–", "—", "_", "0", "۰", "٠", ".", "/", "?", "؟"),
        *(
            "ندارد",
            "نداره",
            "ندارم",
            "خالی",
            "نامشخص",
            "NULL",
            "null",
            "Null",
            "None",
            "none",
            "N/A",
            "n/a",
            "NaN",
            "nan",
        ),
    }
)
_NO: Final = frozenset({"خیر", "نه", "نخیر", "no", "n", "false", "0", "ندارد"})
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


class RowReader:
    """Turns rows into persons or problems, and remembers which numbers the file has had."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        # a field without a column is taken from the empty cell behind the row's own
        self._pick = itemgetter(*(columns.position.get(name, columns.width) for name in _CELLS))
        self._numbers: set[str] = set()
        self._customer_nos: set[str] = set()

    def read(self, row: TableRow) -> Person | list[Problem] | None:
        """The row's person, or everything that is wrong with it, or None for a blank row."""
        problems: list[Problem] = []
        cells = ["" if cell in _NOTHING else cell for cell in map(str.strip, row.cells)]
        everything = "".join(cells)
        if not everything:
            return None
        width = self._columns.width
        if len(cells) > width or FORMULA_MARK in everything or "#" in everything:
            problems += _unusable(row, cells, self._columns)
            del cells[width:]
            cells = _without_unusable(cells)
        cells += [""] * (width + 1 - len(cells))
        problems += self._refusing(row)
        person = _person(row.number, self._pick(cells), problems)
        if not problems:
            self._repeated(person, problems)
        if problems:
            return problems
        self._numbers.add(person.address)
        if person.customer_no:
            self._customer_nos.add(compare_key(person.customer_no))
        return person

    def _refusing(self, row: TableRow) -> list[Problem]:
        """A row whose own list says that nothing is to be sent: a VOC expert records that, no import."""

        def said(places: tuple[int, ...]) -> list[str]:
            return [row.cells[place].strip() for place in places if place < len(row.cells)]

        flags = said(self._columns.refusals)
        refusing = [cell for cell in flags if cell not in _NOTHING and not _is_no(cell)]
        refusing += [cell for cell in said(self._columns.permissions) if _is_no(cell)]
        return [Problem(row.number, "", cell[:VALUE_SHOWN], "says_not_to_send") for cell in refusing[:1]]

    def hidden(self, row: TableRow) -> list[Problem] | None:
        """A row that a filter or somebody hid is not taken unseen."""
        said = next((cell for cell in map(str.strip, row.cells) if cell), None)
        return None if said is None else [Problem(row.number, "", said[:VALUE_SHOWN], "hidden_row")]

    def _repeated(self, person: Person, problems: list[Problem]) -> None:
        if person.address in self._numbers:
            column = "mobile" if person.mobile else "phone"
            problems.append(Problem(person.row, column, person.address, "duplicate"))
        elif person.customer_no and compare_key(person.customer_no) in self._customer_nos:
            problems.append(Problem(person.row, "customer_no", person.customer_no, "customer_no_repeated"))


def _is_no(cell: str) -> bool:
    return bool(cell) and search_key(cell) in _NO


def _without_unusable(cells: list[str]) -> list[str]:
    """Formulas and errors of a spreadsheet are named once; the row's other faults are named beside them."""
    return ["" if _is_formula(cell) or cell.upper() in _ERROR_VALUES else cell for cell in cells]


def _is_formula(cell: str) -> bool:
    return cell.startswith(FORMULA_MARK) and not _TEXT_FORMULA.fullmatch(cell)


def _unusable(row: TableRow, cells: list[str], columns: Columns) -> list[Problem]:
    """Cells that are no values, and cells beyond the header."""
    problems = []
    for name, index in columns.position.items():
        text = cells[index] if index < len(cells) else ""
        if _is_formula(text):
            problems.append(Problem(row.number, name, text[:VALUE_SHOWN], "formula"))
        elif text.upper() in _ERROR_VALUES:
            problems.append(Problem(row.number, name, text, "error_value"))
    beyond = next((cell for cell in row.cells[columns.width :] if cell.strip()), None)
    if beyond is not None:
        problems.append(Problem(row.number, "", beyond[:VALUE_SHOWN], "too_many_cells"))
    return problems


def _person(row: int, cells: tuple[str, ...], problems: list[Problem]) -> Person:
    """The person in a row's cells (in the order of `_CELLS`); what is wrong is added to `problems`."""
    named, first_name, family, *numbers = cells[:5]
    typed_email, typed_company, typed_no, typed_tags = cells[5:]
    typed_mobile, typed_phone = numbers
    typed_name = named or first_name
    mobile, phone = _numbers(row, typed_mobile, typed_phone, problems)
    email = fold_line(typed_email) if typed_email else ""
    if email and not _plausible_email(email):
        problems.append(Problem(row, "email", email[:VALUE_SHOWN], "email_wrong"))
    tags = _tags(typed_tags)
    name = _cached_line(f"{typed_name} {family}" if family else typed_name)
    company = _cached_line(typed_company) if typed_company else ""
    # a number that a spreadsheet made a decimal of: 127.0
    customer_no = _WHOLE.sub(r"\1", to_ascii(fold_line(typed_no))) if typed_no else ""
    if len(tags) > 20:
        problems.append(Problem(row, "tags", typed_tags[:VALUE_SHOWN], "too_many_tags"))
    if (
        len(name) > MAX_LENGTH["name"]
        or len(company) > MAX_LENGTH["company"]
        or len(customer_no) > MAX_LENGTH["customer_no"]
        or (tags and max(map(len, tags)) > MAX_LENGTH["tags"])
    ):
        problems += _too_long(row, tags, name, company, customer_no)
    return Person(row, name, company, customer_no, email, mobile, phone, tags)


def _too_long(row: int, tags: tuple[str, ...], name: str, company: str, customer_no: str) -> list[Problem]:
    values = [("tags", tag) for tag in tags]
    values += [("name", name), ("company", company), ("customer_no", customer_no)]
    return [
        Problem(row, field, value[:VALUE_SHOWN], "too_long")
        for field, value in values
        if len(value) > MAX_LENGTH[field]
    ]


def _numbers(
    row: int, typed_mobile: str, typed_phone: str, problems: list[Problem]
) -> tuple[str | None, str | None]:
    """Mobile and landline. A mobile in the landline's column is the mobile, if no other is given."""
    mobile = phone = None
    if typed_mobile:
        try:
            mobile = normalise_mobile(typed_mobile)
        except InvalidNumber as error:
            problems.append(Problem(row, "mobile", typed_mobile[:VALUE_SHOWN], error.code))
    if typed_phone:
        try:
            phone = normalise(typed_phone)
        except InvalidNumber as error:
            problems.append(Problem(row, "phone", typed_phone[:VALUE_SHOWN], error.code))
    if phone is not None and not typed_mobile and is_mobile(phone):
        return phone, None
    if phone == mobile:
        phone = None
    if mobile is None and phone is None and not problems:
        problems.append(Problem(row, "mobile", "", "number_missing"))
    return mobile, phone


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


def one_tag(text: str) -> str:
    """The tag that is put on every row of a list, '' for none. Raises ValidationError for what is no single
    tag, or longer than a tag may be."""
    tags = _tags("" if text.strip() in _NOTHING else text)
    if len(tags) > 1 or _TAG_SEPARATORS.search(text.strip()):
        raise ValidationError(_("Give one tag only, without a comma."), code="several_tags")
    tag = "".join(tags)
    if len(tag) > MAX_LENGTH["tags"]:
        raise ValidationError(
            _("A tag has at most %(limit)s characters.") % {"limit": count_text(MAX_LENGTH["tags"])},
            code="too_long",
        )
    return tag


@lru_cache(maxsize=4_096)
def with_tag(tags: tuple[str, ...], tag: str) -> tuple[str, ...]:
    """The tags of a row with the list's own, unless it is among them in any spelling."""
    return tags if not tag or compare_key(tag) in map(compare_key, tags) else (*tags, tag)


@lru_cache(maxsize=4_096)
def _tags(text: str) -> tuple[str, ...]:
    names = (fold_line(part) for part in _TAG_SEPARATORS.split(text))
    by_key: dict[str, str] = {}
    for name in names:
        if name:
            by_key.setdefault(compare_key(name), name)
    return tuple(by_key.values())
