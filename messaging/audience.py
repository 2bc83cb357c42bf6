"""Who is meant: everybody, a tag, or the numbers of a file. Parsed once, kept as JSON on the message."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.models import Contact
from messaging.labels import number as shown
from messaging.planning import EVERYBODY, Source, of_given_lines, tagged
from persian.phones import InvalidNumber, normalise
from persian.text import fold_line

MAX_LINES = 200_000
MAX_LINE = 64


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of an audience file as given, with its E.164 number ('' if it is none)."""

    raw: str
    address: str


@dataclass(frozen=True, slots=True)
class Audience:
    """`kind` is `all`, `tag` or `file`; `name` is the tag or the file's name."""

    kind: str
    name: str = ""
    lines: tuple[FileLine, ...] = ()

    def as_json(self) -> dict[str, Any]:
        if self.kind == "file":
            return {"kind": "file", "name": self.name, "lines": len(self.lines)}
        return {"kind": "tag", "tag": self.name} if self.kind == "tag" else {"kind": "all"}

    def source(self) -> Source:
        """The recipients, for a look before submission."""
        if self.kind == "file":
            return of_given_lines([line.raw for line in self.lines], [line.address for line in self.lines])
        return tagged(self.name) if self.kind == "tag" else EVERYBODY

    def check_not_empty(self) -> None:
        """Raises `ValidationError` naming the audience if nobody is in it."""
        if self.kind == "file":
            return  # an empty file is refused where it is read
        if self.kind == "tag" and not Contact.objects.tagged(self.name).exists():
            raise ValidationError(_("No customer has the tag “%(tag)s”.") % {"tag": self.name}, code="empty")
        if self.kind == "all" and not Contact.objects.exists():
            raise ValidationError(_("There are no customers yet; import some first."), code="empty")


def everybody() -> Audience:
    return Audience("all")


def with_tag(tag: str) -> Audience:
    """The customers with a tag, typed with any keyboard: `ك` finds what the import stored as `ک`."""
    return Audience("tag", fold_line(tag))


def from_lines(lines: Iterable[str], name: str) -> Audience:
    """Numbers, one a line (only the first column of a CSV counts); blank lines are passed over.

    A line that is no number stays, and becomes a recipient refused as `invalid_address`; a first
    line without any digit is a heading.
    """
    found: list[FileLine] = []
    for number, line in enumerate(lines, start=1):
        raw = (
            line.strip()
            .lstrip("\ufeff")
            .replace(";", ",")
            .replace("\t", ",")
            .split(",")[0]
            .strip()
            .strip('"')
        )
        if not raw or (not found and number == 1 and not any(c.isdigit() for c in raw)):
            continue
        if len(found) >= MAX_LINES:
            raise ValidationError(
                _("“%(name)s” has more than %(limit)s lines. Split it, or import it with a tag.")
                % {"name": name, "limit": shown(MAX_LINES)},
                code="too_long",
            )
        found.append(FileLine(raw[:MAX_LINE], _address(raw)))
    if not found:
        raise ValidationError(_("There is no number in “%(name)s”.") % {"name": name}, code="empty")
    return Audience("file", name, tuple(found))


def from_bytes(content: bytes, name: str) -> Audience:
    """The same from a file's bytes. Raises `ValidationError` if it is not UTF-8 text."""
    if b"\x00" in content:
        raise ValidationError(
            _("“%(name)s” is not a text file. Save the numbers as CSV or text, one a line.") % {"name": name},
            code="binary",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValidationError(
            _("“%(name)s” is not UTF-8: line %(line)s cannot be read. Save it as “CSV UTF-8”.")
            % {"name": name, "line": shown(line)},
            code="encoding",
        ) from error
    return from_lines(io.StringIO(text), name)


def _address(raw: str) -> str:
    try:
        return normalise(raw)
    except InvalidNumber:
        return ""
