"""The recipient of a call that a report is about, and the state that it reports. Pure."""

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
    """The state by a report: ACCEPTED where it is not final; `word` is the provider's own, raw.

    The word of an unclear report is stored for a person to see. That of one under way is not: a million rows
    would be written again and again.
    """

    state: DeliveryState
    word: str
    is_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Matched:
    """`unmatched` counts reports that fit no waiting recipient."""

    findings: dict[int, ReportedState] = field(default_factory=dict)
    unmatched: int = 0


_STATES: Final = {
    ReportStatus.DELIVERED: DeliveryState.DELIVERED,
    ReportStatus.UNDELIVERED: DeliveryState.UNDELIVERED,
    ReportStatus.PENDING: DeliveryState.ACCEPTED,
    ReportStatus.UNCLEAR: DeliveryState.ACCEPTED,
}
# Of several reports about one recipient the heaviest counts: a delivery stays one, in any order.
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
