"""Avanak's part of the fake gateway: bare integers, negative ones for errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from devtools.fake_gateway.faults import Fault
from devtools.fake_gateway.provider import GOES_ON, HUGE_ID, Call, Fate, integer, local, local_stamp
from devtools.fake_gateway.store import Campaign, Ledger
from gateways.reading import as_int, last_ten
from gateways.statuses import CODES

CREDIT: Final = 5_000_000_000
PRICE: Final = 1350  # rial a call
LONGEST_TEXT: Final = 1000
_QUICK: Final = frozenset({"QuickSend", "QuickSendWithTTS"})
_CREDIT: Final = {"CreateCampaign": -50, "StartCampaign": -50}
_HOURS: Final = -6
_CALLS: Final = frozenset({"CreateCampaign", "StartCampaign", *_QUICK})
_WORKS: Final = frozenset({*_CALLS, "GenerateTTS", "UploadMessageBase64"})
# The answer of a campaign, and `Confirmed` of the audio.
_AUDIO: Final = {"pending": (-61, 0), "rejected": (-62, 2)}
_NUMBER: Final = -2  # the number is wrong
SPEECH: Final = 1  # characters a second: only what is shorter than three letters is refused
SHORTEST_AUDIO: Final = 3  # seconds
_TITLES: Final = {0: "در انتظار", 1: "پاسخ داده شد", 2: "پاسخ داده نشد"}
# A campaign's state.
_SENDING_NOW, _FINISHED, _STOPPED = 11, 12, 27
# What no documented code says.
_UNHEARD_OF: Final = -999


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
            return _HOURS if method in _CALLS else GOES_ON
        if fault.name == "audio":
            refusal, confirmed = _AUDIO[fault.value]
            if method == "GetMessage":
                return self._get_message(call, confirmed=confirmed)
            return refusal if method in {"CreateCampaign", "StartCampaign"} else GOES_ON
        code = as_int(fault.value)
        code = CODES[fault.value] if code is None else code
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
        return {"Id": code, "Length": 0} if method in {"GenerateTTS", "UploadMessageBase64"} else code

    def unauthorised(self, method: str, status: str) -> Any:
        return CODES[status]

    def _account(self, call: Call) -> dict[str, Any]:
        return {
            "Status": "Success",
            "AccountName": "fake",
            "RemaindCredit": CREDIT - PRICE * self.ledger.accepted,
            "Mobile": "09000000000",
            "ExpireDate": "2030-01-01T00:00:00",
            "ExpireDatePer": "1408/10/11",
        }

    # --- voice messages ---------------------------------------------------------------------------

    def _generate(self, call: Call) -> dict[str, Any]:
        text = call.get("Text")
        if len(text) > LONGEST_TEXT:
            return {"Id": -5, "Length": 0}
        if not text.strip() or call.get("Speaker") not in {"male", "female"}:
            return {"Id": -2, "Length": 0}
        seconds = len(text.strip()) // SPEECH
        if seconds < SHORTEST_AUDIO:
            return {"Id": -6, "Length": 0}
        audio_id = self.ledger.make_audio(text, title=call.get("Title"), at=call.at)
        return {"Id": audio_id, "Length": seconds}

    def _upload(self, call: Call) -> dict[str, Any]:
        try:
            data = base64.b64decode(call.get("Base64"), validate=True)
        except binascii.Error:
            data = b""
        if not data:
            return {"Id": -2, "Length": 0}
        title = call.get("Title")
        return {"Id": self.ledger.make_audio(title, title=title, at=call.at), "Length": 10}

    def _get_message(self, call: Call, *, confirmed: int = 1) -> dict[str, Any]:
        audio_id = integer(call.get("MessageID"))
        if audio_id not in self.ledger.audio:
            return {"Details": None, "Status": "MessageID_Invalid"}
        return {"Details": self._details(audio_id, confirmed), "Status": "Success"}

    def _details(self, audio_id: int, confirmed: int = 1) -> dict[str, Any]:
        title = self.ledger.titles.get(audio_id, "")
        return {"Id": audio_id, "Title": title, "Lenght": 10, "Confirmed": confirmed}

    def _get_messages(self, call: Call) -> dict[str, Any]:
        """The shape of this list is documented nowhere."""
        skip, take = integer(call.get("Skip")), integer(call.get("Take"), 100)
        return {
            "Data": [self._details(one) for one in list(self.ledger.audio)[skip : skip + take]],
            "Status": "Success",
        }

    def _download(self, call: Call) -> bytes | None:
        text = self.ledger.audio.get(integer(call.get("MessageID")))
        return None if text is None else text.encode("utf-8", "replace")

    def _delete_message(self, call: Call) -> bool:
        return self.ledger.audio.pop(integer(call.get("MessageID")), None) is not None

    # --- sending ----------------------------------------------------------------------------------

    def _create_campaign(self, call: Call) -> Any:
        text = self.ledger.audio.get(integer(call.get("MessageID")))
        start, end = local(call.get("StartDateTime")), local(call.get("EndDateTime"))
        numbers = [last_ten(number) for number in call.get("Numbers").split(",") if number.strip()]
        if text is None:
            return -60
        if start is None or end is None or start.date() > end.date():
            return -76
        if start.time().replace(second=0) >= end.time().replace(second=0):
            return -77
        if not 1 <= integer(call.get("MaxTryCount"), 1) <= 10:
            return -70
        if not numbers or "" in numbers:
            return -75
        campaign = self.ledger.accept(numbers, text, call=call.number, at=call.at, window_end=end.timestamp())
        campaign.stopped = call.get("AutoStart").lower() != "true"
        return _spoilt(campaign.id, call)

    def _quick_send(self, call: Call) -> Any:
        text = self.ledger.audio.get(integer(call.get("MessageID")))
        return -8 if text is None else self._dial(call, text)

    def _quick_send_with_tts(self, call: Call) -> Any:
        text = call.get("Text")
        if not text.strip():
            return -10
        return -5 if len(text) > LONGEST_TEXT else self._dial(call, text)

    def _dial(self, call: Call, text: str) -> Any:
        number = last_ten(call.get("Number"))
        if not number:
            return _NUMBER
        campaign = self.ledger.accept([number], text, call=call.number, at=call.at)
        campaign.is_single = True
        return _spoilt(campaign.id, call)

    def _send_otp(self, call: Call) -> dict[str, Any]:
        length = integer(call.get("Length"))
        if not 4 <= length <= 8:
            return {"ErrorCode": -5, "QuickSendID": 0, "GeneratedCode": ""}
        given = call.get("OptionalCode")
        code = given if given not in {"", "0"} else "1" * length
        sent = self._dial(call, code)
        if sent == _NUMBER:
            return {"ErrorCode": _NUMBER, "QuickSendID": 0, "GeneratedCode": ""}
        return {"ErrorCode": 0, "QuickSendID": sent, "GeneratedCode": code}

    def _send_ocv(self, call: Call) -> dict[str, Any]:
        sent = self._dial(call, "OCV")
        is_sent = sent != _NUMBER
        return {"Result": 0 if is_sent else _NUMBER, "Code": 1 if is_sent else 0, "SendId": max(sent, 0)}

    def _start(self, call: Call) -> int:
        campaign = self.ledger.campaign(integer(call.get("CampaignID")))
        if campaign is None:
            return -30
        campaign.stopped = False
        return campaign.id

    def _stop(self, call: Call) -> bool:
        campaign = self.ledger.campaign(integer(call.get("CampaignID")))
        if campaign is not None:
            campaign.stopped = True
        return campaign is not None

    # --- what became of it ------------------------------------------------------------------------

    def _get_campaign(self, call: Call) -> dict[str, Any]:
        """The shape of a campaign is documented nowhere; its states are."""
        campaign = self.ledger.campaign(integer(call.get("CampaignID")))
        if campaign is None or campaign.is_single:
            return {"Details": None, "Status": "BulkID_Invalid"}
        is_over = call.at - campaign.at >= self.fate.seconds
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
        campaign = self.ledger.campaign(integer(call.get("CampaignID")))
        if campaign is None or campaign.is_single:
            return []
        is_over = call.at - campaign.at >= self.fate.seconds
        return [
            self._number_row(campaign, row_id, number, is_over=is_over)
            for row_id, number in self.ledger.recipients(campaign)
        ]

    def _number_row(self, campaign: Campaign, row_id: int, number: str, *, is_over: bool) -> dict[str, Any]:
        answered = is_over and self._is_answered(row_id)
        return {
            "CampaignID": campaign.id,
            "Id": row_id,
            "Number": "0" + number,
            "Status": self._number_status(row_id, is_over=is_over),
            "Duration": 20 if answered else 0,
            "Price": PRICE if answered else 0,
            "SendDate": local_stamp(campaign.at),
            "DeliverDate": local_stamp(campaign.at + self.fate.seconds) if answered else None,
            "TryCount": 1 if is_over else 0,
            "Vote": -1,
            "IsMobile": number.startswith("9"),
        }

    def _is_answered(self, row_id: int) -> bool:
        return self.fate.draw(row_id) >= self.fate.undelivered

    def _number_status(self, row_id: int, *, is_over: bool) -> int:
        """Undocumented at the provider; here 0 waits, 1 was answered, 2 was not."""
        if not is_over:
            return 0
        return 1 if self._is_answered(row_id) else 2

    def _get_quick_send(self, call: Call) -> Any:
        campaign = self.ledger.campaign(integer(call.get("QuickSendID")))
        if campaign is None:
            return None
        is_over = call.at - campaign.at >= self.fate.seconds
        return {
            "reason": self._number_status(campaign.first_id, is_over=is_over),
            "status": _TITLES[self._number_status(campaign.first_id, is_over=is_over)],
            "dst": "0" + self.ledger.number(campaign, 0),
            "starttime": local_stamp(campaign.at),
            "Id": campaign.id,
            "subscribeid": 0,
            "duration": 20 if is_over and self._is_answered(campaign.first_id) else 0,
            "vote": -1,
        }


def _spoilt(campaign_id: int, call: Call) -> Any:
    """The id of a sent call, spoilt as the call's faults say."""
    if call.has("huge-id"):
        return HUGE_ID
    if call.has("unknown-status"):
        return integer(call.value("unknown-status"), _UNHEARD_OF)
    return None if call.has("no-data") else campaign_id
