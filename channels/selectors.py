"""The register as its pages show it: each channel with its hours and state at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from channels.limits import hours_of as in_force
from channels.models import PURPOSES, Channel, Kind, Outage, SendingWindow
from channels.windows import WeeklyWindows, clock_text
from common.media import BY_MEDIUM, Purpose


@dataclass(frozen=True, slots=True)
class Day:
    """A weekday with its intervals as texts, (`08:00`, `22:00`); none means closed."""

    weekday: int
    label: str
    spans: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SendingHours:
    """The windows of one purpose, and where `now` stands in them.

    `until` is when the open window closes (None: never), or when the next one opens (None: never).
    `any_hour` is true where no windows are on record and none are needed.
    """

    purpose: Purpose
    days: tuple[Day, ...]
    any_hour: bool
    is_open: bool
    until: datetime | None

    @property
    def purpose_name(self) -> str:
        return str(PURPOSES[self.purpose])

    @property
    def same_every_day(self) -> tuple[tuple[str, str], ...] | None:
        """The spans that all seven days share, or None."""
        first = self.days[0].spans
        return first if first and all(day.spans == first for day in self.days) else None


@dataclass(frozen=True, slots=True)
class ChannelState:
    channel: Channel
    outages: tuple[Outage, ...]
    hours: tuple[SendingHours, ...]

    @property
    def is_sending(self) -> bool:
        return bool(self.hours)

    @property
    def promotional(self) -> SendingHours | None:
        """The hours that the procedure limits (C7.6)."""
        return next((hours for hours in self.hours if hours.purpose is Purpose.PROMOTIONAL), None)


def hours_of(channel: Channel, purpose: Purpose, now: datetime) -> SendingHours:
    """The hours of one purpose on a channel at `now`."""
    windows = in_force(channel, purpose)
    days = _days(windows)
    if windows is None:
        # A promotional message without hours on record waits (C7.6); others go at any hour (reading 1).
        any_hour = purpose is not Purpose.PROMOTIONAL
        return SendingHours(purpose, days, any_hour, any_hour, None)
    is_open = windows.is_open(now)
    until = windows.closes_at(now) if is_open else windows.next_open(now)
    return SendingHours(purpose, days, False, is_open, until)


def _days(windows: WeeklyWindows | None) -> tuple[Day, ...]:
    rows = windows.intervals() if windows is not None else []
    spans = {
        day: tuple((clock_text(o), clock_text(c)) for weekday, o, c in rows if weekday == day)
        for day in SendingWindow.Weekday
    }
    return tuple(Day(day.value, str(day.label), spans[day]) for day in SendingWindow.Weekday)


def state_of(channel: Channel, outages: Iterable[Outage], now: datetime) -> ChannelState:
    purposes = Purpose if channel.kind in BY_MEDIUM else ()
    hours = tuple(hours_of(channel, purpose, now) for purpose in purposes)
    return ChannelState(channel, tuple(outages), hours)


def register_by_kind(now: datetime) -> list[tuple[str, list[ChannelState]]]:
    """The whole register, in the procedure's order, grouped under each kind's name."""
    is_open: dict[int, list[Outage]] = {}
    for outage in Outage.objects.open().order_by("started_at", "id"):
        is_open.setdefault(outage.channel_id, []).append(outage)
    states = [state_of(row, is_open.get(row.pk, ()), now) for row in Channel.objects.register()]
    places = {kind.value: place for place, kind in enumerate(Kind)}
    states.sort(key=lambda state: (places[state.channel.kind], state.channel.clause, state.channel.pk))
    groups = groupby(states, key=lambda state: state.channel.kind)
    return [(str(Kind(kind).label), list(members)) for kind, members in groups]
