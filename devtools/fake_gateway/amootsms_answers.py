"""The shapes in which AmootSMS refuses a call, method by method, by the vendor's documents. Pure."""

from __future__ import annotations

from typing import Any, Final

from gateways.statuses import CODES

Row = dict[str, Any]

_NOTHING: Final = frozenset({"GetMessage", "GetDelivery", "SendPeerToPeer"})
_SENT: Final = frozenset({"SendSimple", "SendWithBackupLine"})
PRICES: Final = (
    "BaseSMS_PersianPrice",
    "BaseSMS_EnglishPrice",
    "ServiceSMS_PersianPrice",
    "ServiceSMS_EnglishPrice",
    "AdsSMS_PersianPrice",
    "AdsSMS_EnglishPrice",
)


def refused(method: str, status: str | int) -> Any:
    """The answer of a refused `method`; `status` by name or number."""
    if method in _SENT:
        return {
            "MessageText": None,
            "SMSPagesCount": 1,
            "CampaignID": 0,
            "Price": 0,
            "Status": status,
            "Data": [],
        }
    if method == "AccountStatus":
        empty: Row = {"Status": status, "AccountName": None, "RemaindCredit": 0}
        return {**empty, **dict.fromkeys(PRICES, 0), "Avanak_SecondPrice": 0, "ListLineNumbers": []}
    if method == "CalculateMessagePrice":
        return -abs(CODES.get(status, 0) if isinstance(status, str) else status)
    if method == "IsBlackList_ByCancelation":
        rows: list[Row] | None = None if status == "LineNumber_NotExist" else []
        return {"Status": status, "LineNumber": None, "Data": rows}
    if method == "SendWithPatternOWN":
        return {"Status": status, "MessageID": None}
    if method.startswith("Relay"):
        return _refused_relay(method, status)
    return {"Status": status, "Data": None if method in _NOTHING else []}


def _refused_relay(method: str, status: str | int) -> Any:
    if method.endswith("SetActive"):
        return status
    if method.endswith("List"):
        return {"Status": status, "Data": []}
    return {"Status": status, f"{method.removesuffix('Create')}ID": 0}
