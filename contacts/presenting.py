"""What the customers' pages show beside the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import Field
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from common.paging import PAGE_ROWS
from common.wording import listed, number_text
from contacts.consent.actions import NOTED
from contacts.consent.corrections import may_correct
from contacts.consent.effects import forecast_sentences
from contacts.finding import find_customers
from contacts.forms import CorrectionForm, ReasonForm
from contacts.hooks import RefusalForecast
from contacts.models import ConsentEntry, Contact
from contacts.querysets import ContactQuerySet
from staff.models import User

VERDICTS: dict[str, Promise] = {
    "new": _("new"),
    "changed": _("changed"),
    "unchanged": _("unchanged"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list by key, and on its first page those found by a similar word only; `previous` and `next`
    are query strings, empty where there is nothing."""

    rows: list[Contact]
    similar: list[Contact]
    previous: str
    next: str


def page_of(customers: ContactQuerySet, asked: dict[str, Any]) -> Page:
    """The customers found by `q`: the page behind the key `before`, or the one that ends before `after`."""
    found = find_customers(
        customers, asked.get("q", ""), size=PAGE_ROWS, before=asked.get("before"), after=asked.get("after")
    )
    return Page(
        found.rows,
        found.similar,
        _query(asked, after=found.rows[0].pk) if found.has_previous else "",
        _query(asked, before=found.rows[-1].pk) if found.has_next else "",
    )


def _query(asked: dict[str, Any], **key: int) -> str:
    kept = {name: value for name, value in asked.items() if name not in ("before", "after")}
    return "?" + urlencode({**kept, **key})


@dataclass(frozen=True, slots=True)
class QuickReason:
    """A reason that a press fills in, and its key on the desk (a letter of the English layout)."""

    words: str
    key: str


@dataclass(frozen=True, slots=True)
class Option:
    """One of the two options of C7.3 on the card, with the form that changes it.

    `wanted` is what the switch shows: the option itself, or what a refused form asked for. `effect` says
    beforehand what activating it stops.
    """

    flag: str
    words: str
    is_set: bool
    wanted: bool
    form: ReasonForm
    quick_reasons: list[QuickReason]
    effect: list[str]


_QUICK_TO_SET = (_("The customer asked by telephone."), _("The number belongs to somebody else now."))
_KEYS = {ConsentEntry.Flag.NO_PROMOTIONAL: "QW", ConsentEntry.Flag.NO_MESSAGES: "AS"}
_QUICK_TO_CLEAR = (_("The customer asked by telephone to get messages again."), _("It was set by mistake."))


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What an import changed of a customer: each field's label with its text before and after."""

    at: datetime
    file: str
    by: str
    changes: list[tuple[str, str, str]]


def import_changes_of(contact: Contact, limit: int = PAGE_ROWS) -> list[ImportLine]:
    """What imports changed of the customer, newest first."""
    rows = contact.import_changes.select_related("imported__by").order_by("-pk")[:limit]
    return [
        ImportLine(
            row.imported.finished_at or row.imported.created_at,
            row.imported.file_name,
            row.imported.by.display_name if row.imported.by else str(ConsentEntry.Source.COMMAND.label),
            [
                (str(_field(name).verbose_name), _shown(name, before), _shown(name, after))
                for name, (before, after) in row.changes.items()
            ],
        )
        for row in rows
    ]


def _field(name: str) -> Field[Any, Any]:
    return cast("Field[Any, Any]", Contact._meta.get_field(name))


def _shown(name: str, value: Any) -> str:
    if not value:
        return "–"
    if name in ("mobile", "phone"):
        return number_text(value)
    return listed(value) if name == "tags" else str(value)


def options_of(
    contact: Contact, bound: dict[str, ReasonForm] | None = None, effects: dict[str, list[str]] | None = None
) -> list[Option]:
    """Both options; `bound` holds a form that was refused, `effects` what each would stop, by its flag."""
    effects = effects or {}
    return [
        _option(contact, flag, (bound or {}).get(flag.value), effects.get(flag.value, []))
        for flag in ConsentEntry.Flag
    ]


def effects_of(forecast: RefusalForecast) -> dict[str, list[str]]:
    """What activating each option would stop, in sentences by its flag."""
    return {
        ConsentEntry.Flag.NO_PROMOTIONAL.value: forecast_sentences(forecast.promotional),
        ConsentEntry.Flag.NO_MESSAGES.value: forecast_sentences(forecast.everything),
    }


def _option(
    contact: Contact, flag: ConsentEntry.Flag, refused: ReasonForm | None, effect: list[str]
) -> Option:
    is_set: bool = getattr(contact, flag.value)
    return Option(
        flag=flag.value,
        words=str(flag.label),
        is_set=is_set,
        wanted=refused.data.get("value") == "1" if refused else is_set,
        form=refused or ReasonForm(prefix=flag.value),
        quick_reasons=[
            QuickReason(str(words), key)
            for words, key in zip(_QUICK_TO_CLEAR if is_set else _QUICK_TO_SET, _KEYS[flag], strict=True)
        ],
        effect=[] if is_set else effect,
    )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A change of an option, or a note to it, as the card and the back office show it.

    `corrects` is when the entry was made that it sets right; `entry` is empty for a note; `correction` is the
    form by which the reader may set it right.
    """

    at: datetime
    words: str
    reason: str
    by: str
    source: str
    entry: ConsentEntry | None = None
    corrects: datetime | None = None
    correction: CorrectionForm | None = None


def history_of(contact: Contact, limit: int = PAGE_ROWS) -> list[HistoryLine]:
    """What the customer refused and allowed, with the notes; newest first."""
    entries = contact.ledger.select_related("by", "corrects").order_by("-pk")[:limit]
    lines = [
        HistoryLine(
            entry.at,
            _words_of(entry.get_flag_display(), _("activated") if entry.after else _("deactivated")),
            entry.reason,
            entry.by.display_name,
            entry.get_source_display(),
            entry,
            entry.corrects.at if entry.corrects else None,
        )
        for entry in entries
    ]
    lines += [_note_line(note) for note in _notes(contact)[:limit]]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:limit]


def correctable_history(
    contact: Contact, reader: User, now: datetime, refused: dict[int, CorrectionForm] | None = None
) -> list[HistoryLine]:
    """The same with the forms by which `reader` may correct the last entry of each option; `refused` are
    those filled in wrongly, by their entry."""
    lines, corrected = [], set()
    for line in history_of(contact):
        if line.entry is not None and line.entry.flag not in corrected:
            corrected.add(line.entry.flag)
            if may_correct(entry=line.entry, by=reader, now=now):
                form = (refused or {}).get(line.entry.pk) or CorrectionForm(prefix=f"entry{line.entry.pk}")
                line = replace(line, correction=form)
        lines.append(line)
    return lines


def _notes(contact: Contact) -> Any:
    about = Entry.objects.about(contact._meta.label_lower, str(contact.pk))
    return about.filter(action=NOTED).order_by("-pk")


def _note_line(note: Entry) -> HistoryLine:
    author = User.objects.filter(username=note.actor).first()
    flag = ConsentEntry.Flag(note.data["flag"])
    by = author.display_name if author else note.actor
    return HistoryLine(note.at, _words_of(flag.label, _("note")), note.data["reason"], by, "")


def _words_of(option: Any, act: Any) -> str:
    return f"{option}: {act}"
