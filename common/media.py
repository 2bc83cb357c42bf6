"""The table of the channels by which the portal itself sends, and the purposes of messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final


class Purpose(StrEnum):
    """What a message is for (C7.1)."""

    NOTIFICATION = "notification"
    PROMOTIONAL = "promotional"
    SURVEY = "survey"


class Medium(StrEnum):
    """The kinds of channels of the register by which messages leave."""

    SMS = "sms"
    VOICE = "voice"


class LengthUnit(Enum):
    """The unit of the longest text."""

    PART = "SMS parts"
    CHARACTER = "characters"


@dataclass(frozen=True, slots=True)
class SendingChannel:
    """`code` is the channel's in the register. `gateway` names its provider: the factory in
    `gateways/registry.py`, the address of callbacks and, in capitals, the prefix of the settings.
    `takes_landlines`: whether a landline can be addressed, or mobiles alone. `can_list`: whether the provider
    shows what was sent past the portal, too."""

    code: str
    medium: Medium
    length_unit: LengthUnit
    queue: str
    gateway: str
    takes_landlines: bool
    can_list: bool


_ROWS: Final = (
    SendingChannel(
        code="sms",
        medium=Medium.SMS,
        length_unit=LengthUnit.PART,
        queue="sms",
        gateway="amootsms",
        takes_landlines=False,
        can_list=True,
    ),
    SendingChannel(
        code="avanak",
        medium=Medium.VOICE,
        length_unit=LengthUnit.CHARACTER,
        queue="avanak",
        gateway="avanak",
        takes_landlines=True,
        can_list=False,
    ),
)
MEDIA: Final = {row.code: row for row in _ROWS}
BY_MEDIUM: Final = {row.medium: row for row in _ROWS}

# The default of a request that names no channel.
FIRST_CHANNEL: Final = _ROWS[0].code
