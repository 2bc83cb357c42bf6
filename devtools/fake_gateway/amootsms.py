"""AmootSMS's part of the fake gateway, in the provider's own words and shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from devtools.fake_gateway.amootsms_answers import PRICES, Row, refused
from devtools.fake_gateway.amootsms_relays import RelayAddresses
from devtools.fake_gateway.faults import Fault
from devtools.fake_gateway.provider import (
    GOES_ON,
    NEVER,
    Call,
    CallRefused,
    Fate,
    Inbox,
    epoch,
    fractional_stamp,
    integer,
)
from devtools.fake_gateway.store import Campaign, Ledger
from gateways.reading import ID_LIMIT, as_int, last_ten
from gateways.sms_parts import count_parts
from gateways.statuses import CODES
from persian.text import search_key

PRICE: Final = 1500  # rial a part
LINES: Final = ("98", "Public", "Service", "30001234")
_CANCEL, _RETURN = frozenset({"11", "لغو11", "لغو 11"}), frozenset({"12"})


class AmootSmsFake:
    """`blacklist` holds ten-digit numbers that cancelled by an inbound 11 (and not 12 since)."""

    sending = frozenset(
        {
            "SendSimple",
            "SendPeerToPeer",
            "SendWithBackupLine",
            "SendWithPattern",
            "SendWithPatternOWN",
            "SendQuickOTP",
        }
    )

    def __init__(self, ledger: Ledger, fate: Fate) -> None:
        self.ledger = ledger
        self.fate = fate
        self.inbox = Inbox()
        self.blacklist: set[str] = set()
        self.relays = RelayAddresses()

    def methods(self) -> Mapping[str, Callable[[Call], Any]]:
        return {
            "AccountStatus": self._account,
            "SendSimple": self._send,
            "SendPeerToPeer": self._send_peer_to_peer,
            "SendWithBackupLine": self._send_with_backup_line,
            "SendWithPattern": self._send_with_pattern,
            "SendWithPatternOWN": self._send_with_pattern_own,
            "SendQuickOTP": self._send_quick_otp,
            "GetDelivery": self._delivery,
            "GetDeliveries": self._deliveries,
            "GetDeliveriesByCampaignID": self._deliveries_by_campaign,
            "GetMessage": self._message,
            "GetMessages": self._messages,
            "RecieveMessages": self._received,
            "RecieveNewMessages": self._received_new,
            "IsBlackList_ByCancelation": self._is_blacklisted,
            "CalculateMessagePrice": self._price,
            **self.relays.methods(),
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
        return refused(method, status)

    refused = staticmethod(refused)

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
            "RemaindCredit": 10_000_000_000 - PRICE * self.ledger.accepted,
            **dict.fromkeys(PRICES, PRICE),
            "Avanak_SecondPrice": 45,
            "ListLineNumbers": list(LINES),
        }

    def _price(self, call: Call) -> int:
        text, numbers = call.get("SMSMessageText"), call.numbers("Mobiles")
        if not text or not numbers:
            raise CallRefused("SMSMessageText_Empty" if not text else "Mobiles_Empty")
        return PRICE * count_parts(text).parts * len(numbers)

    # --- sending ----------------------------------------------------------------------------------

    def _send_with_backup_line(self, call: Call) -> Row:
        _line(call, "BackupLineNumber")
        return self._send(call)

    def _send(self, call: Call) -> Row:
        text, line, numbers = self._checked(call)
        refusals = [not self._is_good(number) or call.hit("partial") for number in numbers]
        taken = [number for number, out in zip(numbers, refusals, strict=True) if not out]
        campaign = self.ledger.accept(taken, text, call=call.number, line=line, at=call.at)
        campaign.delay = max((epoch(call.get("SendDateTime")) or call.at) - call.at, 0.0)
        parts = count_parts(text).parts
        return {
            "MessageText": text,
            "SMSPagesCount": parts,
            "CampaignID": campaign.id,
            "Price": PRICE * parts * len(taken),
            "Status": call.value("unknown-status") or "Success",
            "Data": _outcome_rows(numbers, refusals, campaign.first_id, call),
        }

    def _checked(self, call: Call) -> tuple[str, str, list[str]]:
        """Text, line and numbers of a call that is not refused as a whole."""
        text, numbers, send_at = call.get("SMSMessageText"), call.numbers("Mobiles"), call.get("SendDateTime")
        if not text.strip():
            raise CallRefused("SMSMessageText_Empty")
        if len(text) > 5000:
            raise CallRefused("Length_Exceeded")
        line = _line(call)
        if not numbers:
            raise CallRefused("Mobiles_Empty")
        if send_at and epoch(send_at) is None:
            raise CallRefused("FromDateTime_Invalid")
        if not any(self._is_good(number) for number in numbers):
            raise CallRefused("Mobiles_Invalid")
        return text, line, numbers

    def _send_one(self, call: Call, text: str, line: str) -> Campaign:
        """One recipient with a text that the provider makes itself."""
        number = last_ten(call.get("Mobile"))
        if not self._is_good(number):
            raise CallRefused("Mobile_Invalid")
        return self.ledger.accept([number], text, call=call.number, line=line, at=call.at)

    def _send_with_pattern(self, call: Call) -> Row:
        campaign = self._send_one(call, _pattern(call), "service")
        row = {"Mobile": call.get("Mobile"), "MessageID": campaign.first_id, "Status": "Success"}
        return _success([row])

    def _send_with_pattern_own(self, call: Call) -> Row:
        line = _line(call)
        campaign = self._send_one(call, _pattern(call), line)
        return {
            "Status": "Success",
            "MessageID": str(campaign.first_id),
            "Mobile": call.get("Mobile"),
            "LineNumber": line,
            "PatternCodeID": call.integer("PatternCodeID"),
            "PatternValues": call.get("PatternValues").split(","),
        }

    def _send_quick_otp(self, call: Call) -> Row:
        length = call.integer("CodeLength", 4)
        if not 4 <= length <= 8:
            raise CallRefused("Length_Invalid")
        code = call.get("OptionalCode") or "1" * length
        campaign = self._send_one(call, code, "service")
        return _success([{"Mobile": call.get("Mobile"), "MessageID": campaign.first_id, "Code": code}])

    def _send_peer_to_peer(self, call: Call) -> Row:
        items = call.params.get("Input")
        pairs = [
            (last_ten(item.get("Number")), str(item.get("MessageText", "")))
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict)
        ]
        line = call.get("LineNumber")
        campaigns = [
            self.ledger.accept([number], text, call=call.number, line=line, at=call.at)
            for number, text in pairs
            if self._is_good(number) and text
        ]
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
        message_id, sent_at = campaign.first_id + index, campaign.at + campaign.delay
        return {
            "MessageID": message_id,
            "DeliveryType": self._delivery_type(message_id, now - sent_at),
            "Cost": PRICE * count_parts(campaign.text).parts,
            "RegDateTime": fractional_stamp(campaign.at),
            "SendDateTime": fractional_stamp(sent_at),
        }

    def _delivery_type(self, message_id: int, elapsed: float) -> int:
        if elapsed < self.fate.seconds:
            return (900, 0, 8)[int(3 * max(elapsed, 0) / self.fate.seconds)]
        draw = self.fate.draw(message_id)
        if draw < self.fate.undelivered:
            return 2
        return 35 if draw < self.fate.undelivered + self.fate.blacklisted else 1

    def _found(self, message_id: str, otherwise: str) -> tuple[Campaign, int]:
        """The campaign that holds a message, and the index in it; refused with `otherwise` if none does."""
        found = self.ledger.message(integer(message_id.strip()))
        if found is None:
            raise CallRefused(otherwise)
        return found

    def _delivery(self, call: Call) -> Row:
        return _success(self.delivery_row(*self._found(call.get("MessageID"), "Failed"), call.at))

    def _deliveries(self, call: Call) -> Row:
        found = [self._found(text, "Failed") for text in call.get("ListMessageID").split(",")]
        return _success([{**self.delivery_row(*one, call.at), "Status": "Success"} for one in found])

    def _deliveries_by_campaign(self, call: Call) -> Row:
        campaign = self.ledger.campaign(call.integer("CampaignID"))
        if campaign is None:
            raise CallRefused("BulkID_Invalid")
        rows = [
            {
                **self.delivery_row(campaign, index, call.at),
                "Status": "Success",
                "Number": self.ledger.number(campaign, index),
            }
            for index in range(campaign.size)
        ]
        return _success(rows)

    def _message_row(self, campaign: Campaign, index: int, now: float) -> Row:
        sent_at = campaign.at + campaign.delay
        return {
            "MessageID": campaign.first_id + index,
            "Mobile": self.ledger.number(campaign, index),
            "LineNumber": campaign.line,
            "SMSMessageText": campaign.text,
            "RegDateTime": fractional_stamp(campaign.at),
            "SentDateTime": fractional_stamp(sent_at) if now - sent_at > self.fate.seconds / 3 else NEVER,
        }

    def _message(self, call: Call) -> Row:
        return _success(self._message_row(*self._found(call.get("MessageID"), "MessageID_Invalid"), call.at))

    def _messages(self, call: Call) -> Row:
        since, until = _period(call)
        rows = [
            self._message_row(campaign, index, call.at)
            for campaign in self.ledger.between(since, until + 0.999_999)
            for index in range(campaign.size)
        ]
        return _success(rows)

    # --- what came in -----------------------------------------------------------------------------

    def _received(self, call: Call) -> Row:
        since, until = _period(call)
        line = call.get("LineNumber")
        rows = [
            message
            for message in self.inbox.messages
            if since <= (epoch(message["RecieveDateTime"]) or 0) <= until
            and line in {"", message["LineNumber"]}
        ]
        return _success(rows)

    def _received_new(self, call: Call) -> Row:
        count = call.integer("Count")
        if count < 1:
            raise CallRefused("Count_Invalid")
        return _success(self.inbox.take(count))

    def _is_blacklisted(self, call: Call) -> Row:
        number = last_ten(call.get("Mobile"))
        if not number:
            raise CallRefused("Mobile_Invalid")
        line = _line(call)
        row = {"Number": int("98" + number), "IsBlackList": number in self.blacklist}
        return {"Status": "Success", "LineNumber": line, "Data": [row]}


def _success(data: Any) -> Row:
    return {"Status": "Success", "Data": data}


def _pattern(call: Call) -> str:
    return f"{call.get('PatternCodeID')}: {call.get('PatternValues')}"


def _line(call: Call, name: str = "LineNumber") -> str:
    """The line that the call names; refused unless it is the account's."""
    line = call.get(name)
    if line.casefold() not in {own.casefold() for own in LINES}:
        raise CallRefused(f"{name}_NotExist" if line else f"{name}_Empty")
    return line


def _period(call: Call) -> tuple[float, float]:
    """(from, to), in seconds since the epoch."""
    since, until = epoch(call.get("FromDateTime")), epoch(call.get("ToDateTime"))
    if since is None or until is None:
        raise CallRefused("FromDateTime_Invalid" if since is None else "ToDateTime_Invalid")
    if since > until:
        raise CallRefused("FromDateTimeIsAfterThanToDateTime")
    return since, until


def _outcome_rows(numbers: Sequence[str], refused: Sequence[bool], first_id: int, call: Call) -> list[Row]:
    """`Data` of a sent call, spoilt as the call's faults say."""
    if call.has("no-data"):
        return []
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
            shown = ID_LIMIT if call.has("huge-id") else message_id
            rows.append({"Mobile": mobile, "MessageID": shown, "Status": status})
    if call.has("extra-numbers"):
        strangers = (9_000_000_001, 9_000_000_002)
        rows += [{"Mobile": mobile, "MessageID": 7, "Status": "Success"} for mobile in strangers]
    return rows
