"""What the home page tells: windows, gateways, what is under way, what waits, the last weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from audit.nightly import latest as latest_verification
from channels.limits import hours_of
from channels.models import Channel, Outage
from common.media import Purpose
from common.timeouts import CATCH_UP
from common.wording import Label, place_text
from contacts.desk.queue import calls_to_end, counts
from contacts.models import ConsentEntry, WrittenWord
from contacts.voc_manager import is_voc_manager
from messaging.audience.kept_progress import progress_of
from messaging.models import Breach, Delivery, GatewayCall, Message
from messaging.operations.outages import ramp_ends_at
from messaging.settlement.unknown_outcomes import undecided
from messaging.states import DeliveryState, MessageStatus
from messaging.web.presenting import ProgressView
from persian.jalali import TEHRAN, format_date, is_persian, tehran_date
from staff.holiday_year import years_to_confirm
from staff.models import User

UNDER_WAY: Final = (MessageStatus.SUBMITTED, MessageStatus.RUNNING, MessageStatus.PAUSED)


@dataclass(frozen=True)
class ChannelNow:
    """A sending channel at this moment. `changes_at`: when the promotional window closes or opens next."""

    channel: Channel
    is_open: bool
    has_windows: bool
    changes_at: datetime | None
    outage: Outage | None
    ramp_ends_at: datetime | None = None


@dataclass(frozen=True)
class Running:
    message: Message
    counts: ProgressView


@dataclass(frozen=True)
class HomeTask:
    """Something that waits for the user: how many, what, and where."""

    count: int
    label: Label
    url: str
    icon: str


@dataclass(frozen=True)
class Series:
    label: Any
    colour: str
    values: list[int]


@dataclass(frozen=True)
class Chart:
    """A stacked bar chart, and the same as rows for the table beside it."""

    labels: list[str]
    series: list[Series]

    @property
    def is_empty(self) -> bool:
        return not any(any(one.values) for one in self.series)

    @property
    def as_json(self) -> dict[str, Any]:
        series = [{"label": str(s.label), "colour": s.colour, "values": s.values} for s in self.series]
        return {"labels": self.labels, "series": series}

    @property
    def rows(self) -> list[tuple[str, list[int]]]:
        """Newest first."""
        rows = [(label, [s.values[i] for s in self.series]) for i, label in enumerate(self.labels)]
        return rows[::-1]


@dataclass(frozen=True)
class OutageNow:
    """An open outage, and how many messages wait for its end."""

    outage: Outage
    messages: int


def outages_now() -> list[OutageNow]:
    outages = list(Outage.objects.open().shown())
    if not outages:
        return []
    rows = Message.objects.filter(
        channel__in={outage.channel_id for outage in outages},
        status__in=(MessageStatus.SUBMITTED, MessageStatus.RUNNING),
    )
    counts = dict(rows.values_list("channel_id").annotate(n=Count("*")).order_by())
    return [OutageNow(outage, counts.get(outage.channel_id, 0)) for outage in outages]


def channels_now(now: datetime) -> list[ChannelNow]:
    """Every sending channel: may promotional messages leave now (C7.6), is its operator up (C7.5)."""
    channels = list(Channel.objects.sending().prefetch_related("windows").order_by("id"))
    outages = {
        outage.channel_id: outage
        for outage in Outage.objects.open().filter(channel__in=channels).order_by("-started_at")
    }
    return [_channel_now(channel, outages.get(channel.pk), now) for channel in channels]


def _channel_now(channel: Channel, outage: Outage | None, now: datetime) -> ChannelNow:
    windows = hours_of(channel, Purpose.PROMOTIONAL)
    ramp = ramp_ends_at(channel, now)
    if windows is None:
        return ChannelNow(channel, False, False, None, outage, ramp)
    is_open = windows.is_open(now)
    changes_at = windows.closes_at(now) if is_open else windows.next_open(now)
    return ChannelNow(channel, is_open, True, changes_at, outage, ramp)


def running(user: User, now: datetime) -> list[Running]:
    """The newest messages under way that the user may see."""
    rows = list(Message.objects.visible_to(user).filter(status__in=UNDER_WAY).listed()[:5])
    far = progress_of(rows, now)
    return [Running(message, ProgressView.of(far[message.pk])) for message in rows]


def waiting(user: User, now: datetime) -> list[HomeTask]:
    """What waits for a decision that this user may take. Nothing is listed that waits for somebody else."""
    return [task for task in _tasks(user, now) if task.count]


def _tasks(user: User, now: datetime) -> Iterator[HomeTask]:
    yield from _calls(user, now)
    if user.may("messaging.stop_message"):
        paused = Message.objects.visible_to(user).filter(status=MessageStatus.PAUSED).count()
        url = reverse("messaging:list") + "?status=paused"
        yield HomeTask(paused, _("paused messages"), url, "pause-circle")
    # What nobody knows the outcome of: decided by those who may, looked at by the back office.
    if user.may("messaging.settle_doubt"):
        label, url = _("messages with an unknown outcome to decide"), reverse("messaging:unknown_outcomes")
        yield HomeTask(undecided(user, now).count(), label, url, "question-circle")
    elif user.may("messaging.view_gatewaycall"):
        unknown = GatewayCall.objects.filter(outcome=GatewayCall.Outcome.UNKNOWN).count()
        url = reverse("admin:messaging_gatewaycall_changelist") + "?outcome__exact=unknown"
        yield HomeTask(unknown, _("calls to a provider without a known outcome"), url, "question-circle")
    if user.may("audit.view_entry") and (verified := latest_verification()) and not verified.holds:
        yield HomeTask(1, _("The audit trail does not hold"), reverse("audit:list"), "exclamation-octagon")
    if user.may("messaging.view_breaches"):
        new = Breach.objects.visible_to(user).filter(found_at__gte=now - CATCH_UP).count()
        label, url = _("breaches of the last week"), reverse("messaging:breaches")
        yield HomeTask(new, label, url, "shield-exclamation")
    if user.may("staff.confirm_holidays"):
        for year in years_to_confirm(tehran_date(now)):
            told = gettext("public holidays of %(year)s to confirm") % {"year": place_text(year)}
            yield HomeTask(1, told, f"{reverse('staff:holidays')}?year={year}", "calendar-check")
    if user.may("staff.view_user"):
        superusers = User.objects.filter(is_superuser=True, is_active=True).count()
        url = reverse("admin:staff_user_changelist") + "?is_superuser__exact=1"
        yield HomeTask(superusers, _("superusers who may change every log-in"), url, "person-lock")


def _calls(user: User, now: datetime) -> Iterator[HomeTask]:
    """Of the VOC desk, for its experts and its manager."""
    manages = is_voc_manager(user, now)
    if user.may("contacts.set_consent") or manages:
        found, url = counts(user), reverse("desk:queue")
        yield HomeTask(found.open, _("open VOC calls"), url, "telephone-inbound")
        yield HomeTask(found.late, _("late VOC calls"), url, "alarm")
    if user.may("contacts.set_consent"):
        words = WrittenWord.objects.filter(decided_at__isnull=True).count()
        yield HomeTask(words, _("written opt-outs to decide"), reverse("desk:words"), "chat-left-dots")
    if manages:
        url = reverse("desk:queue") + "?show=endless"
        yield HomeTask(len(calls_to_end()), _("VOC calls that cannot end"), url, "telephone-x")


_GROUPS: Final[tuple[tuple[Any, str, frozenset[str]], ...]] = (
    (DeliveryState.DELIVERED.label, "#1b8a5a", frozenset({DeliveryState.DELIVERED})),
    (DeliveryState.ACCEPTED.label, "#57b8bd", frozenset({DeliveryState.ACCEPTED, DeliveryState.UNREPORTED})),
    (
        _("not delivered or refused"),
        "#c9443b",
        frozenset({DeliveryState.UNDELIVERED, DeliveryState.REJECTED, DeliveryState.ABANDONED}),
    ),
    (
        _("not sent by rule, expired or cancelled"),
        "#8e84b5",
        frozenset({DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED}),
    ),
    (
        _("waiting or without an outcome yet"),
        "#e8b04a",
        frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN}),
    ),
)


def deliveries_chart(user: User, now: datetime) -> Chart:
    """Deliveries of the last two weeks, by the day of their last change of state."""
    today = tehran_date(now)
    days = [today - timedelta(days=back) for back in reversed(range(14))]
    counts = _cached(f"home-deliveries-{_scope(user)}-{today}", lambda: _count_deliveries(user, days[0]))
    series = [
        Series(label, colour, [sum(counts.get((day, state), 0) for state in states) for day in days])
        for label, colour, states in _GROUPS
    ]
    return Chart([_day_label(day) for day in days], series)


def opt_outs_chart(now: datetime) -> Chart:
    """How often a customer's options were set, a week (from Saturday), over the last eight."""
    today = tehran_date(now)
    this_week = today - timedelta(days=(today.weekday() + 2) % 7)
    weeks = [this_week - timedelta(weeks=back) for back in reversed(range(8))]
    counts = _cached(f"home-opt-outs-{today}", lambda: _count_opt_outs(weeks[0]))
    flags = ((ConsentEntry.Flag.NO_PROMOTIONAL, "#e8b04a"), (ConsentEntry.Flag.NO_MESSAGES, "#c9443b"))
    series = [
        Series(flag.label, colour, [counts.get((week, flag.value), 0) for week in weeks])
        for flag, colour in flags
    ]
    return Chart([_day_label(week) for week in weeks], series)


def _scope(user: User) -> str:
    return "all" if user.may("messaging.view_all_messages") else str(user.pk)


def _cached(key: str, count: Any) -> Any:
    """Two minutes old at most: a large campaign is not counted again for every visitor."""
    return cache.get_or_set(key, count, 120)


def _count_deliveries(user: User, first: date) -> dict[tuple[date, str], int]:
    start = _start_of(first)
    # By message, because deliveries have no index on time: only those of recent messages are read.
    recent = Message.objects.visible_to(user).filter(Q(finished_at__gte=start) | Q(finished_at__isnull=True))
    rows = (
        Delivery.objects.filter(message__in=recent.values("pk"), updated_at__gte=start)
        .values_list(TruncDate("updated_at", tzinfo=TEHRAN), "state")
        .annotate(n=Count("*"))
        .order_by()
    )
    return {(day, state): n for day, state, n in rows}


def _count_opt_outs(first: date) -> dict[tuple[date, str], int]:
    rows = (
        ConsentEntry.objects.filter(at__gte=_start_of(first), after=True)
        .values_list(TruncDate("at", tzinfo=TEHRAN), "flag")
        .annotate(n=Count("*"))
        .order_by()
    )
    weeks: dict[tuple[date, str], int] = defaultdict(int)
    for day, flag, n in rows:
        weeks[day - timedelta(days=(day.weekday() + 2) % 7), flag] += n
    return dict(weeks)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), TEHRAN)


def _day_label(day: date) -> str:
    language = get_language() or "fa"
    written = format_date(day, language)
    return written.rsplit(" ", 1)[0] if is_persian(language) else written[5:]
