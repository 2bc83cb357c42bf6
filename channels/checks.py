"""System checks of the channels' settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_hours_are_limited(**_kwargs: Any) -> list[CheckMessage]:
    """Outside development the procedure's hours bind (C7.6, reading 11)."""
    if not settings.OPEN_PROCEDURE_HOURS or settings.DEVELOPMENT:
        return []
    return [
        Error(
            "OPEN_PROCEDURE_HOURS lifts the hours of C7.6.",
            hint="It is for benchmarks and tests; take it out of the environment.",
            id="channels.E001",
        )
    ]
