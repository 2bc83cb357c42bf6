"""AmootSMS's REST interface: form POST, the raw token in `Authorization`, errors inside HTTP 200."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from contacts.numbers import local_form
from messaging.gateways.amootsms.deliveries import DeliveryReport, read_report
from messaging.gateways.amootsms.errors import call_error, recipient_result
from messaging.gateways.amootsms.listing import read_messages
from messaging.gateways.amootsms.matching import Matcher
from messaging.gateways.base import (
    Account,
    Answer,
    Batch,
    BatchRefused,
    Listing,
    Lookup,
    NotSent,
    OutcomeUnknown,
    RecipientOutcome,
    Result,
    Trouble,
)
from messaging.gateways.http import TOO_LONG, Http, HttpAnswer
from messaging.gateways.masking import masked
from messaging.gateways.reading import NotJson, as_amount, as_id, last_ten, parse_json, provider_time
from messaging.gateways.statuses import Kind, kind_of, name_of

LIST_LIMIT: Final = 32 * 1024 * 1024  # bytes of one answer to a query
# The provider's clock and ours may differ by so much.
CLOCK_SLACK: Final = timedelta(minutes=1)
# A long period is asked for in so many slices, none shorter than a minute.
SLICES: Final = 60
# A whole day is listed in pieces that are held one at a time; one that is too long is halved, down to
# a few seconds, for which an answer may be as long as any.
LISTED_STEP: Final = timedelta(minutes=5)
LISTED_LIMIT: Final = 4 * 1024 * 1024
_SHORTEST: Final = timedelta(seconds=3)
_OVERLAP: Final = timedelta(seconds=1)
_SURE: Final = {Result.ACCEPTED: 2, Result.UNKNOWN: 1, Result.REJECTED: 0}


class AmootSms:
    """The `Gateway` of the channel `sms`. `line` is `public`, `service` or a line's own number."""

    code = "sms"
    can_lookup = True
    can_list = True
    needs_audio = False

    def __init__(self, http: Http, *, line: str, max_batch: int) -> None:
        self._http = http
        self._line = line
        self.max_batch = max_batch

    async def send(self, batch: Batch) -> Answer:
        """`SendSimple`. A batch of one that is "wrong or blacklisted" is a rejected recipient."""
        if batch.ends_at is not None and batch.ends_at <= batch.now:
            raise NotSent("window_over", trouble=Trouble.HOURS)
        fields = {
            "SendDateTime": provider_time(batch.now),
            "SMSMessageText": batch.text,
            "LineNumber": self._line,
            "Mobiles": ",".join([local_form(address) for address in batch.addresses]),
        }
        http_answer = await self._http.post("SendSimple", fields, write_before=batch.write_before)
        raw = masked(http_answer.text, [self._http.token, batch.text])
        body = self._body(http_answer, raw)
        try:
            return _read_outcomes(batch, body, raw, believe=http_answer.is_good)
        except BatchRefused as refusal:
            if len(batch.addresses) > 1:
                raise
            outcome = RecipientOutcome(Result.REJECTED, status=refusal.code)
            return Answer({batch.addresses[0]: outcome}, raw=raw)

    async def account(self) -> Account:
        """`AccountStatus`. Raises `NotSent` with the account's or the provider's trouble."""
        body, _raw = await self._ask("AccountStatus", {})
        lines = body.get("ListLineNumbers")
        names = (
            [str(line) for line in lines if isinstance(line, int | str)] if isinstance(lines, list) else []
        )
        return Account(
            str(body.get("AccountName", ""))[:200], as_amount(body.get("RemaindCredit")), tuple(names)
        )

    async def make_audio(self, text: str, title: str) -> int:
        """An SMS needs none."""
        raise NotSent("no_audio_for_sms", trouble=Trouble.CONTENT)

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """`GetMessages` over the period, both ends padded by the clocks' slack, in slices.

        Complete only if every slice was answered with success and every row was understood. A known
        campaign is asked first (`GetDeliveriesByCampaignID`).
        """
        matcher = Matcher(batch.text, batch.addresses, since - CLOCK_SLACK, until + CLOCK_SLACK)
        if campaign_id:
            reports = await self.get_deliveries_by_campaign(campaign_id)
            matcher.found.update(_taken(batch, reports))
        for start, end in _slices(matcher.since, matcher.until):
            if matcher.all_found:
                break
            for row in await self._messages(start, end, LIST_LIMIT):
                matcher.take(row)
        return Lookup(complete=matcher.understood, found=matcher.found)

    async def list_messages(self, since: datetime, until: datetime) -> AsyncIterator[Listing]:
        """`GetMessages` over the period, in slices; one whose answer is too long is asked for in halves."""
        waiting = list(_slices(since, until, LISTED_STEP))[::-1]
        while waiting:
            start, end = waiting.pop()
            is_shortest = end - start <= _SHORTEST
            try:
                rows = await self._messages(start, end, LIST_LIMIT if is_shortest else LISTED_LIMIT)
            except OutcomeUnknown as failure:
                if failure.code != TOO_LONG or is_shortest:
                    raise
                middle = start + (end - start) / 2
                waiting += [(middle, end), (start, middle + _OVERLAP)]
                continue
            yield read_messages(rows)

    async def _messages(self, start: datetime, end: datetime, limit: int) -> list[Any]:
        """The rows of `GetMessages`, both ends included."""
        fields = {"FromDateTime": provider_time(start), "ToDateTime": provider_time(end)}
        body, raw = await self._ask("GetMessages", fields, limit=limit)
        return _rows(body, raw)

    async def get_deliveries_by_campaign(self, campaign_id: str) -> list[DeliveryReport]:
        """The reports of every recipient of a campaign; rows without a valid id are left out."""
        fields = {"CampaignID": campaign_id}
        body, raw = await self._ask("GetDeliveriesByCampaignID", fields, limit=LIST_LIMIT)
        return [report for row in _rows(body, raw) if (report := read_report(row)) is not None]

    async def close(self) -> None:
        await self._http.close()

    async def _ask(
        self, method: str, fields: Mapping[str, str], *, limit: int | None = None
    ) -> tuple[dict[str, Any], str]:
        """A query's body, if its status is success, and its masked beginning."""
        answer = await (
            self._http.post(method, fields, limit=limit) if limit else self._http.post(method, fields)
        )
        raw = masked(answer.text, [self._http.token])
        body = self._body(answer, raw)
        if kind_of(body.get("Status")) is not Kind.SUCCESS or not answer.is_good:
            raise call_error(body.get("Status"), raw)
        return body, raw

    def _body(self, answer: HttpAnswer, raw: str) -> dict[str, Any]:
        """The JSON object of an answer. A 5xx is never read: whatever it says, it may have sent."""
        if answer.status >= 500:
            _not_understood(f"http_{answer.status}", raw)
        try:
            body = parse_json(answer.text)
        except NotJson:
            _not_understood("not_json" if answer.is_good else f"http_{answer.status}", raw)
        if not isinstance(body, dict):
            _not_understood("answer_not_understood", raw)
        return body


def _not_understood(code: str, raw: str) -> NoReturn:
    raise OutcomeUnknown(code, trouble=Trouble.PROVIDER, raw=raw)


def _read_outcomes(batch: Batch, body: dict[str, Any], raw: str, *, believe: bool) -> Answer:
    """Every recipient's outcome; whoever the answer leaves out is in doubt.

    A refusal with an empty `Data` is believed if no campaign was made with it; a success is believed
    only from a good HTTP status (`believe`).
    """
    rows = body.get("Data") or []
    campaign_id = as_id(body.get("CampaignID"))
    succeeded = kind_of(body.get("Status")) is Kind.SUCCESS
    if not isinstance(rows, list) or (not believe and (rows or succeeded)):
        _not_understood("answer_not_understood", raw)
    if not rows and not succeeded:
        if campaign_id:
            _not_understood(name_of(body.get("Status")) or "answer_not_understood", raw)
        raise call_error(body.get("Status"), raw)
    outcomes: dict[str, RecipientOutcome] = {}
    wanted = {address[-10:]: address for address in batch.addresses}  # E.164
    for row in rows:
        address = wanted.get(last_ten(row.get("Mobile"))) if isinstance(row, dict) else None
        if address is None:
            continue  # a number that nobody sent
        outcome = _recipient(row)
        known = outcomes.get(address)
        if known is None or _SURE[outcome.result] > _SURE[known.result]:
            outcomes[address] = outcome
    missing = RecipientOutcome(Result.UNKNOWN, status="not_in_answer")
    return Answer({a: outcomes.get(a, missing) for a in batch.addresses}, campaign_id, raw)


def _recipient(row: Mapping[str, Any]) -> RecipientOutcome:
    """A success is one only with a valid id of the message."""
    provider_id = as_id(row.get("MessageID"))
    result = recipient_result(row.get("Status"))
    if result is Result.ACCEPTED and not provider_id:
        result = Result.UNKNOWN
    return RecipientOutcome(
        result, provider_id if result is Result.ACCEPTED else "", name_of(row.get("Status"))
    )


def _rows(body: Mapping[str, Any], raw: str) -> list[Any]:
    rows = body.get("Data")
    if not isinstance(rows, list):
        _not_understood("answer_not_understood", raw)
    return rows


def _taken(batch: Batch, reports: list[DeliveryReport]) -> Iterator[tuple[str, RecipientOutcome]]:
    by_number = {report.number: report for report in reports}
    for address in batch.addresses:
        if report := by_number.get(last_ten(address)):
            yield address, RecipientOutcome(Result.ACCEPTED, report.provider_id, "found")


def _slices(
    since: datetime, until: datetime, step: timedelta | None = None
) -> Iterator[tuple[datetime, datetime]]:
    """The period in pieces that overlap by a second, since the provider's times have whole ones."""
    step = step or max(timedelta(minutes=1), (until - since) / SLICES)
    start = since
    while start < until:
        end = min(start + step, until)
        yield start, end + _OVERLAP
        start = end
