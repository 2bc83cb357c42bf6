"""Which column of a file is what, by its header in Persian or English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.wording import in_persian, listed, place_text
from persian.text import fold_line, search_key

FIELDS: Final = ("name", "mobile", "phone", "email", "company", "customer_no", "tags")

_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "name": (
        "name", "full name", "contact", "contact name", "customer", "customer name",
        "نام", "نام و نام خانوادگی", "نام خانوادگی و نام", "نام کامل", "نام مشتری", "مشتری",
        "نام مخاطب", "مخاطب",
    ),
    "family": ("last name", "family", "family name", "surname", "نام خانوادگی", "فامیل", "فامیلی"),
    "mobile": (
        "mobile", "mobile number", "mobile phone", "cell", "cell phone", "cellphone", "msisdn",
        "موبایل", "شماره موبایل", "تلفن همراه", "شماره تلفن همراه", "شماره همراه", "همراه", "موبایل مشتری",
    ),
    "phone": (
        "phone", "phone number", "telephone", "tel", "landline", "number",
        "تلفن", "شماره تلفن", "تلفن ثابت", "شماره ثابت", "ثابت", "شماره", "شماره تماس", "تلفن تماس",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "e-mail address",
        "ایمیل", "پست الکترونیک", "پست الکترونیکی", "رایانامه", "آدرس ایمیل", "نشانی ایمیل",
    ),
    "company": (
        "company", "organisation", "organization", "company name", "firm",
        "شرکت", "نام شرکت", "سازمان", "نام سازمان", "موسسه", "شرکت/سازمان", "شرکت / سازمان",
    ),
    "customer_no": (
        "customer_no", "customer no", "customer no.", "customer number", "customer id", "customer_id",
        "customer code", "شماره مشتری", "کد مشتری", "کد اشتراک", "شماره اشتراک", "شناسه مشتری",
    ),
    "tags": (
        "tags", "tag", "group", "groups", "label", "labels",
        "برچسب", "برچسب ها", "برچسب‌ها", "گروه", "گروه ها", "گروه‌ها", "گروه مشتری", "دسته", "دسته بندی",
    ),
}  # fmt: skip

_PERSIAN_TITLES: Final = {
    "name": "نام",
    "mobile": "موبایل",
    "phone": "تلفن",
    "email": "ایمیل",
    "company": "شرکت",
    "customer_no": "شماره مشتری",
    "tags": "برچسب",
}


def titles() -> list[str]:
    """How a file in the page's language names the columns; each is a header that is recognised."""
    return [title_of(field) for field in FIELDS]


def title_of(field: str) -> str:
    """A field's column in the page's language; what is no field of ours is returned as it is."""
    return _PERSIAN_TITLES.get(field, field) if in_persian() else field


def _key(header: str) -> str:
    return search_key(header).replace("_", " ").replace(" ", "").strip(":*")


_FIELD_OF: Final = {_key(header): field for field, headers in _HEADERS.items() for header in headers}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions (from 0) of the known fields; `first_name` and `family` together are a name."""

    position: dict[str, int]
    width: int
    ignored: tuple[str, ...]


def recognise(header: Sequence[str], row: int) -> Columns:
    """The columns of the header in row number `row`.

    Raises ValidationError if no column holds numbers, or two columns claim the same field.
    """
    position: dict[str, int] = {}
    ignored: list[str] = []
    width = 0
    for index, title in enumerate(header):
        if not fold_line(title):
            continue
        width = index + 1
        field = _FIELD_OF.get(_key(title))
        if field is None:
            ignored.append(fold_line(title)[:80])
        elif field in position:
            raise ValidationError(
                _("Row %(row)s: “%(one)s” and “%(other)s” are the same column. Keep one of them.")
                % {
                    "row": place_text(row),
                    "one": fold_line(header[position[field]]),
                    "other": fold_line(title),
                },
                code="column_twice",
            )
        else:
            position[field] = index
    if not position.keys() & {"mobile", "phone"}:
        found = "، ".join(title for title in (fold_line(cell)[:80] for cell in header) if title)[:300]
        raise ValidationError(
            _(
                "Row %(row)s has no column of numbers. The header must name “mobile” or “phone”"
                " (also: %(fields)s); it says: %(found)s"
            )
            % {"row": place_text(row), "fields": listed(titles()), "found": found or "—"},
            code="no_number_column",
        )
    return Columns(position, width, tuple(ignored))
