"""The table of duties: what the workers do from time to time, whichever engine drives them.

Celery (`amoot_comms/celery.py`) and the worker without a broker (`amoot_comms/brokerless.py`) are both made
from it. Every duty finds its work in the tables and may be done by both at once: a lock, or an update whose
condition is the row's former state, lets one of them have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.core.management import call_command

from accounts.own_sessions import forget_ended
from audit.nightly import verify_if_due
from audit.sealing import seal_if_keyed
from channels.notifications import notify
from contacts.actions.import_rounds import forget_old_imports, resume_imports
from contacts.actions.search_words import refresh_search_words
from contacts.desk.actions import give_back_idle
from contacts.desk.reminders import remind_late_calls
from messaging import turns
from messaging.audience.kept_progress import count_wanted
from messaging.compose.drafts import AUDIENCE_FILES
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import recover
from staff.actions.employees import disable_departed
from staff.outbox import deliver

Act = Callable[..., object]

HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Duty:
    """`act` is called every so many seconds, at once again where it gives True, and for each channel by its
    code if `by_channel`.

    `lane`: without Celery the duties of a lane take turns in one thread, which is the channel's own if they
    are by channel; so a slow one delays its own lane only. `queue`: Celery's; None is the channel's own.
    """

    name: str
    every: int
    lane: str
    act: Act
    by_channel: bool = False
    queue: str | None = "default"

    def calls(self, codes: Iterable[str]) -> list[tuple[str, ...]]:
        return [(code,) for code in codes] if self.by_channel else [()]


def _now(act: Act) -> Act:
    return lambda: act(now=database_clock())


def clear_expired() -> None:
    """Delete sessions that ended, and audience files that were looked at and never sent."""
    call_command("clearsessions")
    forget_ended()
    AUDIENCE_FILES.forget_old(now=database_clock())


_of_channel = partial(Duty, by_channel=True)

DUTIES: Final = (
    _of_channel("messaging.dispatch", 2, "dispatch", turns.dispatch, queue=None),
    # Not on the channel's queue: while a large campaign is sent, two minutes of turns of the pump wait there.
    _of_channel("messaging.plan", 2, "plan", turns.plan),
    _of_channel("messaging.settle", 5, "answers", turns.settle),
    _of_channel("messaging.poll", 5, "answers", turns.poll),
    _of_channel("messaging.compare", HOUR, "comparison", turns.compare),
    Duty("messaging.recover", 5, "messages", _now(recover)),
    Duty("messaging.count_progress", 1, "messages", _now(count_wanted)),
    Duty("channels.notify", 10, "mail", _now(notify)),
    Duty("staff.send_mails", 10, "mail", _now(deliver)),
    Duty("contacts.give_back_idle", 60, "upkeep", _now(give_back_idle)),
    Duty("contacts.remind_late_calls", 60, "upkeep", _now(remind_late_calls)),
    Duty("contacts.resume_imports", 60, "imports", _now(resume_imports)),
    Duty("audit.verify", HOUR, "verification", _now(verify_if_due)),
    Duty("audit.seal", 60, "upkeep", _now(seal_if_keyed)),
    Duty("contacts.forget_old_imports", HOUR, "upkeep", _now(forget_old_imports)),
    Duty("contacts.refresh_search_words", HOUR, "upkeep", refresh_search_words),
    Duty("staff.disable_departed", HOUR, "upkeep", _now(disable_departed)),
    Duty("portal.clear_expired", HOUR, "upkeep", clear_expired),
)
