"""The form of the portal's own mails: plain text, and the same as a page in its language's direction."""

from __future__ import annotations

from email.utils import make_msgid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import mark_safe

from persian.jalali import is_persian

_PAGE = (
    '<!doctype html>\n<html lang="{}" dir="{}"><head><meta charset="utf-8"></head>\n<body>{}</body></html>\n'
)


def letter(
    *, to: list[str], subject: str, text: str, language: str, connection: Any = None
) -> EmailMultiAlternatives:
    """A mail that says it was sent by a machine, so that no absence note answers it (RFC 3834)."""
    headers = {
        "Auto-Submitted": "auto-generated",
        "Message-ID": make_msgid(domain=urlsplit(settings.SITE_URL).hostname or "localhost"),
    }
    message = EmailMultiAlternatives(subject, text, to=to, headers=headers, connection=connection)
    message.attach_alternative(as_page(text, language), "text/html")
    return message


def as_page(text: str, language: str) -> str:
    """The text as HTML; links can be followed, and nothing in it is taken for HTML."""
    body = mark_safe(linebreaks(urlize(text.strip(), autoescape=True)))  # noqa: S308  # nosec B308 B703
    direction = "rtl" if is_persian(language) else "ltr"
    return format_html(_PAGE, language, direction, body)
