"""Which recipient of a call a report is about, and what it makes of the delivery. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateways.base import DeliveryReport, ReportStatus
from messaging.states import DeliveryState


@dataclass(frozen=True, slots=True)
class AwaitingReport:
    """A recipient whom the provider accepted and has not reported on: the delivery's id, its E.164
    number, and the provider's id ('' where it gave none; Avanak's is the same for a whole call)."""

    pk: int
    address: str
    provider_id: str


@dataclass(frozen=True, slots=True)
class ReportedState:
    """What a report makes of a delivery: `state` is ACCEPTED where it is not final; `word` is raw.

    An unclear one is kept beside the state, for a person to see; one that is only under way is not,
    or a million rows would be written again and again for it.
    """

    state: DeliveryState
    word: str
    is_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """`unmatched` counts reports about nobody who waits."""

    findings: dict[int, ReportedState] = field(default_factory=dict)
    unmatched: int = 0


_STATES: Final = {
    ReportStatus.DELIVERED: DeliveryState.DELIVERED,
    ReportStatus.UNDELIVERED: DeliveryState.UNDELIVERED,
    ReportStatus.PENDING: DeliveryState.ACCEPTED,
    ReportStatus.UNCLEAR: DeliveryState.ACCEPTED,
}
# Of several reports about one recipient: what has arrived stays so, whatever the order.
_WEIGHT: Final = {DeliveryState.ACCEPTED: 0, DeliveryState.UNDELIVERED: 1, DeliveryState.DELIVERED: 2}


def match_reports(waiting: Sequence[AwaitingReport], reports: Iterable[DeliveryReport]) -> Matched:
    """The findings by delivery id. A report that names both an id and a number must fit in both."""
    by_both = {(row.provider_id, row.address[-10:]): row.pk for row in waiting}
    by_id: dict[str, int | None] = {}
    for row in waiting:
        by_id[row.provider_id] = None if row.provider_id in by_id else row.pk
    findings: dict[int, ReportedState] = {}
    unmatched = 0
    for report in reports:
        if report.number:
            pk = by_both.get((report.provider_id, report.number), by_both.get(("", report.number)))
        else:
            pk = by_id.get(report.provider_id)
        if pk is None:
            unmatched += 1
            continue
        found = ReportedState(_STATES[report.report], report.word, report.report is ReportStatus.UNCLEAR)
        known = findings.get(pk)
        if known is None or _WEIGHT[found.state] > _WEIGHT[known.state]:
            findings[pk] = found
    return Matched(findings, unmatched)
