"""The status codes that AmootSMS documents, and the family of them that Avanak shares. Pure.

A status comes as its name or as its number, a number possibly as text.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from common.sanitise import sanitise
from gateways.reading import as_int

# A callback's address that is registered already.
DUPLICATE_ADDRESS: Final = "URLAddress_Duplicate"


class StatusKind(Enum):
    """What a status means to the dispatcher."""

    SUCCESS = auto()
    VAGUE = auto()  # it failed, and no reason is given
    ACCOUNT = auto()  # credit, token, user, line: the channel stops and a person acts
    PROVIDER = auto()  # the provider is down: hold
    CONTENT = auto()  # this request cannot be taken as it is
    RECIPIENT = auto()  # a number is wrong or blacklisted


# name, kind
STATUSES: Final[dict[int, tuple[str, StatusKind]]] = {
    0: ("Failed", StatusKind.VAGUE),
    1: ("Success", StatusKind.SUCCESS),
    2: ("AccountIsDemo", StatusKind.ACCOUNT),
    4: ("CreditNotEnough", StatusKind.ACCOUNT),
    5: ("LineNumber_NotExist", StatusKind.ACCOUNT),
    6: ("BackupLineNumber_NotExist", StatusKind.ACCOUNT),
    7: ("Avanak_NotAvailable", StatusKind.ACCOUNT),
    10: ("UserName_Empty", StatusKind.ACCOUNT),
    11: ("Password_Empty", StatusKind.ACCOUNT),
    12: ("LineNumber_Empty", StatusKind.ACCOUNT),
    13: ("BackupLineNumber_Empty", StatusKind.ACCOUNT),
    14: ("SMSMessageText_Empty", StatusKind.CONTENT),
    15: ("AvanakMessageText_Empty", StatusKind.CONTENT),
    16: ("Mobile_Empty", StatusKind.RECIPIENT),
    17: ("Mobiles_Empty", StatusKind.RECIPIENT),
    18: ("Title_Empty", StatusKind.CONTENT),
    19: ("FirstNameOrLastName_Empty", StatusKind.CONTENT),
    20: ("URLAddress_Empty", StatusKind.CONTENT),
    100: ("UserNameOrPassword_Invalid", StatusKind.ACCOUNT),
    101: ("Mobile_Invalid", StatusKind.RECIPIENT),
    102: ("Mobiles_Invalid", StatusKind.RECIPIENT),
    103: ("Count_Invalid", StatusKind.CONTENT),
    104: ("FromRow_Invalid", StatusKind.CONTENT),
    105: ("FromDate_Invalid", StatusKind.CONTENT),
    106: ("FromDateTime_Invalid", StatusKind.CONTENT),
    107: ("ToDate_Invalid", StatusKind.CONTENT),
    108: ("ToDateTime_Invalid", StatusKind.CONTENT),
    109: ("FromDateIsAfterThanToDate", StatusKind.CONTENT),
    110: ("FromDateTimeIsAfterThanToDateTime", StatusKind.CONTENT),
    111: ("MessageID_Invalid", StatusKind.CONTENT),
    112: ("BulkID_Invalid", StatusKind.CONTENT),
    113: ("ContactID_Invalid", StatusKind.CONTENT),
    114: ("ContactGroupID_Invalid", StatusKind.CONTENT),
    115: ("CourseID_Invalid", StatusKind.CONTENT),
    116: ("CourseGroupID_Invalid", StatusKind.CONTENT),
    117: (DUPLICATE_ADDRESS, StatusKind.CONTENT),
    118: ("RelayMessageDeliveryID_Invalid", StatusKind.CONTENT),
    119: ("RelayRecieveMessageID_Invalid", StatusKind.CONTENT),
    120: ("Length_Invalid", StatusKind.CONTENT),
    121: ("Length_Exceeded", StatusKind.CONTENT),
    500: ("ServerError", StatusKind.PROVIDER),
    -1: ("User_NotExists", StatusKind.ACCOUNT),
    -102: ("User_MobileNotVerified", StatusKind.ACCOUNT),
    -103: ("User_Disabled", StatusKind.ACCOUNT),
    -104: ("User_Expired", StatusKind.ACCOUNT),
    -105: ("User_WebServiceBanned", StatusKind.ACCOUNT),
    -106: ("User_NotAllowWebService", StatusKind.ACCOUNT),
    -107: ("User_NotAllowIP", StatusKind.ACCOUNT),
    -108: ("User_NotAllowMethod", StatusKind.ACCOUNT),
    -109: ("User_NotAllowHttp", StatusKind.ACCOUNT),
    -201: ("Token_NotExists", StatusKind.ACCOUNT),
    -202: ("Token_Invalid", StatusKind.ACCOUNT),
    -203: ("Token_Disabled", StatusKind.ACCOUNT),
    -204: ("Token_Expired", StatusKind.ACCOUNT),
    -207: ("Token_NotAllowIP", StatusKind.ACCOUNT),
    -208: ("Token_NotAllowMethod", StatusKind.ACCOUNT),
    -300: ("System_Disabled", StatusKind.PROVIDER),
}

CODES: Final[dict[str, int]] = {name: code for code, (name, _kind) in STATUSES.items()}
_KINDS_AS_WRITTEN: Final[dict[str, StatusKind]] = dict(STATUSES.values())
_KINDS_BY_NAME: Final[dict[str, StatusKind]] = {name.casefold(): kind for name, kind in STATUSES.values()}


def kind_of(status: object) -> StatusKind | None:
    """What a status, given as name or number, means; None if it is not documented."""
    # nearly always the documented name itself, once for each recipient of a batch
    known_name = _KINDS_AS_WRITTEN.get(status) if isinstance(status, str) else None
    return known_name or _kind_of(status)


def _kind_of(status: object) -> StatusKind | None:
    code = as_int(status)
    if code is not None:
        known = STATUSES.get(code)
        return known[1] if known else None
    return _KINDS_BY_NAME.get(status.strip().casefold()) if isinstance(status, str) else None


def name_of(status: object) -> str:
    """A status as it is shown: its name where it is documented, else as it came, bounded; '' for none."""
    if isinstance(status, str) and status in CODES:
        return status
    code = as_int(status)
    if code is not None:
        return STATUSES[code][0] if code in STATUSES else str(code)
    return sanitise(status.strip(), 60) if isinstance(status, str) else ""
