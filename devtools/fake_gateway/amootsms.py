"""AmootSMS's part of the fake gateway, in the provider's own words and shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from devtools.fake_gateway.amootsms_answers import PRICES, Row, refused
from devtools.fake_gateway.amootsms_relays import RelayAddresses
from devtools.fake_gateway.faults import Fault
from devtools.fake_gateway.provider import (
    GOES_ON,
    HUGE_ID,
    NEVER,
    Call,
    Fate,
    Inbox,
    epoch,
    fractional_stamp,
    integer,
)
from devtools.fake_gateway.store import Campaign, Ledger
from gateways.reading import as_int, last_ten
from gateways.sms_parts import count_parts
from gateways.statuses import CODES
from persian.text import search_key

PRICE: Final = 1500  # rial a part
CREDIT: Final = 10_000_000_000
LONGEST_TEXT: Final = 5000
LINES: Final = ("98", "Public", "Service", "30001234")
STRANGERS: Final = (9_000_000_001, 9_000_000_002)
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
            "SendSimple": self._send_simple,
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

    def unauthorised(self, method: str, status: str) -> Any:
        return refused(method, status)

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
            **dict.fromkeys(PRICES, PRICE),
            "Avanak_SecondPrice": 45,
            "ListLineNumbers": list(LINES),
        }

    def _price(self, call: Call) -> int:
        numbers = [number for number in call.get("Mobiles").split(",") if number]
        text = call.get("SMSMessageText")
        if not text or not numbers:
            return -CODES["SMSMessageText_Empty" if not text else "Mobiles_Empty"]
        return PRICE * count_parts(text).parts * len(numbers)

    # --- sending ----------------------------------------------------------------------------------

    def _send_simple(self, call: Call) -> Row:
        return self._send("SendSimple", call)

    def _send_with_backup_line(self, call: Call) -> Row:
        backup = call.get("BackupLineNumber")
        if not _is_line(backup):
            problem = "BackupLineNumber_NotExist" if backup else "BackupLineNumber_Empty"
            return {**refused("SendWithBackupLine", problem)}
        return self._send("SendWithBackupLine", call)

    def _send(self, method: str, call: Call) -> Row:
        text, line = call.get("SMSMessageText"), call.get("LineNumber")
        mobiles = [mobile for mobile in call.get("Mobiles").split(",") if mobile.strip()]
        numbers = [last_ten(mobile) for mobile in mobiles]
        problem = _problem(text, line, call.get("SendDateTime"), mobiles)
        if not problem and not any(self._is_good(number) for number in numbers):
            problem = "Mobiles_Invalid"
        if problem:
            return {**refused(method, problem)}
        refusals = [not self._is_good(number) or call.hit("partial") for number in numbers]
        taken = [number for number, out in zip(numbers, refusals, strict=True) if not out]
        campaign = self.ledger.accept(taken, text, call=call.number, line=line, at=call.at)
        campaign.delay = max((epoch(call.get("SendDateTime")) or call.at) - call.at, 0.0)
        rows = _outcome_rows(numbers, refusals, campaign.first_id, call)
        parts = count_parts(text).parts
        return {
            "MessageText": text,
            "SMSPagesCount": parts,
            "CampaignID": campaign.id,
            "Price": PRICE * parts * len(taken),
            "Status": call.value("unknown-status") or "Success",
            "Data": [] if call.has("no-data") else rows,
        }

    def _send_one(self, call: Call, text: str, line: str) -> Campaign | None:
        """One recipient with a text that the provider makes itself; None for a wrong number."""
        number = last_ten(call.get("Mobile"))
        if not self._is_good(number):
            return None
        return self.ledger.accept([number], text, call=call.number, line=line, at=call.at)

    def _send_with_pattern(self, call: Call) -> Row:
        campaign = self._send_one(
            call, f"{call.get('PatternCodeID')}: {call.get('PatternValues')}", "service"
        )
        if campaign is None:
            return {"Status": "Mobile_Invalid", "Data": []}
        row = {"Mobile": call.get("Mobile"), "MessageID": campaign.first_id, "Status": "Success"}
        return {"Status": "Success", "Data": [row]}

    def _send_with_pattern_own(self, call: Call) -> Row:
        line, values = call.get("LineNumber"), call.get("PatternValues")
        if not _is_line(line):
            return {"Status": "LineNumber_NotExist" if line else "LineNumber_Empty", "MessageID": None}
        campaign = self._send_one(call, f"{call.get('PatternCodeID')}: {values}", line)
        if campaign is None:
            return {"Status": "Mobile_Invalid", "MessageID": None}
        return {
            "Status": "Success",
            "MessageID": str(campaign.first_id),
            "Mobile": call.get("Mobile"),
            "LineNumber": line,
            "PatternCodeID": integer(call.get("PatternCodeID")),
            "PatternValues": values.split(","),
        }

    def _send_quick_otp(self, call: Call) -> Row:
        length = integer(call.get("CodeLength"), 4)
        if not 4 <= length <= 8:
            return {"Status": "Length_Invalid", "Data": []}
        code = call.get("OptionalCode") or "1" * length
        campaign = self._send_one(call, code, "service")
        if campaign is None:
            return {"Status": "Mobile_Invalid", "Data": []}
        row = {"Mobile": call.get("Mobile"), "MessageID": campaign.first_id, "Code": code}
        return {"Status": "Success", "Data": [row]}

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
            "DeliveryType": self._delivery_type(
                campaign.first_id + index, now - campaign.at - campaign.delay
            ),
            "Cost": PRICE * count_parts(campaign.text).parts,
            "RegDateTime": fractional_stamp(campaign.at),
            "SendDateTime": fractional_stamp(campaign.at + campaign.delay),
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
            return {"Status": "Failed", "Data": None}
        return {"Status": "Success", "Data": self.delivery_row(*found, call.at)}

    def _deliveries(self, call: Call) -> Row:
        rows = []
        for text in call.get("ListMessageID").split(","):
            found = self.ledger.message(integer(text.strip()))
            if found is None:
                return {"Status": "Failed", "Data": []}
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
                "Number": self.ledger.number(campaign, index),
            }
            for index in range(campaign.size)
        ]
        return {"Status": "Success", "Data": rows}

    def _message_row(self, campaign: Campaign, message_id: int, number: str, now: float) -> Row:
        sent_at = campaign.at + campaign.delay
        return {
            "MessageID": message_id,
            "Mobile": number,
            "LineNumber": campaign.line,
            "SMSMessageText": campaign.text,
            "RegDateTime": fractional_stamp(campaign.at),
            "SentDateTime": fractional_stamp(sent_at) if now - sent_at > self.fate.seconds / 3 else NEVER,
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
        since, until, problem = _period(call)
        if problem:
            return {"Status": problem, "Data": []}
        rows = [
            self._message_row(campaign, message_id, number, call.at)
            for campaign in self.ledger.between(since, until + 0.999_999)
            for message_id, number in self.ledger.recipients(campaign)
        ]
        return {"Status": "Success", "Data": rows}

    # --- what came in -----------------------------------------------------------------------------

    def _received(self, call: Call) -> Row:
        since, until, problem = _period(call)
        if problem:
            return {"Status": problem, "Data": []}
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
        line = call.get("LineNumber")
        if not number or not _is_line(line):
            problem = "LineNumber_NotExist" if number else "Mobile_Invalid"
            return {**refused("IsBlackList_ByCancelation", problem)}
        row = {"Number": int("98" + number), "IsBlackList": number in self.blacklist}
        return {"Status": "Success", "LineNumber": line, "Data": [row]}


def _is_line(line: str) -> bool:
    return line.casefold() in {own.casefold() for own in LINES}


def _period(call: Call) -> tuple[float, float, str]:
    """(from, to, the status that refuses them: '' for none), in seconds since the epoch."""
    since, until = epoch(call.get("FromDateTime")), epoch(call.get("ToDateTime"))
    if since is None or until is None:
        return 0, 0, "FromDateTime_Invalid" if since is None else "ToDateTime_Invalid"
    return since, until, "FromDateTimeIsAfterThanToDateTime" if since > until else ""


def _problem(text: str, line: str, send_at: str, mobiles: Sequence[str]) -> str:
    """The status that refuses a whole call, '' for none."""
    if not text.strip():
        return "SMSMessageText_Empty"
    if len(text) > LONGEST_TEXT:
        return "Length_Exceeded"
    if not _is_line(line):
        return "LineNumber_NotExist" if line else "LineNumber_Empty"
    if not mobiles:
        return "Mobiles_Empty"
    return "" if not send_at or epoch(send_at) is not None else "FromDateTime_Invalid"


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
