"""What the operators' commands share: bad input as one clear sentence, results as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError
from django.utils.dateparse import parse_datetime

from channels.models import Channel
from persian.jalali import TEHRAN

# The Jalali calendar, in which every time is shown, begins here.
FIRST_YEAR = 622


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an action's refusal into a `CommandError`, one fault a line, each with its field."""
    try:
        yield
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            lines = [f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts]
        else:
            lines = list(error.messages)
        raise CommandError("\n".join(lines)) from error
    except PermissionDenied as error:
        raise CommandError(str(error)) from error


def sending_channel(code: str) -> Channel:
    channel: Channel | None = Channel.objects.sending().filter(code=code).first()
    if channel is None:
        raise CommandError(f"No sending channel “{code}” is in use. Was `load_procedure` run?")
    return channel


def instant(text: str) -> datetime:
    """ISO 8601; without an offset it is Tehran's time."""
    try:
        value = parse_datetime(text)
        if value is not None:
            value = value if value.tzinfo else value.replace(tzinfo=TEHRAN)
            # The calendar's very ends have no equal in other zones: an overflow.
            value = value if value.astimezone(UTC).year > FIRST_YEAR else None
    except (ValueError, OverflowError):
        value = None
    if value is None:
        raise CommandError(
            f"“{text}” is no time; write it as 2026-11-23T08:30 or with an offset, …T08:30+03:30."
        )
    return value


def show(
    write: Callable[[str], Any], result: dict[str, Any], *, as_json: bool, text: Callable[[], str]
) -> None:
    write(json.dumps(result, ensure_ascii=False) if as_json else text())
