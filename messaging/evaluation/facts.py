"""The edge where the database's rows become the policy's frozen facts."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from channels.models import Channel, Outage
from channels.querysets import windows_of
from common.media import Medium, Purpose
from contacts.models import Contact, Restriction
from messaging.models import Message, MessageStop, Override
from messaging.policy.decide import Decision, closes_at, decide
from messaging.policy.facts import (
    NEUTRAL,
    AddressKind,
    ChannelFacts,
    Facts,
    MessageFacts,
    OverrideFacts,
    RecipientFacts,
)

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_MOBILE = re.compile(r"\+989[0-9]{9}")


def content_hash(message: Message) -> str:
    """SHA-256 of what an approval binds to: text, audience, channel and time (security bar, 4)."""
    content = [
        message.text,
        message.audience,
        message.channel_id,
        message.purpose,
        message.scheduled_at.isoformat() if message.scheduled_at else None,
    ]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def medium_of(channel: Channel) -> Medium:
    """SMS or voice. Raises `ValueError` for a channel by which no message leaves."""
    return Medium(channel.kind)


def channel_facts(channel: Channel, purpose: str) -> ChannelFacts:
    return _channel_facts(channel, purpose, Outage.objects.open().filter(channel=channel).exists())


def answer_within() -> timedelta:
    """How long before the end of a permission the last request is begun: the provider's answer may take its
    time, and from the claim to the first byte a second may go by."""
    return timedelta(seconds=settings.GATEWAY_TIMEOUT_SECONDS + 1)


def _channel_facts(channel: Channel, purpose: str, operator_down: bool) -> ChannelFacts:
    return ChannelFacts(
        windows=windows_of(channel, purpose),
        operator_down=operator_down,
        answer_within=answer_within(),
        limit_lifted=settings.OPEN_PROCEDURE_HOURS,
    )


def _override_facts(message: Message, override: Override) -> OverrideFacts:
    return OverrideFacts(
        approved_at=override.approved_at,
        expires_at=override.expires_at,
        revoked=override.revoked_at is not None,
        same_content=override.content_hash == content_hash(message),
    )


def recipient_facts(contact: Contact | None, address: str, *, duplicate: bool = False) -> RecipientFacts:
    """Facts about one recipient, read now; `address` is E.164, or a text of a file that is no number.
    The number's restrictions count, whichever customer has it (reading 10). Without a contact nothing is
    known, which refuses."""
    kind = _address_kind(address)
    if contact is None:
        return RecipientFacts(kind, None, None, None, duplicate)
    words = list(Restriction.objects.filter(address=address))
    return RecipientFacts(
        kind,
        no_promotional=any(word.stops_promotional for word in words),
        no_messages=any(word.stops_all for word in words),
        voc_call_open=any(word.holds_promotional for word in words),
        duplicate=duplicate,
    )


def _address_kind(address: str) -> AddressKind:
    """By the number's shape alone, as the database's own checks: whether somebody uses it was asked
    when it was put on record, and the answer changes with every edition of the numbering plan."""
    if not _E164.fullmatch(address):
        return AddressKind.INVALID
    return AddressKind.MOBILE if _MOBILE.fullmatch(address) else AddressKind.LANDLINE


@dataclass(frozen=True, slots=True)
class MessageDecision:
    """What the policy says of a whole message at an instant: its facts and the neutral decision."""

    facts: Facts
    decision: Decision

    def for_recipient(self, recipient: RecipientFacts) -> Decision:
        return decide(replace(self.facts, recipient=recipient))

    @property
    def ends_at(self) -> datetime | None:
        """When what is allowed now stops being so for somebody: the window's close, the expiry, or
        the end of an override that lifts now. The last request is begun `answer_within` before."""
        ends = [closes_at(self.facts), self.facts.message.expires_at]
        override = self.facts.message.emergency
        if override is not None and override.lifts(self.facts.now):
            ends.append(override.expires_at)
        return min((end for end in ends if end is not None), default=None)


def decide_message(message: MessageFacts, channel: ChannelFacts, now: datetime) -> MessageDecision:
    facts = Facts(now=now, message=message, channel=channel, recipient=NEUTRAL)
    return MessageDecision(facts, decide(facts))


@dataclass(frozen=True, slots=True)
class FactsSnapshot:
    """What the database says of some messages and of their channels: read in five queries, however many
    messages there are, since a pump asks for all of them twice a second."""

    stops: Mapping[int, frozenset[str]]
    overrides: Mapping[int, Override]
    channels: Mapping[int, Mapping[str, ChannelFacts]]

    @classmethod
    def load(cls, messages: Iterable[Message], *, on_trial: int | None = None) -> FactsSnapshot:
        """Facts of submitted messages, read now. `on_trial` is an open outage that one recipient is about
        to prove over: it does not count."""
        ids: dict[int, int] = {message.pk: message.channel_id for message in messages}
        stops: dict[int, set[str]] = defaultdict(set)
        open_stops = MessageStop.objects.filter(message_id__in=ids, lifted_at__isnull=True)
        for message_id, kind in open_stops.values_list("message_id", "kind"):
            stops[message_id].add(kind)
        overrides = {o.message_id: o for o in Override.objects.filter(message_id__in=ids)}
        return cls(
            {pk: frozenset(kinds) for pk, kinds in stops.items()},
            overrides,
            _channels(set(ids.values()), on_trial),
        )

    def message(self, message: Message) -> MessageFacts:
        stops = self.stops.get(message.pk, frozenset())
        override = self.overrides.get(message.pk)
        return MessageFacts(
            purpose=Purpose(message.purpose),
            medium=medium_of(message.channel),
            scheduled_at=message.scheduled_at,
            expires_at=message.expires_at,
            paused=MessageStop.Kind.PAUSE in stops,
            cancelled=MessageStop.Kind.CANCEL in stops,
            override=_override_facts(message, override) if override is not None else None,
        )

    def decide(self, message: Message, now: datetime) -> MessageDecision:
        return decide_message(self.message(message), self.channels[message.channel_id][message.purpose], now)


def _channels(ids: set[int], on_trial: int | None) -> dict[int, dict[str, ChannelFacts]]:
    outages = Outage.objects.open().filter(channel_id__in=ids).exclude(pk=on_trial)
    down = set(outages.values_list("channel_id", flat=True))
    return {
        channel.pk: {
            purpose.value: _channel_facts(channel, purpose, channel.pk in down) for purpose in Purpose
        }
        for channel in Channel.objects.filter(pk__in=ids).prefetch_related("windows")
    }


def decision_of(message: Message, now: datetime) -> MessageDecision:
    """The decision on a submitted message, on facts read now."""
    return FactsSnapshot.load([message]).decide(message, now)


def decisions_of(messages: Iterable[Message], now: datetime) -> dict[int, MessageDecision]:
    messages = list(messages)
    snapshot = FactsSnapshot.load(messages)
    return {message.pk: snapshot.decide(message, now) for message in messages}
