"""AmootSMS's delivery reports: the provider's `DeliveryType` and what it says of the message. Pure."""

from __future__ import annotations

from typing import Any, Final

from gateways.base import DeliveryReport, ReportStatus
from gateways.reading import as_id, as_int, last_ten

# The provider's word, and its meaning. A type that is not listed is unclear.
DELIVERY_TYPES: Final[dict[int, tuple[str, ReportStatus]]] = {
    0: ("sent_to_operator", ReportStatus.PENDING),
    1: ("delivered", ReportStatus.DELIVERED),
    2: ("not_delivered", ReportStatus.UNDELIVERED),
    3: ("operator_error", ReportStatus.UNDELIVERED),
    5: ("unknown_error", ReportStatus.UNCLEAR),
    8: ("reached_operator", ReportStatus.PENDING),
    16: ("not_reached_operator", ReportStatus.UNDELIVERED),
    35: ("blacklist", ReportStatus.UNDELIVERED),
    100: ("unknown", ReportStatus.UNCLEAR),
    200: ("sent", ReportStatus.PENDING),
    300: ("filtered", ReportStatus.UNDELIVERED),
    400: ("in_send_list", ReportStatus.PENDING),
    # The vendor's WSDL calls it NoReceipt: no receipt came, which says nothing of the message.
    500: ("no_receipt", ReportStatus.UNCLEAR),
    501: ("sent_through_avanak", ReportStatus.PENDING),
    502: ("sent_through_backup_line", ReportStatus.PENDING),
    900: ("queued", ReportStatus.PENDING),
    950: ("wrong_number", ReportStatus.UNDELIVERED),
    951: ("empty", ReportStatus.UNDELIVERED),
    952: ("bad_short_code", ReportStatus.UNDELIVERED),
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
    word, meaning = known or ("" if delivery_type is None else str(delivery_type)[:60], ReportStatus.UNCLEAR)
    return DeliveryReport(provider_id, last_ten(number), meaning, word)
