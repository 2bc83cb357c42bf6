"""Which column of a file is what, by its header in Persian or English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import in_persian, listed, place_text
from persian.text import fold_line, search_key

_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "name": (
        "name", "full name", "contact", "contact name", "customer", "customer name",
        "نام", "نام و نام خانوادگی", "نام خانوادگی و نام", "نام کامل", "نام مشتری", "مشتری",
        "نام مخاطب", "مخاطب", "display name",
    ),
    "first_name": ("first name", "given name", "نام کوچک"),
    "family": ("last name", "family", "family name", "surname", "نام خانوادگی", "فامیل", "فامیلی"),
    "mobile": (
        "mobile", "mobile number", "mobile phone", "cell", "cell phone", "cellphone", "msisdn",
        "mobile phone number", "primary phone",
        "موبایل", "شماره موبایل", "تلفن همراه", "شماره تلفن همراه", "شماره همراه", "همراه", "موبایل مشتری",
    ),
    "phone": (
        "phone", "phone number", "telephone", "tel", "landline", "number", "phone 1 - value",
        "business phone", "work phone", "company main phone",
        "تلفن", "شماره تلفن", "تلفن ثابت", "شماره ثابت", "ثابت", "شماره", "شماره تماس", "تلفن تماس",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "e-mail address", "e-mail 1 - value", "email 1 - value",
        "ایمیل", "پست الکترونیک", "پست الکترونیکی", "رایانامه", "آدرس ایمیل", "نشانی ایمیل",
    ),
    "company": (
        "company", "organisation", "organization", "company name", "firm",
        "organization name", "organization 1 - name",
        "شرکت", "نام شرکت", "سازمان", "نام سازمان", "موسسه", "شرکت/سازمان", "شرکت / سازمان",
    ),
    "customer_no": (
        "customer_no", "customer no", "customer no.", "customer number", "customer id", "customer_id",
        "customer code", "شماره مشتری", "کد مشتری", "کد اشتراک", "شماره اشتراک", "شناسه مشتری",
    ),
    "tags": (
        "tags", "tag", "group", "groups", "label", "labels", "categories",
        "group membership",
        "برچسب", "برچسب ها", "برچسب‌ها", "گروه", "گروه ها", "گروه‌ها", "گروه مشتری", "دسته", "دسته بندی",
    ),
}  # fmt: skip

# Columns that say who must not be sent to: with «yes» in it, or anything that is not «no» …
_REFUSALS: Final = (
    "do not contact", "do not send", "do not sms", "do not call", "dnc", "unsubscribed", "unsubscribe",
    "opt out", "opted out", "optout", "no sms", "no messages", "no marketing", "blacklist", "blacklisted",
    "عدم ارسال", "عدم ارسال پیامک", "عدم ارسال پیام", "عدم ارسال تبلیغات", "عدم دریافت پیامک",
    "لغو", "لغو ارسال", "لغو دریافت", "لغو عضویت", "لغو پیامک", "لغو ۱۱",
    "انصراف", "پیامک ارسال نشود", "پیام ارسال نشود", "پیام تبلیغاتی ارسال نشود", "هیچگونه پیامی ارسال نشود",
    "ارسال نشود", "تماس گرفته نشود",
    "لیست سیاه",
)  # fmt: skip
# … or with «no», for columns that ask the other way round.
_PERMISSIONS: Final = (
    "opt in", "opted in", "optin", "subscribed", "may contact", "sms consent", "marketing consent", "consent",
    "اجازه ارسال", "اجازه ارسال پیامک", "مجاز به ارسال", "رضایت دریافت پیامک", "رضایت به دریافت پیام",
    "دریافت پیامک",
)  # fmt: skip

_PERSIAN_TITLES: Final = {
    "name": "نام",
    "mobile": "موبایل",
    "phone": "تلفن",
    "email": "ایمیل",
    "company": "شرکت",
    "customer_no": "شماره مشتری",
    "tags": "برچسب",
}


# The columns that the report of refused rows adds: which row it was, where it is at fault, and why.
_REPORT_TITLES: Final = (
    ("refused row", "ردیف ردشده"),
    ("column at fault", "ستون ایراد"),
    ("why refused", "دلیل رد"),
)


def titles() -> list[str]:
    """How a file in the page's language names the columns; each is a header that is recognised."""
    return [title_of(field) for field in _PERSIAN_TITLES]


def title_of(field: str) -> str:
    """A field's column in the page's language; what is no field of ours is returned as it is."""
    return _PERSIAN_TITLES.get(field, field) if in_persian() else field


def report_titles() -> list[str]:
    """The three columns of the report of refused rows, in the page's language."""
    return [title[in_persian()] for title in _REPORT_TITLES]


def report_places(header: Sequence[str]) -> tuple[int, ...]:
    """Where these columns stand, in either language."""
    return tuple(place for place, title in enumerate(header) if _key(title) in _REPORT_KEYS)


def _key(header: str) -> str:
    return search_key(header).replace("_", " ").replace(" ", "").strip(":*")


_FIELD_OF: Final = {_key(header): field for field, headers in _HEADERS.items() for header in headers}
_REPORT_KEYS: Final = frozenset(_key(title) for pair in _REPORT_TITLES for title in pair)
_REFUSAL_KEYS: Final = frozenset(map(_key, _REFUSALS))
_PERMISSION_KEYS: Final = frozenset(map(_key, _PERMISSIONS))


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions (from 0) of the known fields; `first_name` and `family` together are a name.

    `refusals` and `permissions` are the columns that say who must, and who may not, be sent to; `report` are
    those that a report of refused rows added.
    """

    position: dict[str, int]
    width: int
    ignored: tuple[str, ...]
    refusals: tuple[int, ...] = ()
    permissions: tuple[int, ...] = ()
    report: tuple[int, ...] = ()


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names a column of numbers."""
    return any(_FIELD_OF.get(_key(cell)) in ("mobile", "phone") for cell in cells if cell.strip())


def recognise(header: Sequence[str], row: int) -> Columns:
    """The columns of the header in row number `row`.

    Raises ValidationError if no column holds numbers, or two columns claim the same field.
    """
    position: dict[str, int] = {}
    ignored: list[str] = []
    refusals: list[int] = []
    permissions: list[int] = []
    width = 0
    for index, title in enumerate(header):
        if not fold_line(title):
            continue
        width = index + 1
        key = _key(title)
        field = _FIELD_OF.get(key)
        if key in _REFUSAL_KEYS:
            refusals.append(index)
        elif key in _PERMISSION_KEYS:
            permissions.append(index)
        elif field is None and key not in _REPORT_KEYS:
            ignored.append(fold_line(title)[:80])
        elif field is None:
            continue
        elif field in position:
            raise _twice(row, header[position[field]], title)
        else:
            position[field] = index
    if not position.keys() & {"mobile", "phone"}:
        raise _no_numbers(header, row)
    report = report_places(header)
    return Columns(position, width, tuple(ignored), tuple(refusals), tuple(permissions), report)


def _twice(row: int, one: str, other: str) -> ValidationError:
    return ValidationError(
        _("Row %(row)s: “%(one)s” and “%(other)s” are the same column. Keep one of them.")
        % {"row": place_text(row), "one": fold_line(one), "other": fold_line(other)},
        code="column_twice",
    )


def _no_numbers(header: Sequence[str], row: int) -> ValidationError:
    found = "، ".join(title for title in (fold_line(cell)[:80] for cell in header) if title)[:300]
    return ValidationError(
        _(
            "Row %(row)s has no column of numbers. The header must name “mobile” or “phone”"
            " (also: %(fields)s); it says: %(found)s"
        )
        % {"row": place_text(row), "fields": listed(titles()), "found": found or "—"},
        code="no_number_column",
    )
