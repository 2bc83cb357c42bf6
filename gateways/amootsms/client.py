"""AmootSMS's REST interface: form POST, the raw token in `Authorization`, errors inside HTTP 200."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from common.masking import masked_answer
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
    GatewayError,
    Inbound,
    Listing,
    Lookup,
    NotSent,
    OutcomeUnknown,
    RecipientOutcome,
    Result,
    Trouble,
)
from gateways.http import ANSWER_LIMIT, CLOCK_SLACK, LIST_LIMIT, TOO_LONG, Http, HttpAnswer
from gateways.reading import NotJson, as_amount, as_id, field_of, last_ten, parse_json, provider_time
from gateways.statuses import DUPLICATE_ADDRESS, StatusKind, kind_of, name_of
from persian.phones import local_form

# Bytes of one slice of the provider's list: about 15,000 messages, read in some 30 MiB of memory.
SLICE_LIMIT: Final = 4 * 1024 * 1024
# So many ids are asked about in one list.
IDS_A_LIST: Final = 500
# How often a list that the provider refuses is asked for in halves: enough to leave out a few ids.
HALVINGS: Final = 32
RELAYS: Final = ("RelayMessageDelivery", "RelayRecieveMessage")
# The slices in which a long period is asked for, none shorter than a minute.
SLICES: Final = 20
# However many slices: a question that takes longer is not worth the worker that waits for it.
LOOKUP_TIMEOUTS: Final = 4
# A long list is asked for in pieces that are held one at a time; one that is too long is halved, down to a
# few seconds, for which an answer may be as long as any.
LISTED_STEP: Final = timedelta(minutes=5)
_SHORTEST: Final = timedelta(seconds=3)
_OVERLAP: Final = timedelta(seconds=1)  # the provider's times have whole seconds
_SURE: Final = {Result.ACCEPTED: 2, Result.UNKNOWN: 1, Result.REJECTED: 0}


class AmootSms:
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
        self.slice_limit = SLICE_LIMIT

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
        http_answer = await self._http.post(
            "SendSimple", fields, write_before=batch.write_before, secrets=[batch.text]
        )
        raw = masked_answer(http_answer.text, [self._http.token, batch.text])
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
        raise NotSent("no_audio_for_sms", trouble=Trouble.CONTENT)

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
        async for _answer, rows in self._parts(since, until, LISTED_STEP):
            yield read_messages(rows)

    async def _parts(
        self, since: datetime, until: datetime, step: timedelta | None = None
    ) -> AsyncIterator[tuple[HttpAnswer, list[Any]]]:
        """The rows of `GetMessages`, a slice of the period at a time; a slice whose answer is too long is
        asked for in two halves."""
        waiting = list(_slices(since, until, step))[::-1]
        while waiting:
            start, end = waiting.pop()
            is_shortest = end - start <= _SHORTEST
            fields = {"FromDateTime": provider_time(start), "ToDateTime": provider_time(end)}
            limit = LIST_LIMIT if is_shortest else self.slice_limit
            try:
                answer, body, raw = await self._query("GetMessages", fields, limit=limit)
            except OutcomeUnknown as failure:
                if failure.code != TOO_LONG or is_shortest:
                    raise
                middle = start + (end - start) / 2
                waiting += [(middle, end), (start, middle + _OVERLAP)]
                continue
            yield answer, _rows(body, raw)

    async def get_deliveries_by_campaign(self, campaign_id: str) -> list[DeliveryReport]:
        """The reports of every recipient of a campaign; rows without a valid id are left out."""
        fields = {"CampaignID": campaign_id}
        body, raw = await self._ask("GetDeliveriesByCampaignID", fields, limit=LIST_LIMIT)
        return _reports(body, raw)

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
            async for row in self._deliveries(missing):
                reports.append(row)
        except GatewayError:
            if not reports:
                raise
        return reports

    async def _deliveries(self, ids: Sequence[str]) -> AsyncIterator[DeliveryReport]:
        """`GetDeliveries`, which fails for a whole list that holds one unknown id: such a list is asked for
        in halves, `HALVINGS` times at most."""
        waiting = [ids[start : start + IDS_A_LIST] for start in range(0, len(ids), IDS_A_LIST)][::-1]
        halvings = 0
        while waiting:
            some = waiting.pop()
            try:
                body, raw = await self._ask("GetDeliveries", {"ListMessageID": ",".join(some)})
            except GatewayError as error:
                if kind_of(error.code) not in (StatusKind.VAGUE, StatusKind.CONTENT):
                    raise
                if len(some) > 1 and halvings < HALVINGS:
                    halvings += 1
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
                continue
            for report in _reports(body, raw):
                yield report

    async def stop(self, campaign_id: str) -> bool:
        """An SMS that the provider has cannot be called back."""
        raise NotSent("no_stop", trouble=Trouble.CONTENT)

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
        raw = masked_answer(answer.text, [self._http.token])
        value = _parsed(answer, raw)
        rows = value.get("Data") if isinstance(value, dict) else value
        if isinstance(rows, dict):
            rows = [rows]
        if isinstance(rows, list) and rows:
            return [read_inbound(row) for row in rows]
        if not isinstance(value, dict):
            return _rows({"Data": rows}, raw)
        if kind_of(value.get("Status")) is not StatusKind.SUCCESS or not answer.is_good:
            raise call_error(value.get("Status"), raw)
        return _rows(value, raw)

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
        body, raw = await self._ask(f"{relay}List", {})
        ours = address.casefold()
        former = ours.rstrip("/").rpartition("/")[0] + "/"
        for row in _rows(body, raw):
            listed = str(field_of(row, "URLAddress") or "").casefold()
            relay_id = as_id(field_of(row, "ID"))
            if not relay_id or not listed.startswith(former):
                continue
            is_ours = listed.rstrip("/") == ours.rstrip("/")
            if is_ours is not (field_of(row, "Active") is True):
                active = "true" if is_ours else "false"
                answer = await self._http.post(
                    f"{relay}SetActive", {f"{relay}ID": relay_id, "Active": active}
                )
                raw = masked_answer(answer.text, [self._http.token])
                value = _parsed(answer, raw)
                status = value if isinstance(value, str) else field_of(value, "Status")
                if kind_of(status) is not StatusKind.SUCCESS or not answer.is_good:
                    raise call_error(status, raw)

    async def close(self) -> None:
        await self._http.close()

    async def _ask(
        self, method: str, fields: Mapping[str, str], *, limit: int | None = None
    ) -> tuple[dict[str, Any], str]:
        """A query's body, if its status is success, and its masked beginning."""
        _answer, body, raw = await self._query(method, fields, limit=limit)
        return body, raw

    async def _query(
        self, method: str, fields: Mapping[str, str], *, limit: int | None = None
    ) -> tuple[HttpAnswer, dict[str, Any], str]:
        answer = await self._http.post(method, fields, limit=limit or ANSWER_LIMIT)
        raw = masked_answer(answer.text, [self._http.token])
        body = self._body(answer, raw)
        if kind_of(body.get("Status")) is not StatusKind.SUCCESS or not answer.is_good:
            raise call_error(body.get("Status"), raw)
        return answer, body, raw

    def _body(self, answer: HttpAnswer, raw: str) -> dict[str, Any]:
        body = _parsed(answer, raw)
        if not isinstance(body, dict):
            _not_understood("answer_not_understood", raw)
        return body


def _parsed(answer: HttpAnswer, raw: str) -> Any:
    """The JSON value of an answer. A 5xx is never read: whatever it says, it may have sent."""
    if answer.status >= 500:
        _not_understood(f"http_{answer.status}", raw)
    try:
        return parse_json(answer.text)
    except NotJson:
        _not_understood("not_json" if answer.is_good else f"http_{answer.status}", raw)


def _not_understood(code: str, raw: str) -> NoReturn:
    raise OutcomeUnknown(code, trouble=Trouble.PROVIDER, raw=raw)


def _read_outcomes(batch: Batch, body: dict[str, Any], raw: str, *, believe: bool) -> Answer:
    """Every recipient's outcome; UNKNOWN for one that the answer leaves out.

    A refusal with an empty `Data` is believed if no campaign was made with it; a success is believed
    only from a good HTTP status (`believe`).
    """
    rows = body.get("Data") or []
    campaign_id = as_id(body.get("CampaignID"))
    succeeded = kind_of(body.get("Status")) is StatusKind.SUCCESS
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


def _reports(body: Mapping[str, Any], raw: str) -> list[DeliveryReport]:
    return [report for row in _rows(body, raw) if (report := read_report(row)) is not None]


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
