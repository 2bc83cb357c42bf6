"""Avanak's REST interface: voice messages as campaigns, errors as negative integers inside HTTP 200."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from contacts.numbers import local_form
from messaging.gateways.avanak.errors import account_error, audio_error, sending_error
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
from messaging.gateways.http import ANSWER_LIMIT, Http
from messaging.gateways.masking import masked
from messaging.gateways.reading import NotJson, as_amount, as_id, as_int, last_ten, parse_json, provider_time
from messaging.gateways.statuses import Kind, kind_of

TEXT_LIMIT: Final = 1000  # characters that GenerateTTS takes
LIST_LIMIT: Final = 32 * 1024 * 1024
TITLE_LIMIT: Final = 100
# How long the provider may go on dialling where no window ends it.
LONGEST_CAMPAIGN: Final = timedelta(days=1)


class Avanak:
    """The `Gateway` of the channel `avanak`. `speaker` is `male` or `female`."""

    code = "avanak"
    can_lookup = True  # of calls whose campaign is known; of others nothing can be proven
    can_list = False
    needs_audio = True

    def __init__(self, http: Http, *, speaker: str, max_batch: int) -> None:
        self._http = http
        self._speaker = speaker
        self.max_batch = max_batch

    async def send(self, batch: Batch) -> Answer:
        """`CreateCampaign`, which ends at the window's close: the provider does not dial after it.

        The campaign's id stands for every recipient, since the provider gives none of its own.
        """
        if batch.audio_id is None:
            raise NotSent("no_audio", trouble=Trouble.CONTENT)
        ends_at = batch.ends_at or batch.now + LONGEST_CAMPAIGN
        if ends_at <= batch.now:
            raise NotSent("window_over", trouble=Trouble.HOURS)
        body, raw, is_good = await self._post(
            "CreateCampaign", _campaign(batch, ends_at), batch.text, write_before=batch.write_before
        )
        campaign_id = as_id(_result(body)) if is_good else ""
        if campaign_id:
            accepted = RecipientOutcome(Result.ACCEPTED, campaign_id, "created")
            return Answer(dict.fromkeys(batch.addresses, accepted), campaign_id, raw)
        error = sending_error(_result(body), raw)
        if isinstance(error, BatchRefused) and len(batch.addresses) == 1:
            rejected = RecipientOutcome(Result.REJECTED, status=error.code)
            return Answer({batch.addresses[0]: rejected}, raw=raw)
        raise error

    async def account(self) -> Account:
        """`AccountStatus`. Raises `NotSent` with the account's or the provider's trouble."""
        body, raw, is_good = await self._post("AccountStatus", {})
        status = body.get("Status") if isinstance(body, dict) else _result(body)
        if not is_good or not isinstance(body, dict) or kind_of(status) is not Kind.SUCCESS:
            raise account_error(status, raw)
        return Account(str(body.get("AccountName", ""))[:200], as_amount(body.get("RemaindCredit")))

    async def make_audio(self, text: str, title: str) -> int:
        """`GenerateTTS`. Raises `NotSent` with trouble CONTENT for a text that cannot be spoken."""
        if len(text) > TEXT_LIMIT:
            raise NotSent("Text_TooLong", trouble=Trouble.CONTENT)
        fields = {
            "Text": text,
            "Title": title[:TITLE_LIMIT],
            "Speaker": self._speaker,
            "CallFromMobile": "",
        }
        body, raw, is_good = await self._post("GenerateTTS", fields, text)
        given = body.get("Id", _result(body)) if isinstance(body, dict) else body
        audio_id = as_id(given) if is_good else ""
        if not audio_id:
            raise audio_error(_code(given), raw)
        return int(audio_id)

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """`GetCampaignNumbersByCampaignID` for a known campaign; without one nothing can be proven."""
        if not as_id(campaign_id):
            return Lookup(complete=False)
        fields = {"CampaignID": campaign_id}
        body, raw, is_good = await self._post("GetCampaignNumbersByCampaignID", fields, limit=LIST_LIMIT)
        rows = body.get("Data", body.get("result")) if isinstance(body, dict) else body
        if not is_good or not isinstance(rows, list):
            raise account_error(_result(body), raw)
        numbers = [last_ten(row.get("Number")) if isinstance(row, dict) else "" for row in rows]
        taken = set(numbers)
        outcome = RecipientOutcome(Result.ACCEPTED, campaign_id, "found")
        found = {address: outcome for address in batch.addresses if last_ten(address) in taken}
        return Lookup(complete=bool(rows) and "" not in taken, found=found)

    async def list_messages(self, since: datetime, until: datetime) -> AsyncIterator[Listing]:
        """Avanak documents no list of campaigns: what its panel sent cannot be seen from here."""
        raise NotSent("no_list", trouble=Trouble.CONTENT)
        yield  # an asynchronous generator, as the others

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
    ) -> tuple[Any, str, bool]:
        """(the JSON value, its masked beginning, whether the HTTP status is good). A 5xx is never read."""
        answer = await self._http.post(method, fields, limit=limit, write_before=write_before)
        raw = masked(answer.text, [self._http.token, text])
        if answer.status >= 500:
            _not_understood(f"http_{answer.status}", raw)
        try:
            return parse_json(answer.text), raw, answer.is_good
        except NotJson:
            _not_understood("not_json" if answer.is_good else f"http_{answer.status}", raw)


def _not_understood(code: str, raw: str) -> NoReturn:
    raise OutcomeUnknown(code, trouble=Trouble.PROVIDER, raw=raw)


def _campaign(batch: Batch, ends_at: datetime) -> dict[str, str]:
    return {
        "Title": batch.reference[:TITLE_LIMIT],
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
    """The number or the status of an answer, in either of the shapes seen."""
    if isinstance(body, dict):
        body = body.get("result", body.get("Status"))
    return _code(body)


def _code(value: Any) -> Any:
    number = as_int(value)
    return value if number is None else number
