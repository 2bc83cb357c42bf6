"""AmootSMS's REST interface: form POST, the raw token in `Authorization`, errors inside HTTP 200."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from common.media import MEDIA
from gateways.amootsms.deliveries import read_report
from gateways.amootsms.errors import call_error, recipient_result
from gateways.amootsms.inbound import read_inbound
from gateways.amootsms.listing import read_messages
from gateways.amootsms.matching import Matcher
from gateways.base import (
    Account,
    Answer,
    Batch,
    BatchRefused,
    DeliveryReport,
    Gateway,
    GatewayError,
    Inbound,
    Listing,
    Lookup,
    NotSent,
    OutcomeUnknown,
    RecipientOutcome,
    Result,
    Trouble,
    refused_alone,
)
from gateways.http import ANSWER_LIMIT, CLOCK_SLACK, LIST_LIMIT, TOO_LONG, Http, HttpAnswer
from gateways.reading import SECOND, as_amount, as_id, field_of, last_ten, provider_time
from gateways.statuses import DUPLICATE_ADDRESS, StatusKind, kind_of, name_of
from persian.phones import local_form

# So many ids are asked about in one list.
IDS_A_LIST: Final = 500
# How often a list that the provider refuses is asked for in halves: enough to leave out a few ids.
HALVINGS: Final = 32
RELAYS: Final = ("RelayMessageDelivery", "RelayRecieveMessage")
# However many slices: a question that takes longer is not worth the worker that waits for it.
LOOKUP_TIMEOUTS: Final = 4
# A slice of a list that is too long is halved down to this, for which an answer may be as long as any.
_SHORTEST: Final = 3 * SECOND
_SURE: Final = {Result.ACCEPTED: 2, Result.UNKNOWN: 1, Result.REJECTED: 0}


class AmootSms(Gateway):
    """The `Gateway` of the channel `sms`. `line` is `public`, `service` or a line's own number."""

    code = "sms"
    can_lookup = True
    can_list = MEDIA[code].can_list
    needs_audio = False
    can_receive = True
    can_stop = False

    def __init__(self, http: Http, *, line: str, max_batch: int, rate: float = 0.0) -> None:
        self._http = http
        self._line = line
        self.max_batch = max_batch
        self.rate = rate
        self.slice_limit = ANSWER_LIMIT

    async def send(self, batch: Batch) -> Answer:
        """`SendSimple`. A batch of one that is "wrong or blacklisted" is a rejected recipient."""
        if batch.ends_at is not None and batch.ends_at <= batch.now:
            raise NotSent("window_over", trouble=Trouble.LATE, until=batch.ends_at)
        fields = {
            "SendDateTime": provider_time(batch.now),
            "SMSMessageText": batch.text,
            "LineNumber": self._line,
            "Mobiles": ",".join([local_form(address) for address in batch.addresses]),
        }
        answer = await self._http.post(
            "SendSimple", fields, write_before=batch.write_before, secrets=[batch.text]
        )
        try:
            return _read_outcomes(batch, answer)
        except BatchRefused as refusal:
            return refused_alone(batch, refusal)

    async def account(self) -> Account:
        """`AccountStatus`. Raises `NotSent` with the account's or the provider's trouble."""
        _answer, body = await self._ask("AccountStatus", {})
        return Account(str(body.get("AccountName", ""))[:200], as_amount(body.get("RemaindCredit")))

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """`GetMessages` over the period, both ends padded by the clocks' slack, in slices.

        Complete only if every slice was answered with success, in `LOOKUP_TIMEOUTS` times the time of one
        call at most, and every row was understood. A known
        campaign is asked first (`GetDeliveriesByCampaignID`); if the provider does not know it, after
        giving its id itself, absence is not proven by anything else.
        """
        matcher = Matcher(batch.text, batch.addresses, since - CLOCK_SLACK, until + CLOCK_SLACK)
        if campaign_id:
            try:
                reports = await self.get_deliveries_by_campaign(campaign_id)
            except GatewayError:
                matcher.understood = False
            else:
                for address, outcome in _taken(batch, reports):
                    matcher.keep(address, outcome)
                if len(matcher.found) == len(batch.addresses):
                    return Lookup(complete=True, found=matcher.found, records=matcher.records)
        date, asked = None, False
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUTS * self._http.timeout):
                async for answer, rows in self._parts(matcher.since, matcher.until):
                    date, asked = answer.date, True
                    for row in rows:
                        matcher.take(row)
        except TimeoutError:
            # Recipients whom the list has named so far are found; the missing ones may stand in its rest.
            asked = False
        return Lookup(asked and matcher.understood, matcher.found, matcher.records, clock=date)

    async def list_messages(self, since: datetime, until: datetime) -> AsyncIterator[Listing]:
        """`GetMessages` over the period, in parts."""
        async for _answer, rows in self._parts(since, until, timedelta(minutes=5)):
            yield read_messages(rows)

    async def _parts(
        self, since: datetime, until: datetime, step: timedelta | None = None
    ) -> AsyncIterator[tuple[HttpAnswer, list[Any]]]:
        """The rows of `GetMessages`, a slice of the period at a time, so that some 30 MiB of memory hold it.
        A slice whose answer is too long is asked for in two halves."""
        waiting = list(_slices(since, until, step))[::-1]
        while waiting:
            start, end = waiting.pop()
            is_shortest = end - start <= _SHORTEST
            fields = {"FromDateTime": provider_time(start), "ToDateTime": provider_time(end)}
            limit = LIST_LIMIT if is_shortest else self.slice_limit
            try:
                answer, rows = await self._rows("GetMessages", fields, limit=limit)
            except OutcomeUnknown as failure:
                if failure.code != TOO_LONG or is_shortest:
                    raise
                middle = start + (end - start) / 2
                waiting += [(middle, end), (start, middle + SECOND)]
                continue
            yield answer, rows

    async def get_deliveries_by_campaign(self, campaign_id: str) -> list[DeliveryReport]:
        """The reports of every recipient of a campaign; rows without a valid id are left out."""
        return await self._reports("GetDeliveriesByCampaignID", {"CampaignID": campaign_id}, limit=LIST_LIMIT)

    async def reports(self, campaign_id: str, ids: Sequence[str]) -> list[DeliveryReport]:
        """`GetDeliveriesByCampaignID`, then `GetDeliveries` for the ids that it does not name. What the
        campaign told is kept, whatever becomes of the second question."""
        reports: list[DeliveryReport] = []
        if as_id(campaign_id):
            try:
                reports = await self.get_deliveries_by_campaign(campaign_id)
            except GatewayError as error:
                if error.trouble is not Trouble.CONTENT:
                    raise  # else it does not know the campaign; the ids may still tell
        told = {report.provider_id for report in reports}
        missing = [one for one in dict.fromkeys(ids) if as_id(one) and one not in told]
        try:
            async for some in self._deliveries(missing):
                reports += some
        except GatewayError:
            if not reports:
                raise
        return reports

    async def _deliveries(self, ids: Sequence[str]) -> AsyncIterator[list[DeliveryReport]]:
        """`GetDeliveries`, which fails for a whole list that holds one unknown id: such a list is asked for
        in halves, `HALVINGS` times at most."""
        waiting = [ids[start : start + IDS_A_LIST] for start in range(0, len(ids), IDS_A_LIST)][::-1]
        halvings = 0
        while waiting:
            some = waiting.pop()
            try:
                yield await self._reports("GetDeliveries", {"ListMessageID": ",".join(some)})
            except GatewayError as error:
                if kind_of(error.code) not in (StatusKind.VAGUE, StatusKind.CONTENT):
                    raise
                if len(some) > 1 and halvings < HALVINGS:
                    halvings += 1
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]

    async def new_inbound(self, count: int) -> list[Inbound]:
        """`RecieveNewMessages` (the vendor's spelling)."""
        return await self._inbound("RecieveNewMessages", {"Count": str(count)})

    async def inbound_between(self, since: datetime, until: datetime) -> list[Inbound]:
        """`RecieveMessages` (the vendor's spelling), whole seconds, both ends included."""
        fields = {"FromDateTime": provider_time(since), "ToDateTime": provider_time(until)}
        return await self._inbound("RecieveMessages", fields)

    async def _inbound(self, method: str, fields: Mapping[str, str]) -> list[Inbound]:
        """Messages are taken from an answer of any form and status: they are given once, and the form of
        this answer is documented nowhere."""
        answer = await self._http.post(method, fields, limit=LIST_LIMIT)
        value = answer.parsed()
        rows = value.get("Data") if isinstance(value, dict) else value
        if isinstance(rows, dict):
            rows = [rows]
        if not (isinstance(rows, list) and rows) and isinstance(value, dict):
            _expect_success(value.get("Status"), answer)
        return [read_inbound(row) for row in _list_of(rows, answer)]

    async def register_callbacks(self, address: str) -> tuple[str, ...]:
        """Both relays, to the same address: a body says by itself what it tells. One that is registered
        already is made active. Former addresses of this portal, with another secret, are switched off."""
        for relay in RELAYS:
            try:
                await self._ask(f"{relay}Create", {"URLAddress": address})
            except GatewayError as error:
                if error.code != DUPLICATE_ADDRESS:
                    raise
            await self._set_relays(relay, address)
        return tuple(f"{relay}Create" for relay in RELAYS)

    async def _set_relays(self, relay: str, address: str) -> None:
        """`…List` and `…SetActive`. The provider lists addresses in lower case."""
        _answer, rows = await self._rows(f"{relay}List", {})
        ours = address.casefold()
        former = ours.rstrip("/").rpartition("/")[0] + "/"
        for row in rows:
            listed = str(field_of(row, "URLAddress") or "").casefold()
            relay_id = as_id(field_of(row, "ID"))
            if not relay_id or not listed.startswith(former):
                continue
            is_ours = listed.rstrip("/") == ours.rstrip("/")
            if is_ours is not (field_of(row, "Active") is True):
                fields = {f"{relay}ID": relay_id, "Active": "true" if is_ours else "false"}
                answer = await self._http.post(f"{relay}SetActive", fields)
                value = answer.parsed()
                _expect_success(value if isinstance(value, str) else field_of(value, "Status"), answer)

    async def close(self) -> None:
        await self._http.close()

    async def _ask(
        self, method: str, fields: Mapping[str, str], *, limit: int = ANSWER_LIMIT
    ) -> tuple[HttpAnswer, dict[str, Any]]:
        """A query's answer and its object, if its status is success."""
        answer = await self._http.post(method, fields, limit=limit)
        body = _object_of(answer)
        _expect_success(body.get("Status"), answer)
        return answer, body

    async def _rows(
        self, method: str, fields: Mapping[str, str], *, limit: int = ANSWER_LIMIT
    ) -> tuple[HttpAnswer, list[Any]]:
        answer, body = await self._ask(method, fields, limit=limit)
        return answer, _list_of(body.get("Data"), answer)

    async def _reports(
        self, method: str, fields: Mapping[str, str], *, limit: int = ANSWER_LIMIT
    ) -> list[DeliveryReport]:
        _answer, rows = await self._rows(method, fields, limit=limit)
        return [report for row in rows if (report := read_report(row)) is not None]


def _object_of(answer: HttpAnswer) -> dict[str, Any]:
    body = answer.parsed()
    if not isinstance(body, dict):
        raise answer.not_understood()
    return body


def _list_of(rows: Any, answer: HttpAnswer) -> list[Any]:
    if not isinstance(rows, list):
        raise answer.not_understood()
    return rows


def _expect_success(status: Any, answer: HttpAnswer) -> None:
    if kind_of(status) is not StatusKind.SUCCESS or not answer.is_good:
        raise call_error(status, answer.raw)


def _read_outcomes(batch: Batch, answer: HttpAnswer) -> Answer:
    """Every recipient's outcome; UNKNOWN for one that the answer leaves out.

    A refusal with an empty `Data` is believed if no campaign was made with it; a success is believed
    only from a good HTTP status.
    """
    body = _object_of(answer)
    rows = body.get("Data") or []
    campaign_id = as_id(body.get("CampaignID"))
    succeeded = kind_of(body.get("Status")) is StatusKind.SUCCESS
    if not isinstance(rows, list) or (not answer.is_good and (rows or succeeded)):
        raise answer.not_understood()
    if not rows and not succeeded:
        if campaign_id:
            raise answer.not_understood(name_of(body.get("Status")))
        raise call_error(body.get("Status"), answer.raw)
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
    return Answer({a: outcomes.get(a, missing) for a in batch.addresses}, campaign_id, answer.raw)


def _recipient(row: Mapping[str, Any]) -> RecipientOutcome:
    """A success is one only with a valid id of the message."""
    provider_id = as_id(row.get("MessageID"))
    result = recipient_result(row.get("Status"))
    if result is Result.ACCEPTED and not provider_id:
        result = Result.UNKNOWN
    return RecipientOutcome(
        result, provider_id if result is Result.ACCEPTED else "", name_of(row.get("Status"))
    )


def _taken(batch: Batch, reports: list[DeliveryReport]) -> Iterator[tuple[str, RecipientOutcome]]:
    by_number = {report.number: report for report in reports}
    for address in batch.addresses:
        if report := by_number.get(last_ten(address)):
            yield address, RecipientOutcome(Result.ACCEPTED, report.provider_id, "found")


def _slices(
    since: datetime, until: datetime, step: timedelta | None = None
) -> Iterator[tuple[datetime, datetime]]:
    """The period in pieces that overlap by a second, since the provider's times have whole ones: twenty, none
    shorter than a minute, unless a `step` is given."""
    step = step or max(timedelta(minutes=1), (until - since) / 20)
    start = since
    while start < until:
        end = min(start + step, until)
        yield start, end + SECOND
        start = end
