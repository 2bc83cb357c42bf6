"""What the dispatcher asks of a provider, and the ways in which a provider can answer.

A client is strict in what it sends and tolerant in what it reads: what it does not recognise is an
unknown outcome, never a success and never a failure that may be retried.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

logger = logging.getLogger(__name__)


class Result(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecipientOutcome:
    """`provider_id` is the provider's id of this recipient's message ('' where it gave none);
    `status` is the provider's own word, kept raw."""

    result: Result
    provider_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """One call: one text to up to `Gateway.max_batch` E.164 numbers.

    `reference` names the call in the provider's panel where it takes a title; `ends_at` is the
    instant (aware) after which the provider must not send any more (the window's close), if any;
    `audio_id` is the provider's id of the voice message, where the text was made into one before.
    `write_before` is the reading of `common.monotonic` after which no byte may be written any more.
    """

    text: str
    addresses: Sequence[str]
    reference: str
    now: datetime
    ends_at: datetime | None = None
    audio_id: int | None = None
    write_before: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer: every address of the batch has an outcome. `raw` is bounded and masked."""

    outcomes: Mapping[str, RecipientOutcome]
    campaign_id: str = ""
    raw: str = ""


class Trouble(StrEnum):
    NETWORK = "network"  # no connection, no name, no first byte
    ACCOUNT = "account"  # token, user, line, credit: a person must act
    PROVIDER = "provider"  # the provider says it is down
    HOURS = "hours"  # the provider takes nothing at this hour
    APPROVAL = "approval"  # the provider has not approved the audio yet
    CONTENT = "content"  # the provider refuses this text or this request: a person must look at it
    LATE = "late"  # our own deadline or window was over before the first byte


class GatewayError(Exception):
    """Base of a call's failures. `code` is the provider's word or ours; `raw` is bounded and masked;
    `until` is the instant before which trying again is of no use, where it is known."""

    def __init__(
        self,
        code: str,
        *,
        trouble: Trouble = Trouble.PROVIDER,
        raw: str = "",
        until: datetime | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.trouble = trouble
        self.raw = raw
        self.until = until


class NotSent(GatewayError):
    """Proven: the provider has taken nobody of the batch."""


class BatchRefused(NotSent):
    """The provider took nobody because some members, which it does not name, are wrong.

    Smaller batches find them; a batch of one gets its answer as a rejected recipient instead
    (`refused_alone`).
    """


class OutcomeUnknown(GatewayError):
    """A timeout after the first byte, a reset, a 5xx, an answer that makes no sense."""


def not_understood(error: Exception) -> OutcomeUnknown:
    """The failure for an error of our own in reading an answer, which is logged as a defect."""
    logger.error("an answer made its reader fail", exc_info=error)
    return OutcomeUnknown("answer_not_understood")


def refused_alone(batch: Batch, refusal: BatchRefused) -> Answer:
    """The answer of a refused batch of one: a rejected recipient. Raises the refusal of a larger batch."""
    if len(batch.addresses) > 1:
        raise refusal
    rejected = RecipientOutcome(Result.REJECTED, status=refusal.code)
    return Answer({batch.addresses[0]: rejected}, raw=refusal.raw)


@dataclass(frozen=True, slots=True)
class Account:
    """The provider's answer to "are you there, and may we send?"; `credit` in rial, None if untold."""

    name: str
    credit: int | None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the provider itself knows of a call of unknown outcome.

    `complete` is true only when the provider answered for the whole period, so that an address
    missing from `found` was proven not taken. `records` holds every row that may be an address's, where
    there may be more than one; `found` the best of them. `final`: asking again can tell no more.
    `clock` is the provider's own clock at the end of the question, where it told it.
    """

    complete: bool
    found: Mapping[str, RecipientOutcome] = field(default_factory=dict)
    records: Mapping[str, Sequence[RecipientOutcome]] = field(default_factory=dict)
    final: bool = False
    clock: datetime | None = None

    def records_of(self, address: str) -> Sequence[RecipientOutcome]:
        """Every row that may be this address's."""
        if address in self.records:
            return self.records[address]
        return (self.found[address],) if address in self.found else ()


class ReportStatus(StrEnum):
    """What a delivery report says: under way, arrived, will not arrive, or nothing to rely on."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One recipient's report. `provider_id` is the id that the gateway gave at the acceptance;
    `number` the recipient's last ten digits, '' where the provider left it out; `word` the provider's
    own state, kept raw."""

    provider_id: str
    number: str
    report: ReportStatus
    word: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A customer's message as the provider gave it: every text may be anything.

    `provider_id` is '' unless it can be one; `raw` is the whole row as JSON in ASCII.
    """

    provider_id: str
    mobile: str
    line: str
    text: str
    received_at: datetime | None
    raw: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of the provider's own list, sent by the portal or by others.

    `number` is its last ten digits; `sent_at` is None while the provider has not sent it.
    """

    provider_id: str
    number: str
    line: str
    text: str
    registered_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the provider's list, few enough to be held. `unreadable` rows name nobody or no id."""

    messages: Sequence[Listed]
    unreadable: int = 0


class Gateway(Protocol):
    """A provider. All methods raise `GatewayError` (never anything of aiohttp or json).

    What a provider does not offer answers here: nothing, or a refusal.
    """

    code: str  # the sending channel's code: "sms", "avanak"
    max_batch: int
    rate: float  # recipients a second that the line may have; 0: no limit of ours
    can_lookup: bool
    can_list: bool  # whether the provider shows what was sent past the portal, too
    needs_audio: bool
    can_receive: bool
    can_stop: bool  # whether what the provider has taken can be called back

    async def send(self, batch: Batch) -> Answer:
        """Send one batch. Raises `NotSent` only when it is proven, else `OutcomeUnknown`."""
        ...

    async def account(self) -> Account:
        """Ask for the account's state: the probe of an outage. Raises `GatewayError`."""
        ...

    async def make_audio(self, text: str, title: str) -> int:
        """Turn a text into a voice message; its id (> 0). Sends nothing to anybody."""
        raise NotSent("no_audio", trouble=Trouble.CONTENT)

    async def lookup(self, batch: Batch, since: datetime, until: datetime, campaign_id: str = "") -> Lookup:
        """Which of the batch's addresses the provider took between the instants with this text."""
        ...

    async def reports(self, campaign_id: str, ids: Sequence[str]) -> list[DeliveryReport]:
        """The delivery reports of a call: by its campaign, and by the messages' ids for what the
        campaign's list leaves out. Rows that belong to nobody are left out."""
        ...

    async def new_inbound(self, count: int) -> list[Inbound]:
        """Up to `count` messages that came in and were not given out yet: each once only."""
        return []

    async def inbound_between(self, since: datetime, until: datetime) -> list[Inbound]:
        """Everything that came in between two instants, given out or not."""
        return []

    async def register_callbacks(self, address: str) -> tuple[str, ...]:
        """Ask the provider to post to `address`; what it will tell there, in its own words."""
        return ()

    async def stop(self, campaign_id: str) -> bool:
        """Ask the provider to stop dialling a campaign's remaining recipients; whether it was stopped.
        Only where `can_stop`."""
        raise NotSent("no_stop", trouble=Trouble.CONTENT)

    def list_messages(self, since: datetime, until: datetime) -> AsyncIterator[Listing]:
        """All that the provider sent or is to send, registered between the instants, in parts.

        A message may come twice, with the same id. Only where `can_list`; raises `GatewayError`, and
        then what came before is not the whole.
        """
        raise NotSent("no_list", trouble=Trouble.CONTENT)

    async def close(self) -> None: ...
