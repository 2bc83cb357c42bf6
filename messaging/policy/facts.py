"""What the policy is told. Frozen values made at the edge; `None` means "not known", which refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from channels.windows import WeeklyWindows
from common.media import Medium, Purpose


class AddressKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """An emergency override asked for on the message (C7.4, readings 5 and 6).

    `same_content` is whether the approved hash is the hash of the message as it stands.
    """

    approved_at: datetime | None
    expires_at: datetime | None
    revoked: bool
    same_content: bool

    def is_pending(self) -> bool:
        """Asked for, and neither approved nor withdrawn."""
        return self.approved_at is None and not self.revoked

    def lifts(self, now: datetime) -> bool:
        """Approved for exactly this content, and neither withdrawn nor expired at `now`."""
        return (
            self.approved_at is not None
            and self.approved_at <= now
            and self.expires_at is not None
            and now < self.expires_at
            and not self.revoked
            and self.same_content
        )


@dataclass(frozen=True, slots=True)
class MessageFacts:
    purpose: Purpose
    medium: Medium
    scheduled_at: datetime | None = None
    expires_at: datetime | None = None
    paused: bool = False
    cancelled: bool = False
    override: OverrideFacts | None = None

    @property
    def emergency(self) -> OverrideFacts | None:
        """The override that counts: a promotional message can never be an emergency (reading 5)."""
        return None if self.purpose is Purpose.PROMOTIONAL else self.override

    def is_lifted(self, now: datetime) -> bool:
        """Whether an approved override lifts "no message at all" for this message at `now` (C7.4)."""
        return self.emergency is not None and self.emergency.lifts(now)


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """`windows` are those of the message's purpose on its channel; None where none are on record.

    `answer_within` is how long before a close the last request is begun, so that the provider's answer comes
    before it. `limit_lifted`: a benchmark opened the procedure's hours; never so in production.
    """

    windows: WeeklyWindows | None
    operator_down: bool | None
    answer_within: timedelta = timedelta(0)
    limit_lifted: bool = False


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    address: AddressKind | None
    no_promotional: bool | None
    no_messages: bool | None
    voc_call_open: bool | None
    duplicate: bool = False


# A recipient about whom nothing stands in the way: what is then refused or held is the message's own.
NEUTRAL = RecipientFacts(
    address=AddressKind.MOBILE, no_promotional=False, no_messages=False, voc_call_open=False
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision rests on. `now` is an aware instant."""

    now: datetime
    message: MessageFacts
    channel: ChannelFacts
    recipient: RecipientFacts
