"""AmootSMS's part of the fake gateway, in the provider's own words and shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateways.fake.faults import Fault
from gateways.fake.provider import (
    GOES_ON,
    HUGE_ID,
    NEVER,
    Call,
    Fate,
    Inbox,
    epoch,
    integer,
    local_stamp,
)
from gateways.fake.store import Campaign, Ledger
from gateways.reading import as_int, last_ten
from gateways.sms_parts import count_parts
from gateways.statuses import CODES
from persian.text import search_key

PRICE: Final = 1500  # rial a part
CREDIT: Final = 10_000_000_000
LONGEST_TEXT: Final = 5000
STRANGERS: Final = (9_000_000_001, 9_000_000_002)
_CANCEL, _RETURN = frozenset({"11", "لغو11", "لغو 11"}), frozenset({"12"})

Row = dict[str, Any]


class AmootSmsFake:
    """`blacklist` holds ten-digit numbers that cancelled by an inbound 11 (and not 12 since)."""

    sending = frozenset({"SendSimple", "SendPeerToPeer"})

    def __init__(self, ledger: Ledger, fate: Fate) -> None:
        self.ledger = ledger
        self.fate = fate
        self.inbox = Inbox()
        self.blacklist: set[str] = set()
        self.relays: dict[str, str] = {}

    def methods(self) -> Mapping[str, Callable[[Call], Any]]:
        return {
            "AccountStatus": self._account,
            "SendSimple": self._send_simple,
            "SendPeerToPeer": self._send_peer_to_peer,
            "GetDelivery": self._delivery,
            "GetDeliveries": self._deliveries,
            "GetDeliveriesByCampaignID": self._deliveries_by_campaign,
            "GetMessage": self._message,
            "GetMessages": self._messages,
            "RecieveMessages": self._received,
            "RecieveNewMessages": self._received_new,
            "IsBlackList_ByCancelation": self._is_blacklisted,
            "CalculateMessagePrice": self._price,
            "RelayMessageDeliveryCreate": lambda call: self._relay("delivery", call),
            "RelayRecieveMessageCreate": lambda call: self._relay("received", call),
        }

    def refusal(self, method: str, fault: Fault, call: Call) -> Any:
        if fault.name in {"hours", "audio"}:
            return GOES_ON  # AmootSMS documents no such answer
        status: Any = as_int(fault.value)
        status = fault.value if status is None else status
        if status in {"CreditNotEnough", CODES["CreditNotEnough"]}:
            if method == "AccountStatus":
                return {**self._account(call), "RemaindCredit": 0}
            if method not in self.sending:
                return GOES_ON
        return _refused(status, call.get("SMSMessageText"))

    def unauthorised(self, status: str) -> Any:
        return _refused(status)

    def receive(self, mobile: str, text: str, line: str, at: float) -> Row:
        """An inbound message; 11 puts its sender on the blacklist, 12 takes it off."""
        message = self.inbox.add(mobile, text, line, at)
        word, number = search_key(text[:20]), last_ten(mobile)
        if word in _CANCEL:
            self.blacklist.add(number)
        elif word in _RETURN:
            self.blacklist.discard(number)
        return message

    # --- the account ------------------------------------------------------------------------------

    def _account(self, call: Call) -> Row:
        return {
            "Status": "Success",
            "AccountName": "fake",
            "RemaindCredit": CREDIT - PRICE * self.ledger.accepted,
            "BaseSMS_PersianPrice": PRICE,
            "ServiceSMS_PersianPrice": PRICE,
            "AdsSMS_PersianPrice": PRICE,
            "Avanak_SecondPrice": 45,
            "ListLineNumbers": ["public", "service", "30001234"],
        }

    def _price(self, call: Call) -> int:
        numbers = [number for number in call.get("Mobiles").split(",") if number]
        text = call.get("SMSMessageText")
        if not text or not numbers:
            return -CODES["SMSMessageText_Empty" if not text else "Mobiles_Empty"]
        return PRICE * count_parts(text).parts * len(numbers)

    def _relay(self, kind: str, call: Call) -> Row:
        if not call.get("URLAddress"):
            return {"Status": "URLAddress_Empty"}
        self.relays[kind] = call.get("URLAddress")
        return {"Status": "Success"}

    # --- sending ----------------------------------------------------------------------------------

    def _send_simple(self, call: Call) -> Row:
        text, line = call.get("SMSMessageText"), call.get("LineNumber")
        mobiles = [mobile for mobile in call.get("Mobiles").split(",") if mobile.strip()]
        problem = _problem(text, line, call.get("SendDateTime"), mobiles)
        if problem:
            return _refused(problem, text)
        numbers = [last_ten(mobile) for mobile in mobiles]
        if not any(self._is_good(number) for number in numbers):
            return _refused("Mobiles_Invalid", text)
        refused = [not self._is_good(number) or call.hit("partial") for number in numbers]
        taken = [number for number, out in zip(numbers, refused, strict=True) if not out]
        campaign = self.ledger.accept(taken, text, call=call.number, line=line, at=call.at)
        rows = _outcome_rows(numbers, refused, campaign.first_id, call)
        parts = count_parts(text).parts
        return {
            "MessageText": text,
            "SMSPagesCount": parts,
            "CampaignID": campaign.id,
            "Price": PRICE * parts * len(taken),
            "Status": call.value("unknown-status") or "Success",
            "Data": [] if call.has("no-data") else rows,
        }

    def _send_peer_to_peer(self, call: Call) -> Row:
        items = call.params.get("Input")
        pairs = [
            (last_ten(item.get("Number")), str(item.get("MessageText", "")))
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict)
        ]
        campaigns = []
        for number, text in pairs:
            if self._is_good(number) and text:
                campaigns.append(
                    self.ledger.accept(
                        [number], text, call=call.number, line=call.get("LineNumber"), at=call.at
                    )
                )
        data = {
            "CampaignsCreated": len(campaigns),
            "TotalCampaignNumbersCreated": len(campaigns),
            "FailedCount": len(pairs) - len(campaigns),
            "Campaigns": [self._peer_row(campaign) for campaign in campaigns],
        }
        return {"Status": "Success" if campaigns else "Mobiles_Empty", "Data": data}

    def _peer_row(self, campaign: Campaign) -> Row:
        number = int(self.ledger.number(campaign, 0))
        return {
            "ID": campaign.id,
            "Status": "Success",
            "MessageText": campaign.text,
            "SMSPagesCount": count_parts(campaign.text).parts,
            "Numbers": [{"ID": campaign.first_id, "Number": number}],
        }

    def _is_good(self, number: str) -> bool:
        return number.startswith("9") and number not in self.blacklist

    # --- what became of it ------------------------------------------------------------------------

    def delivery_row(self, campaign: Campaign, index: int, now: float) -> Row:
        return {
            "MessageID": campaign.first_id + index,
            "DeliveryType": self._delivery_type(campaign.first_id + index, now - campaign.at),
            "Cost": PRICE * count_parts(campaign.text).parts,
            "RegDateTime": local_stamp(campaign.at),
            "SendDateTime": local_stamp(campaign.at),
        }

    def _delivery_type(self, message_id: int, elapsed: float) -> int:
        if elapsed < self.fate.seconds:
            return (900, 0, 8)[int(3 * max(elapsed, 0) / self.fate.seconds)]
        draw = self.fate.draw(message_id)
        if draw < self.fate.undelivered:
            return 2
        return 35 if draw < self.fate.undelivered + self.fate.blacklisted else 1

    def _delivery(self, call: Call) -> Row:
        found = self.ledger.message(integer(call.get("MessageID")))
        if found is None:
            return {"Status": "MessageID_Invalid", "Data": None}
        return {"Status": "Success", "Data": self.delivery_row(*found, call.at)}

    def _deliveries(self, call: Call) -> Row:
        rows = []
        for text in call.get("ListMessageID").split(","):
            found = self.ledger.message(integer(text.strip()))
            if found is None:
                rows.append({"MessageID": integer(text.strip()), "Status": "MessageID_Invalid"})
            else:
                rows.append({**self.delivery_row(*found, call.at), "Status": "Success"})
        return {"Status": "Success", "Data": rows}

    def _deliveries_by_campaign(self, call: Call) -> Row:
        campaign = self.ledger.campaign(integer(call.get("CampaignID")))
        if campaign is None:
            return {"Status": "BulkID_Invalid", "Data": []}
        rows = [
            {
                **self.delivery_row(campaign, index, call.at),
                "Status": "Success",
                "Number": int(self.ledger.number(campaign, index)),
            }
            for index in range(campaign.size)
        ]
        return {"Status": "Success", "Data": rows}

    def _message_row(self, campaign: Campaign, message_id: int, number: str, now: float) -> Row:
        sent_at = campaign.at + campaign.delay
        return {
            "MessageID": message_id,
            "Mobile": int(number),
            "LineNumber": campaign.line,
            "SMSMessageText": campaign.text,
            "RegDateTime": local_stamp(campaign.at),
            "SentDateTime": local_stamp(sent_at) if now - sent_at > self.fate.seconds / 3 else NEVER,
        }

    def _message(self, call: Call) -> Row:
        found = self.ledger.message(integer(call.get("MessageID")))
        if found is None:
            return {"Status": "MessageID_Invalid", "Data": None}
        campaign, index = found
        number = self.ledger.number(campaign, index)
        row = self._message_row(campaign, campaign.first_id + index, number, call.at)
        return {"Status": "Success", "Data": row}

    def _messages(self, call: Call) -> Row:
        since, until = epoch(call.get("FromDateTime")), epoch(call.get("ToDateTime"))
        if since is None or until is None:
            return {"Status": "FromDateTime_Invalid" if since is None else "ToDateTime_Invalid", "Data": []}
        rows = [
            self._message_row(campaign, message_id, number, call.at)
            for campaign in self.ledger.between(since, until + 0.999_999)
            for message_id, number in self.ledger.recipients(campaign)
        ]
        return {"Status": "Success", "Data": rows}

    # --- what came in -----------------------------------------------------------------------------

    def _received(self, call: Call) -> Row:
        since, until = epoch(call.get("FromDateTime")), epoch(call.get("ToDateTime"))
        if since is None or until is None:
            return {"Status": "FromDateTime_Invalid" if since is None else "ToDateTime_Invalid", "Data": []}
        line = call.get("LineNumber")
        rows = [
            message
            for message in self.inbox.messages
            if since <= (epoch(message["RecieveDateTime"]) or 0) <= until
            and line in {"", message["LineNumber"]}
        ]
        return {"Status": "Success", "Data": rows}

    def _received_new(self, call: Call) -> Row:
        count = integer(call.get("Count"))
        if count < 1:
            return {"Status": "Count_Invalid", "Data": []}
        return {"Status": "Success", "Data": self.inbox.take(count)}

    def _is_blacklisted(self, call: Call) -> Row:
        number = last_ten(call.get("Mobile"))
        if not number:
            return {"Status": "Mobile_Invalid", "Data": []}
        row = {"Number": int("98" + number), "IsBlackList": number in self.blacklist}
        return {"Status": "Success", "Data": [row]}


def _problem(text: str, line: str, send_at: str, mobiles: Sequence[str]) -> str:
    """The status that refuses a whole call, '' for none."""
    if not text.strip():
        return "SMSMessageText_Empty"
    if len(text) > LONGEST_TEXT:
        return "Length_Exceeded"
    if not line:
        return "LineNumber_Empty"
    if not mobiles:
        return "Mobiles_Empty"
    return "" if epoch(send_at) is not None else "FromDateTime_Invalid"


def _refused(status: Any, text: str = "") -> Row:
    return {
        "MessageText": text,
        "SMSPagesCount": 0,
        "CampaignID": 0,
        "Price": 0,
        "Status": status,
        "Data": [],
    }


def _outcome_rows(numbers: Sequence[str], refused: Sequence[bool], first_id: int, call: Call) -> list[Row]:
    """`Data` of a sent call, spoilt as the call's faults say."""
    rows: list[Row] = []
    status = call.value("unknown-status") or "Success"
    next_id = first_id
    for number, out in zip(numbers, refused, strict=True):
        mobile = int(number or 0)
        if out:
            rows.append({"Mobile": mobile, "MessageID": 0, "Status": "Mobile_Invalid"})
            continue
        message_id, next_id = next_id, next_id + 1
        if not call.hit("partial-unanswered"):
            shown = HUGE_ID if call.has("huge-id") else message_id
            rows.append({"Mobile": mobile, "MessageID": shown, "Status": status})
    if call.has("extra-numbers"):
        rows += [{"Mobile": mobile, "MessageID": 7, "Status": "Success"} for mobile in STRANGERS]
    return rows
