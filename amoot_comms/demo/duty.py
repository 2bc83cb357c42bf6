"""The demo's duty roster: one expert on the working days, the other on Thursdays; each is a fallback."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contacts.duty.actions import add_shifts, set_fallbacks
from contacts.models.duty import Weekday
from staff.models import User

WORKING_WEEK: Final = (
    *(Weekday.SATURDAY, Weekday.SUNDAY, Weekday.MONDAY),
    *(Weekday.TUESDAY, Weekday.WEDNESDAY),
)
ALL_DAY: Final = (8 * 60, 17 * 60)
MORNING: Final = (8 * 60, 13 * 60)


def load_duty(users: dict[str, User], now: datetime) -> None:
    """As the VOC manager, who is another person than the experts."""
    manager, expert, other = (users[name] for name in ("voc-manager", "voc", "voc-2"))
    add_shifts(expert=expert, weekdays=WORKING_WEEK, hours=[ALL_DAY], by=manager, now=now)
    add_shifts(expert=other, weekdays=[Weekday.THURSDAY], hours=[MORNING], by=manager, now=now)
    set_fallbacks(first=other, second=expert, by=manager, now=now)
