"""Avanak's part of the fake gateway: bare integers, negative ones for errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from devtools.fake_gateway.faults import Fault
from devtools.fake_gateway.provider import GOES_ON, Call, CallRefused, Fate, integer, local, local_stamp
from devtools.fake_gateway.store import Campaign, Ledger
from gateways.avanak.client import TEXT_LIMIT
from gateways.avanak.errors import NUMBER_INVALID
from gateways.reading import ID_LIMIT, as_int, last_ten
from gateways.statuses import CODES

PRICE: Final = 1350  # rial a call
_QUICK: Final = frozenset({"QuickSend", "QuickSendWithTTS"})
_CREDIT: Final = {"CreateCampaign": -50, "StartCampaign": -50}
_CALLS: Final = frozenset({"CreateCampaign", "StartCampaign", *_QUICK})
_WORKS: Final = frozenset({*_CALLS, "GenerateTTS", "UploadMessageBase64"})
# The answer of a campaign, and `Confirmed` of the audio.
_AUDIO: Final = {"pending": (-61, 0), "rejected": (-62, 2)}
_TITLES: Final = {0: "در انتظار", 1: "پاسخ داده شد", 2: "پاسخ داده نشد"}
# A campaign's state.
_SENDING_NOW, _FINISHED, _STOPPED = 11, 12, 27


class AvanakFake:
    sending = frozenset({"CreateCampaign", "SendOTP", "SendOCV", *_QUICK})

    def __init__(self, ledger: Ledger, fate: Fate) -> None:
        self.ledger = ledger
        self.fate = fate

    def methods(self) -> Mapping[str, Callable[[Call], Any]]:
        return {
            "AccountStatus": self._account,
            "GenerateTTS": self._generate,
            "UploadMessageBase64": self._upload,
            "QuickSend": self._quick_send,
            "QuickSendWithTTS": self._quick_send_with_tts,
            "CreateCampaign": self._create_campaign,
            "StartCampaign": self._start,
            "StopCampaign": self._stop,
            "GetCampaignNumbersByCampaignID": self._campaign_numbers,
            "GetQuickSend": self._get_quick_send,
            "GetCampaign": self._get_campaign,
            "GetQuickSendStatistics": self._statistics,
            "SendOTP": self._send_otp,
            "SendOCV": self._send_ocv,
            "GetMessage": self._get_message,
            "GetMessages": self._get_messages,
            "DownloadMessage": self._download,
            "DeleteMessage": self._delete_message,
        }

    def refusal(self, method: str, fault: Fault, call: Call) -> Any:
        if fault.name == "hours":
            return -6 if method in _CALLS else GOES_ON
        if fault.name == "audio":
            refusal, confirmed = _AUDIO[fault.value]
            if method == "GetMessage":
                return self._get_message(call, confirmed=confirmed)
            return refusal if method in {"CreateCampaign", "StartCampaign"} else GOES_ON
        number = as_int(fault.value)
        code = CODES[fault.value] if number is None else number
        if code == CODES["CreditNotEnough"]:
            if method == "AccountStatus":
                return {**self._account(call), "RemaindCredit": 0}
            if method not in _WORKS:
                return GOES_ON
            code = _CREDIT.get(method, -3)
        elif code == CODES["ServerError"]:
            code = CODES["System_Disabled"]
        elif code > 0:
            code = CODES["Token_Invalid"]  # a positive answer would be an id
        return self.refused(method, code)

    def refused(self, method: str, status: str | int) -> Any:
        code = CODES[status] if isinstance(status, str) else status
        return {"Id": code, "Length": 0} if method in {"GenerateTTS", "UploadMessageBase64"} else code

    def _account(self, call: Call) -> dict[str, Any]:
        return {
            "Status": "Success",
            "AccountName": "fake",
            "RemaindCredit": 5_000_000_000 - PRICE * self.ledger.accepted,
            "Mobile": "09000000000",
            "ExpireDate": "2030-01-01T00:00:00",
            "ExpireDatePer": "1408/10/11",
        }

    # --- voice messages ---------------------------------------------------------------------------

    def _generate(self, call: Call) -> dict[str, Any]:
        text = call.get("Text")
        # A second a character: only what is shorter than three letters is refused.
        seconds = len(text.strip())
        if len(text) > TEXT_LIMIT:
            raise CallRefused(-5)
        if not seconds or call.get("Speaker") not in {"male", "female"}:
            raise CallRefused(-2)
        if seconds < 3:
            raise CallRefused(-6)
        audio_id = self.ledger.make_audio(text, title=call.get("Title"), at=call.at)
        return {"Id": audio_id, "Length": seconds}

    def _upload(self, call: Call) -> dict[str, Any]:
        try:
            data = base64.b64decode(call.get("Base64"), validate=True)
        except binascii.Error:
            data = b""
        if not data:
            raise CallRefused(-2)
        title = call.get("Title")
        return {"Id": self.ledger.make_audio(title, title=title, at=call.at), "Length": 10}

    def _get_message(self, call: Call, *, confirmed: int = 1) -> dict[str, Any]:
        audio_id = call.integer("MessageID")
        if audio_id not in self.ledger.audio:
            return {"Details": None, "Status": "MessageID_Invalid"}
        return {"Details": self._details(audio_id, confirmed), "Status": "Success"}

    def _details(self, audio_id: int, confirmed: int = 1) -> dict[str, Any]:
        title = self.ledger.titles.get(audio_id, "")
        return {"Id": audio_id, "Title": title, "Lenght": 10, "Confirmed": confirmed}

    def _get_messages(self, call: Call) -> dict[str, Any]:
        """The shape of this list is documented nowhere."""
        skip, take = call.integer("Skip"), call.integer("Take", 100)
        return {
            "Data": [self._details(one) for one in list(self.ledger.audio)[skip : skip + take]],
            "Status": "Success",
        }

    def _download(self, call: Call) -> bytes | None:
        text = self._audio(call)
        return None if text is None else text.encode("utf-8", "replace")

    def _delete_message(self, call: Call) -> bool:
        return self.ledger.audio.pop(call.integer("MessageID"), None) is not None

    # --- sending ----------------------------------------------------------------------------------

    def _create_campaign(self, call: Call) -> Any:
        text, numbers = self._audio(call), call.numbers("Numbers")
        start, end = local(call.get("StartDateTime")), local(call.get("EndDateTime"))
        if text is None:
            return -60
        if start is None or end is None or start.date() > end.date():
            return -76
        if start.time().replace(second=0) >= end.time().replace(second=0):
            return -77
        if not 1 <= call.integer("MaxTryCount", 1) <= 10:
            return -70
        if not numbers or "" in numbers:
            return -75
        campaign = self.ledger.accept(numbers, text, call=call.number, at=call.at, window_end=end.timestamp())
        campaign.stopped = call.get("AutoStart").lower() != "true"
        return _spoilt(campaign.id, call)

    def _quick_send(self, call: Call) -> Any:
        text = self._audio(call)
        return -8 if text is None else self._dial(call, text)

    def _quick_send_with_tts(self, call: Call) -> Any:
        text = call.get("Text")
        if not text.strip():
            return -10
        return -5 if len(text) > TEXT_LIMIT else self._dial(call, text)

    def _dial(self, call: Call, text: str) -> Any:
        number = last_ten(call.get("Number"))
        if not number:
            return NUMBER_INVALID
        campaign = self.ledger.accept([number], text, call=call.number, at=call.at)
        campaign.is_single = True
        return _spoilt(campaign.id, call)

    def _send_otp(self, call: Call) -> dict[str, Any]:
        length, given = call.integer("Length"), call.get("OptionalCode")
        code = given if given not in {"", "0"} else "1" * length
        sent = self._dial(call, code) if 4 <= length <= 8 else -5
        if sent in {NUMBER_INVALID, -5}:
            return {"ErrorCode": sent, "QuickSendID": 0, "GeneratedCode": ""}
        return {"ErrorCode": 0, "QuickSendID": sent, "GeneratedCode": code}

    def _send_ocv(self, call: Call) -> dict[str, Any]:
        sent = self._dial(call, "OCV")
        is_sent = sent != NUMBER_INVALID
        return {"Result": 0 if is_sent else sent, "Code": int(is_sent), "SendId": max(sent, 0)}

    def _start(self, call: Call) -> int:
        campaign = self.ledger.campaign(call.integer("CampaignID"))
        if campaign is None:
            return -30
        campaign.stopped = False
        return campaign.id

    def _stop(self, call: Call) -> bool:
        campaign = self.ledger.campaign(call.integer("CampaignID"))
        if campaign is not None:
            campaign.stopped = True
        return campaign is not None

    # --- what became of it ------------------------------------------------------------------------

    def _get_campaign(self, call: Call) -> dict[str, Any]:
        """The shape of a campaign is documented nowhere; its states are."""
        campaign = self._campaign(call)
        if campaign is None:
            return {"Details": None, "Status": "BulkID_Invalid"}
        is_over = self._is_over(campaign, call)
        state = _STOPPED if campaign.stopped else _FINISHED if is_over else _SENDING_NOW
        return {"Details": {"Id": campaign.id, "Status": state, "Count": campaign.size}, "Status": "Success"}

    def _statistics(self, call: Call) -> dict[str, Any]:
        """The shape of these figures is documented nowhere."""
        since, until = local(call.get("StartDateTime")), local(call.get("EndDateTime"))
        if since is None or until is None:
            return {"Count": 0, "Status": "FromDateTime_Invalid"}
        between = self.ledger.between(since.timestamp(), until.timestamp())
        return {"Count": sum(campaign.is_single for campaign in between), "Status": "Success"}

    def _campaign_numbers(self, call: Call) -> Any:
        campaign = self._campaign(call)
        return [self._number_row(campaign, n, call) for n in range(campaign.size)] if campaign else []

    def _number_row(self, campaign: Campaign, index: int, call: Call) -> dict[str, Any]:
        row_id, number = campaign.first_id + index, self.ledger.number(campaign, index)
        status = self._number_status(campaign, row_id, call)
        answered = status == 1
        return {
            "CampaignID": campaign.id,
            "Id": row_id,
            "Number": "0" + number,
            "Status": status,
            "Duration": 20 if answered else 0,
            "Price": PRICE if answered else 0,
            "SendDate": local_stamp(campaign.at),
            "DeliverDate": local_stamp(campaign.at + self.fate.seconds) if answered else None,
            "TryCount": int(status > 0),
            "Vote": -1,
            "IsMobile": number.startswith("9"),
        }

    def _number_status(self, campaign: Campaign, row_id: int, call: Call) -> int:
        """Undocumented at the provider; here 0 waits, 1 was answered, 2 was not."""
        if not self._is_over(campaign, call):
            return 0
        return 1 if self.fate.draw(row_id) >= self.fate.undelivered else 2

    def _get_quick_send(self, call: Call) -> Any:
        campaign = self.ledger.campaign(call.integer("QuickSendID"))
        if campaign is None:
            return None
        status = self._number_status(campaign, campaign.first_id, call)
        return {
            "reason": status,
            "status": _TITLES[status],
            "dst": "0" + self.ledger.number(campaign, 0),
            "starttime": local_stamp(campaign.at),
            "Id": campaign.id,
            "subscribeid": 0,
            "duration": 20 if status == 1 else 0,
            "vote": -1,
        }

    def _audio(self, call: Call) -> str | None:
        return self.ledger.audio.get(call.integer("MessageID"))

    def _campaign(self, call: Call) -> Campaign | None:
        """The campaign that is asked about: a single call is none."""
        campaign = self.ledger.campaign(call.integer("CampaignID"))
        return None if campaign is None or campaign.is_single else campaign

    def _is_over(self, campaign: Campaign, call: Call) -> bool:
        return call.at - campaign.at >= self.fate.seconds


def _spoilt(campaign_id: int, call: Call) -> Any:
    """The id of a sent call, spoilt as the call's faults say."""
    if call.has("huge-id"):
        return ID_LIMIT
    if call.has("unknown-status"):
        return integer(call.value("unknown-status"), -999)  # no documented code
    return None if call.has("no-data") else campaign_id
