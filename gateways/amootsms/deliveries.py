"""AmootSMS's delivery reports: the provider's `DeliveryType` and what it says of the message. Pure."""

from __future__ import annotations

from typing import Any, Final

from gateways.base import DeliveryReport, Report
from gateways.reading import as_id, as_int, last_ten

# The provider's word, and its meaning. A type that is not listed is unclear.
DELIVERY_TYPES: Final[dict[int, tuple[str, Report]]] = {
    0: ("sent_to_operator", Report.PENDING),
    1: ("delivered", Report.DELIVERED),
    2: ("not_delivered", Report.UNDELIVERED),
    3: ("operator_error", Report.UNDELIVERED),
    5: ("unknown_error", Report.UNCLEAR),
    8: ("reached_operator", Report.PENDING),
    16: ("not_reached_operator", Report.UNDELIVERED),
    35: ("blacklist", Report.UNDELIVERED),
    100: ("unknown", Report.UNCLEAR),
    200: ("sent", Report.PENDING),
    300: ("filtered", Report.UNDELIVERED),
    400: ("in_send_list", Report.PENDING),
    # The vendor's WSDL calls it NoReceipt: no receipt came, which says nothing of the message.
    500: ("no_receipt", Report.UNCLEAR),
    501: ("sent_through_avanak", Report.PENDING),
    502: ("sent_through_backup_line", Report.PENDING),
    900: ("queued", Report.PENDING),
    950: ("wrong_number", Report.UNDELIVERED),
    951: ("empty", Report.UNDELIVERED),
    952: ("bad_short_code", Report.UNDELIVERED),
}


def read_report(row: object) -> DeliveryReport | None:
    """One row of the provider's list; None without a valid id, since it then belongs to nobody."""
    if not isinstance(row, dict):
        return None
    provider_id = as_id(row.get("MessageID"))
    if not provider_id:
        return None
    delivery_type = as_int(row.get("DeliveryType"))
    known = DELIVERY_TYPES.get(delivery_type) if delivery_type is not None else None
    number: Any = row.get("Number", row.get("Mobile"))
    word, meaning = known or ("" if delivery_type is None else str(delivery_type)[:60], Report.UNCLEAR)
    return DeliveryReport(provider_id, last_ten(number), meaning, word)
