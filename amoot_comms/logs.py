"""Structured logs on the standard library's handlers: one line an event, on standard error.

JSON where a machine reads it (`LOG_JSON`), readable columns elsewhere. Every line, of any library,
(the portal, Django, gunicorn, Celery), passes the mask of `common/masking.py` last.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog

from common.masking import Mask, drop_texts


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders an event, then masks the finished line: nothing can be added after it."""

    def __init__(self, *args: Any, secrets: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._mask = Mask(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(super().format(record))


def drop_refusals_traceback(record: logging.LogRecord) -> bool:
    """A filter that keeps every line: a refused request (403, 404, 400) is no fault to be traced."""
    if record.name == "django.request" and getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=[]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        drop_texts,
    ]


def _renderers(json: bool) -> list[Any]:
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if json:
        # Letters as they are, or `\u06f0…` would hide a Persian number from the mask.
        render = structlog.processors.JSONRenderer(ensure_ascii=False)
        return [drop_meta, structlog.processors.format_exc_info, render]
    return [
        drop_meta,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]


def logging_config(*, json: bool, level: str, secrets: tuple[str, ...] = ()) -> dict[str, Any]:
    """Django's LOGGING, also used by gunicorn and Celery. `secrets` are hidden wherever they occur."""
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": MaskingFormatter,
                "foreign_pre_chain": shared,
                "processors": _renderers(json),
                "secrets": secrets,
            }
        },
        "filters": {"refusals": {"()": lambda: drop_refusals_traceback}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # These bring handlers of their own, which would pass the mask by.
            name: {"handlers": [], "level": level_of or level, "propagate": True}
            for name, level_of in _OTHERS.items()
        },
    }


_OTHERS: dict[str, str | None] = {
    "django": None,
    # The request's own line says the same.
    "django.server": "WARNING",
    "gunicorn.error": None,
    "gunicorn.access": "WARNING",
    "celery": None,
    "axes": "WARNING",
}
