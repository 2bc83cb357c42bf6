"""Who is on duty at the VOC desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from staff.models import User


@dataclass(frozen=True, slots=True)
class OnDuty:
    """The VOC expert whom a caller is transferred to, and the extension to name."""

    user: User
    name: str
    extension: str
    is_fallback: bool


def on_duty(now: datetime) -> OnDuty | None:
    """Who is on duty; None where nobody is, and the request is taken instead."""
    return None
