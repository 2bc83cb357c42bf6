"""Structured logs on the standard library's handlers."""

from __future__ import annotations

from typing import Any


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING: one line an event on standard error, JSON where a machine reads it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"console": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["console"], "level": level},
    }
