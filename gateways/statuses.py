"""The status codes that AmootSMS documents, and the family of them that Avanak shares. Pure.

A status comes as its name or as its number, a number possibly as text.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from common.sanitise import storable
from gateways.reading import as_int

# Of a status that nobody documented, so much is kept.
SHOWN_BYTES: Final = 60
# A callback's address that is registered already.
DUPLICATE_ADDRESS: Final = "URLAddress_Duplicate"


class Kind(Enum):
    """What a status means to the dispatcher."""

    SUCCESS = auto()
    VAGUE = auto()  # it failed, and no reason is given
    ACCOUNT = auto()  # credit, token, user, line: the channel stops and a person acts
    PROVIDER = auto()  # the provider is down: hold
    CONTENT = auto()  # this request cannot be taken as it is
    RECIPIENT = auto()  # a number is wrong or blacklisted


# name, kind
STATUSES: Final[dict[int, tuple[str, Kind]]] = {
    0: ("Failed", Kind.VAGUE),
    1: ("Success", Kind.SUCCESS),
    2: ("AccountIsDemo", Kind.ACCOUNT),
    4: ("CreditNotEnough", Kind.ACCOUNT),
    5: ("LineNumber_NotExist", Kind.ACCOUNT),
    6: ("BackupLineNumber_NotExist", Kind.ACCOUNT),
    7: ("Avanak_NotAvailable", Kind.ACCOUNT),
    10: ("UserName_Empty", Kind.ACCOUNT),
    11: ("Password_Empty", Kind.ACCOUNT),
    12: ("LineNumber_Empty", Kind.ACCOUNT),
    13: ("BackupLineNumber_Empty", Kind.ACCOUNT),
    14: ("SMSMessageText_Empty", Kind.CONTENT),
    15: ("AvanakMessageText_Empty", Kind.CONTENT),
    16: ("Mobile_Empty", Kind.RECIPIENT),
    17: ("Mobiles_Empty", Kind.RECIPIENT),
    18: ("Title_Empty", Kind.CONTENT),
    19: ("FirstNameOrLastName_Empty", Kind.CONTENT),
    20: ("URLAddress_Empty", Kind.CONTENT),
    100: ("UserNameOrPassword_Invalid", Kind.ACCOUNT),
    101: ("Mobile_Invalid", Kind.RECIPIENT),
    102: ("Mobiles_Invalid", Kind.RECIPIENT),
    103: ("Count_Invalid", Kind.CONTENT),
    104: ("FromRow_Invalid", Kind.CONTENT),
    105: ("FromDate_Invalid", Kind.CONTENT),
    106: ("FromDateTime_Invalid", Kind.CONTENT),
    107: ("ToDate_Invalid", Kind.CONTENT),
    108: ("ToDateTime_Invalid", Kind.CONTENT),
    109: ("FromDateIsAfterThanToDate", Kind.CONTENT),
    110: ("FromDateTimeIsAfterThanToDateTime", Kind.CONTENT),
    111: ("MessageID_Invalid", Kind.CONTENT),
    112: ("BulkID_Invalid", Kind.CONTENT),
    113: ("ContactID_Invalid", Kind.CONTENT),
    114: ("ContactGroupID_Invalid", Kind.CONTENT),
    115: ("CourseID_Invalid", Kind.CONTENT),
    116: ("CourseGroupID_Invalid", Kind.CONTENT),
    117: (DUPLICATE_ADDRESS, Kind.CONTENT),
    118: ("RelayMessageDeliveryID_Invalid", Kind.CONTENT),
    119: ("RelayRecieveMessageID_Invalid", Kind.CONTENT),
    120: ("Length_Invalid", Kind.CONTENT),
    121: ("Length_Exceeded", Kind.CONTENT),
    500: ("ServerError", Kind.PROVIDER),
    -1: ("User_NotExists", Kind.ACCOUNT),
    -102: ("User_MobileNotVerified", Kind.ACCOUNT),
    -103: ("User_Disabled", Kind.ACCOUNT),
    -104: ("User_Expired", Kind.ACCOUNT),
    -105: ("User_WebServiceBanned", Kind.ACCOUNT),
    -106: ("User_NotAllowWebService", Kind.ACCOUNT),
    -107: ("User_NotAllowIP", Kind.ACCOUNT),
    -108: ("User_NotAllowMethod", Kind.ACCOUNT),
    -109: ("User_NotAllowHttp", Kind.ACCOUNT),
    -201: ("Token_NotExists", Kind.ACCOUNT),
    -202: ("Token_Invalid", Kind.ACCOUNT),
    -203: ("Token_Disabled", Kind.ACCOUNT),
    -204: ("Token_Expired", Kind.ACCOUNT),
    -207: ("Token_NotAllowIP", Kind.ACCOUNT),
    -208: ("Token_NotAllowMethod", Kind.ACCOUNT),
    -300: ("System_Disabled", Kind.PROVIDER),
}

CODES: Final[dict[str, int]] = {name: code for code, (name, _kind) in STATUSES.items()}
_KINDS_AS_WRITTEN: Final[dict[str, Kind]] = dict(STATUSES.values())
_KINDS_BY_NAME: Final[dict[str, Kind]] = {name.casefold(): kind for name, kind in STATUSES.values()}


def kind_of(status: object) -> Kind | None:
    """What a status, given as name or number, means; None if it is not documented."""
    # nearly always the documented name itself, once for each recipient of a batch
    known_name = _KINDS_AS_WRITTEN.get(status) if isinstance(status, str) else None
    return known_name or _kind_of(status)


def _kind_of(status: object) -> Kind | None:
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
    return storable(status.strip(), SHOWN_BYTES) if isinstance(status, str) else ""
