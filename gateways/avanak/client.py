"""Avanak's REST interface: voice messages as campaigns, errors as negative integers inside HTTP 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from common.media import MEDIA
from gateways.avanak.errors import account_error, audio_error, sending_error
from gateways.avanak.hours import campaign_end
from gateways.base import (
    Account,
    Answer,
    Batch,
    BatchRefused,
    DeliveryReport,
    Gateway,
    GatewayError,
    Lookup,
    NotSent,
    RecipientOutcome,
    ReportStatus,
    Result,
    Trouble,
    refused_alone,
)
from gateways.http import ANSWER_LIMIT, CLOCK_SLACK, LIST_LIMIT, Http, HttpAnswer
from gateways.reading import (
    as_amount,
    as_id,
    as_int,
    field_of,
    from_provider_time,
    last_ten,
    provider_time,
)
from gateways.statuses import StatusKind, kind_of
from persian.phones import local_form

TEXT_LIMIT: Final = 1000  # characters that GenerateTTS takes
# The fields in which an answer's number was seen.
_RESULTS: Final = ("result", "ReturnValue", "CampaignID")
AUDIO_REJECTED: Final = 2  # GetMessage's `Confirmed`; 0 and 3 wait, 1 is approved
# Our own word, before the provider's: it has not called this number.
NOT_DIALLED: Final = "not_dialled"


class Avanak(Gateway):
    """The `Gateway` of the channel `avanak`. `speaker` is `male` or `female`.

    Avanak documents no callback and no list of campaigns: what its panel sent cannot be seen from here.
    """

    code = "avanak"
    can_lookup = True  # of calls whose campaign is known; of others nothing can be proven
    can_list = MEDIA[code].can_list
    needs_audio = True
    can_receive = False
    can_stop = True

    def __init__(self, http: Http, *, speaker: str, max_batch: int, rate: float = 0.0) -> None:
        self._http = http
        self._speaker = speaker
        self.max_batch = max_batch
        self.rate = rate

    async def send(self, batch: Batch) -> Answer:
        """`CreateCampaign`, which ends at the window's close or with the day: the provider does not dial
        after it.

        The campaign's id stands for every recipient, since the provider gives none of its own.
        """
        if batch.audio_id is None:
            raise NotSent("no_audio", trouble=Trouble.CONTENT)
        ends_at = campaign_end(batch.now, batch.ends_at)
        answer, body = await self._post(
            "CreateCampaign", _campaign(batch, ends_at), batch.text, write_before=batch.write_before
        )
        campaign_id = as_id(_result(body)) if answer.is_good else ""
        if campaign_id:
            accepted = RecipientOutcome(Result.ACCEPTED, campaign_id, "created")
            return Answer(dict.fromkeys(batch.addresses, accepted), campaign_id, answer.raw)
        error = sending_error(_result(body), answer.raw)
        if error.trouble is Trouble.APPROVAL and await self._is_audio_rejected(batch.audio_id):
            raise NotSent("Message_Rejected", trouble=Trouble.CONTENT, raw=answer.raw)
        if isinstance(error, BatchRefused):
            return refused_alone(batch, error)
        raise error

    async def account(self) -> Account:
        """`AccountStatus`. Raises `NotSent` with the account's or the provider's trouble."""
        answer, body = await self._post("AccountStatus", {})
        if not answer.is_good or kind_of(field_of(body, "Status")) is not StatusKind.SUCCESS:
            raise account_error(_result(body), answer.raw)
        name = field_of(body, "AccountName")
        return Account(str(name or "")[:200], as_amount(field_of(body, "RemaindCredit")))

    async def make_audio(self, text: str, title: str) -> int:
        """`GenerateTTS`. Raises `NotSent` with trouble CONTENT for a text that cannot be spoken."""
        if len(text) > TEXT_LIMIT:
            raise NotSent("Text_TooLong", trouble=Trouble.CONTENT)
        fields = {"Text": text, "Title": title, "Speaker": self._speaker, "CallFromMobile": ""}
        answer, body = await self._post("GenerateTTS", fields, text)
        given = field_of(body, "Id")
        given = _result(body) if given is None else given
        audio_id = as_id(given) if answer.is_good else ""
        if not audio_id:
            raise audio_error(_code(given), answer.raw)
        return int(audio_id)

    async def _is_audio_rejected(self, audio_id: int) -> bool:
        """`GetMessage`: whether somebody at the provider refused the audio. False where it does not tell."""
        try:
            answer, body = await self._post("GetMessage", {"MessageID": str(audio_id)})
        except GatewayError:
            return False
        details = field_of(body, "Details")
        return answer.is_good and as_int(field_of(details, "Confirmed")) == AUDIO_REJECTED

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """`GetCampaignNumbersByCampaignID` for a known campaign; without one nothing can be proven, now or
        later. An id without numbers may be a single call's (`GetQuickSend`); the portal itself
        makes campaigns only."""
        if not as_id(campaign_id):
            return Lookup(complete=False, final=True)
        rows = await self._campaign_numbers(campaign_id)
        if not rows:
            return await self._lookup_quick_send(batch, since - CLOCK_SLACK, until + CLOCK_SLACK, campaign_id)
        numbers = [last_ten(row.get("Number")) if isinstance(row, dict) else "" for row in rows]
        return Lookup(complete="" not in numbers, found=_found(batch, set(numbers), campaign_id))

    async def _lookup_quick_send(
        self, batch: Batch, since: datetime, until: datetime, quick_send_id: str
    ) -> Lookup:
        """The number that a single call of this id reached. It proves nobody's absence: the ids of calls and
        of campaigns are counted apart, so that another's call may have the same."""
        answer, body = await self._post("GetQuickSend", {"QuickSendID": quick_send_id})
        if not answer.is_good or not isinstance(body, dict) or as_id(body.get("Id")) != quick_send_id:
            return Lookup(complete=False)
        started = from_provider_time(body.get("starttime"))
        if started is None or not since <= started <= until:
            return Lookup(complete=False)
        return Lookup(complete=False, found=_found(batch, {last_ten(body.get("dst"))}, quick_send_id))

    async def reports(self, campaign_id: str, ids: Sequence[str]) -> list[DeliveryReport]:
        """`GetCampaignNumbersByCampaignID`. The campaign's id stands for every recipient of it."""
        if not as_id(campaign_id):
            return []
        rows = await self._campaign_numbers(campaign_id)
        return [report for row in rows if (report := _read_report(campaign_id, row)) is not None]

    async def stop(self, campaign_id: str) -> bool:
        """`StopCampaign`: true, or false for one that is not under way."""
        answer, body = await self._post("StopCampaign", {"CampaignID": campaign_id})
        value = body if isinstance(body, bool) else field_of(body, "result", "ReturnValue")
        if not answer.is_good or not isinstance(value, bool):
            raise account_error(_result(body), answer.raw)
        return value

    async def _campaign_numbers(self, campaign_id: str) -> list[Any]:
        fields = {"CampaignID": campaign_id}
        answer, body = await self._post("GetCampaignNumbersByCampaignID", fields, limit=LIST_LIMIT)
        rows = field_of(body, "Data", *_RESULTS) if isinstance(body, dict) else body
        if not answer.is_good or not isinstance(rows, list):
            raise account_error(_result(body), answer.raw)
        return rows

    async def close(self) -> None:
        await self._http.close()

    async def _post(
        self,
        method: str,
        fields: Mapping[str, str],
        text: str = "",
        *,
        limit: int = ANSWER_LIMIT,
        write_before: float | None = None,
    ) -> tuple[HttpAnswer, Any]:
        """The answer, and the JSON value that it holds."""
        answer = await self._http.post(method, fields, limit=limit, write_before=write_before, secrets=[text])
        return answer, answer.parsed()


def _found(batch: Batch, numbers: set[str], provider_id: str) -> dict[str, RecipientOutcome]:
    outcome = RecipientOutcome(Result.ACCEPTED, provider_id, "found")
    return {address: outcome for address in batch.addresses if last_ten(address) in numbers}


def _read_report(campaign_id: str, row: object) -> DeliveryReport | None:
    """One number's report; None without a number, since it then belongs to nobody.

    What a number's `Status` means is documented nowhere: it is kept as the provider's word, and only a
    call that lasted was answered. One that was not may be tried again, so it stays unclear. A number that
    was never tried waits its turn, and once the campaign is over it was not called at all.
    """
    number = last_ten(row.get("Number")) if isinstance(row, dict) else ""
    if not isinstance(row, dict) or not number:
        return None
    status = row.get("Status")
    word = str(status)[:60] if isinstance(status, int | str) and not isinstance(status, bool) else ""
    if (as_amount(row.get("Duration")) or 0) > 0:
        return DeliveryReport(campaign_id, number, ReportStatus.DELIVERED, word)
    if as_int(row.get("TryCount")) == 0:
        return DeliveryReport(campaign_id, number, ReportStatus.PENDING, f"{NOT_DIALLED}:{word}"[:60])
    return DeliveryReport(campaign_id, number, ReportStatus.UNCLEAR, word)


def _campaign(batch: Batch, ends_at: datetime) -> dict[str, str]:
    return {
        "Title": batch.reference,
        "Numbers": ",".join([local_form(address) for address in batch.addresses]),
        "MessageID": str(batch.audio_id),
        "StartDateTime": provider_time(batch.now),
        "EndDateTime": provider_time(ends_at),
        "MaxTryCount": "1",
        "MinuteBetweenTries": "10",
        "ServerID": "0",
        "AutoStart": "true",
        "Vote": "false",
    }


def _result(body: Any) -> Any:
    """The number or the status of an answer, in any of the shapes seen: bare, or in a field.

    An id beside a status that is no success is not believed.
    """
    if not isinstance(body, dict):
        return _code(body)
    value, status = field_of(body, *_RESULTS), field_of(body, "Status")
    number = as_int(value)
    if status is None or (number is not None and number < 0):
        return _code(value)
    is_taken = number is not None and number > 0 and kind_of(status) is StatusKind.SUCCESS
    return number if is_taken else _code(status)


def _code(value: Any) -> Any:
    number = as_int(value)
    return value if number is None else number
