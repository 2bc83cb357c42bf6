"""The set-based verdict of planning and claiming is the pure policy's, for every recipient.

The pure policy is the oracle. Whole worlds are generated (customers, a message, its audience, hours,
outages, an override, an instant), written to PostgreSQL, planned, changed, and claimed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from channels.models import Channel, Outage, SendingWindow
from common.media import Purpose
from contacts.models import Contact
from contacts.selectors import owners_of, restrictions_out_of_step
from messaging.audience.planning import (
    EVERYBODY,
    Plan,
    Source,
    insert_deliveries,
    of_message_file,
    preview,
    tagged,
)
from messaging.dispatch.claim import claim
from messaging.evaluation.facts import MessageDecision, content_hash, decision_of, recipient_facts
from messaging.evaluation.sql import state_of_refusal
from messaging.models import AudienceMember, Delivery, Message, MessageStop
from messaging.policy.decide import Decision, Verdict
from messaging.policy.facts import AddressKind, RecipientFacts
from messaging.policy.reasons import Reason
from messaging.policy.rules import RuleEffect
from messaging.states import DeliveryState, MessageStatus
from persian.phones import InvalidNumber, normalise
from staff.models import User
from tests.factories import (
    DAY,
    HOUR,
    NOW,
    ChannelFactory,
    EmployeeFactory,
    MessageFactory,
    OverrideFactory,
    UserFactory,
)
from tests.messaging.evaluation.worlds import (
    ALL_WEEK,
    LANDLINES,
    MOBILES,
    Circumstances,
    ClaimWorld,
    World,
    claim_worlds,
    worlds,
)
from tests.messaging.helpers import from_lines
from tests.policy.builders import TICK

pytestmark = pytest.mark.django_db

# A world is rows of a database: shrinking one that fails took minutes and told no more.
EXAMPLES = settings(max_examples=120, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


class Stage:
    """Rows that every world shares, made once a test."""

    def __init__(self) -> None:
        self.employee = EmployeeFactory()
        self.channels: dict[str, Channel] = {
            "sms": ChannelFactory(),
            "voice": ChannelFactory(code="avanak", kind="voice"),
        }
        self.users: list[User] = [UserFactory(), UserFactory()]

    @contextmanager
    def performing(self, world: World | ClaimWorld, **fields: Any) -> Iterator[Message]:
        """The world as rows, taken back at the end (deliveries can never be deleted)."""
        with transaction.atomic():
            people = Contact.objects.bulk_create(world.people)
            for person, former in zip(people, world.former, strict=False):
                if former is not None and person.mobile:
                    rows = Contact.objects.filter(pk=person.pk)
                    rows.update(phone=former)
                    rows.update(phone=person.phone)
            yield MessageFactory(
                channel=self.channels[world.kind], purpose=world.purpose, sender=self.employee, **fields
            )
            transaction.set_rollback(True)
        for person in world.people:
            person.pk = None

    def performing_plan(self, world: World) -> AbstractContextManager[Message]:
        return self.performing(
            world,
            scheduled_at=world.scheduled_at,
            expires_at=world.expires_at,
            audience={"kind": world.audience},
        )

    def arrange(self, message: Message, c: Circumstances) -> None:
        """The circumstances of a message that has none yet."""
        channel = message.channel
        channel.__dict__.pop("_prefetched_objects_cache", None)
        SendingWindow.objects.filter(channel=channel).delete()
        SendingWindow.objects.bulk_create(
            SendingWindow(channel=channel, purpose=message.purpose, weekday=d, opens=o, closes=e)
            for d, o, e in c.hours
        )
        if c.outage:
            Outage.objects.create(channel=channel, origin="detected", reason="x", started_at=NOW)
        for kind, is_open in (("pause", c.paused), ("cancel", c.cancelled)):
            if is_open:
                MessageStop.objects.create(message=message, kind=kind, at=NOW)
        if c.override is not None:
            self._ask_for_override(message, c.override)

    def _ask_for_override(self, message: Message, given: dict[str, Any]) -> None:
        approved_at = given["approved_at"]
        OverrideFactory(
            message=message,
            content_hash=content_hash(message) if given["same_content"] else "0" * 64,
            requested_by=self.users[0],
            approved_by=self.users[1] if approved_at else None,
            approved_at=approved_at,
            expires_at=approved_at + given["life"] if approved_at else None,
            revoked_at=NOW if given["revoked"] else None,
        )


@dataclass(frozen=True)
class Meant:
    """One recipient as the audience names it: what is written on the delivery, and the facts."""

    shown: str
    facts: RecipientFacts


def number_of(line: str) -> str:
    try:
        return normalise(line)
    except InvalidNumber:
        return ""


class Owners:
    """Who has or had which number, by what the world says; the product's own tables are not asked."""

    def __init__(self, world: World | ClaimWorld, *, moved: bool = False) -> None:
        self.people = people_now(world)
        drawn = {p.pk: n for n, p in enumerate(world.people)}
        self.numbers: dict[int, set[str | None]] = {}
        for p in self.people:
            n = drawn[p.pk]
            given = [world.people[n].phone, world.former[n], world.moved[n] if moved else None]
            self.numbers[p.pk] = {p.mobile, p.phone, *(given if p.mobile else [])}

    def of(self, number: str) -> list[Contact]:
        """Whoever is reached at it, then who has it, then who gave it once."""
        theirs = [p for p in self.people if number in self.numbers[p.pk]]
        return sorted(theirs, key=lambda p: (p.address != number, number not in (p.mobile, p.phone), p.pk))

    def facts(self, number: str, *, duplicate: bool = False) -> RecipientFacts:
        """A number's facts: the strictest word of everybody who ever gave it."""
        kind = recipient_facts(None, number).address
        theirs = self.of(number)
        if not theirs:
            return RecipientFacts(kind, None, None, None, duplicate)
        return RecipientFacts(
            kind,
            any(p.no_promotional for p in theirs),
            any(p.no_messages for p in theirs),
            any(p.voc_call_open for p in theirs),
            duplicate,
        )


def meant_by(world: World, owners: Owners, *, newcomers: bool = False) -> list[Meant]:
    if world.audience != "file":
        chosen = [p for p in owners.people if world.audience == "all" or "vip" in p.tags]
        return [Meant(p.address, owners.facts(p.address)) for p in chosen]
    meant: list[Meant] = []
    for line in world.lines:
        number = number_of(line)
        shown = number or line
        facts = owners.facts(number, duplicate=shown in {m.shown for m in meant})
        if newcomers and facts.no_messages is None:
            facts = replace(facts, no_messages=False, no_promotional=False, voc_call_open=False)
        meant.append(Meant(shown, facts))
    return meant


def people_now(world: World | ClaimWorld) -> list[Contact]:
    return list(Contact.objects.filter(pk__in=[p.pk for p in world.people]))


def own_reason(decision: Decision) -> str:
    """What is written on the delivery itself: a refusal, or a hold that concerns it alone."""
    if decision.verdict is Verdict.REFUSE:
        assert decision.reason is not None
        return decision.reason.value
    own = [f.reason for f in decision.refusals if f.reason is Reason.VOC_CALL_OPEN]
    return Reason.VOC_CALL_OPEN.value if own else ""


def state_after(decision: Decision) -> str:
    if decision.verdict is Verdict.REFUSE:
        assert decision.reason is not None
        return state_of_refusal(decision.reason).value
    return DeliveryState.QUEUED.value


def check_plan(plan: Plan, decisions: list[Decision]) -> None:
    assert plan.total == len(decisions)
    assert plan.by_state == Counter(state_after(d) for d in decisions)
    assert plan.by_reason == Counter(d.reason.value for d in decisions if d.reason is not None)


def source_before(world: World) -> Source:
    """As a sender sees it while writing."""
    if world.audience == "file":
        return from_lines(["number", *world.lines], "list.csv").source()
    return tagged("vip") if world.audience == "tag" else EVERYBODY


def source_of(world: World, message: Message) -> Source:
    if world.audience != "file":
        return source_before(world)
    AudienceMember.objects.bulk_create(
        AudienceMember(message=message, line=n, raw=line, address=number_of(line))
        for n, line in enumerate(world.lines, start=1)
    )
    return of_message_file(message.pk)


def plan_it(world: World, message: Message, message_decision: MessageDecision) -> None:
    now = world.circumstances.now
    insert_deliveries(message.pk, source_of(world, message), message_decision, now)
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.RUNNING, planned_at=now)
    message.refresh_from_db()


class Seen:
    """What the decisions of a whole test said: a generated test that never met a reason has not tested it."""

    def __init__(self) -> None:
        self.decisions: Counter[tuple[Verdict, Reason | None]] = Counter()
        self.lifted = 0

    def add(self, decision: Decision) -> None:
        self.decisions[decision.verdict, decision.reason] += 1
        if decision.verdict is Verdict.ALLOW and any(
            f.effect is RuleEffect.LIFTED for f in decision.findings
        ):
            self.lifted += 1

    def check(self, *expected: tuple[Verdict, Reason | None]) -> None:
        missing = set(expected) - set(self.decisions)
        assert not missing, f"never seen: {missing}"


ALLOWED = (Verdict.ALLOW, None)
OF_A_CLAIM = (
    ALLOWED,
    (Verdict.REFUSE, Reason.NO_MESSAGES),
    (Verdict.REFUSE, Reason.NO_PROMOTIONAL),
    (Verdict.REFUSE, Reason.FACTS_MISSING),
    (Verdict.HOLD, Reason.VOC_CALL_OPEN),
)
# What is in the way of the whole message (beside whatever a world has by itself, or alone), and what is
# seen then: fields of the message, circumstances, verdicts.
IN_THE_WAY: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[tuple[Verdict, Reason | None], ...]]] = {
    "nothing": (
        {"scheduled_at": None, "expires_at": None},
        {},
        (
            ALLOWED,
            *((Verdict.REFUSE, reason) for reason in (Reason.DUPLICATE, Reason.INVALID_ADDRESS)),
            (Verdict.REFUSE, Reason.LANDLINE),
            *((Verdict.REFUSE, reason) for reason in (Reason.FACTS_MISSING, Reason.NO_MESSAGES)),
        ),
    ),
    "nothing, of a promotion": (
        {"purpose": "promotional", "scheduled_at": None, "expires_at": None},
        {"hours": ALL_WEEK, "now": NOW, "paused": False, "cancelled": False},
        (ALLOWED, (Verdict.REFUSE, Reason.NO_PROMOTIONAL), (Verdict.HOLD, Reason.VOC_CALL_OPEN)),
    ),
    "a pause": ({"expires_at": None}, {"paused": True}, ((Verdict.HOLD, Reason.PAUSED),)),
    "a cancellation": ({}, {"cancelled": True}, ((Verdict.REFUSE, Reason.CANCELLED),)),
    "an outage": (
        {"scheduled_at": None, "expires_at": None},
        {"outage": True},
        ((Verdict.HOLD, Reason.OPERATOR_DOWN),),
    ),
    "a request": (
        {"purpose": "survey", "expires_at": None},
        {"override": {"approved_at": None, "revoked": False, "same_content": True}},
        ((Verdict.HOLD, Reason.AWAITING_APPROVAL),),
    ),
    "a schedule": (
        {"scheduled_at": NOW + 3 * DAY, "expires_at": None},
        {},
        ((Verdict.HOLD, Reason.SCHEDULED),),
    ),
    "an expiry": ({"expires_at": NOW - 3 * DAY}, {}, ((Verdict.REFUSE, Reason.EXPIRED),)),
    "no hours": (
        {"purpose": "promotional", "scheduled_at": None, "expires_at": None},
        {"hours": ()},
        ((Verdict.HOLD, Reason.WINDOW_CLOSED),),
    ),
}


@pytest.mark.parametrize(("fields", "circumstances", "expected"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_the_plan_and_its_preview_are_the_policys_own(
    fields: dict[str, Any], circumstances: dict[str, Any], expected: tuple[tuple[Verdict, Reason | None], ...]
):
    stage, seen = Stage(), Seen()

    @settings(EXAMPLES, max_examples=30 if circumstances else 80)
    @given(world=worlds, alone=st.booleans())
    def hold_to_the_policy(world: World, alone: bool) -> None:
        given = Circumstances(now=world.circumstances.now) if alone else world.circumstances
        world = replace(world, **fields, circumstances=replace(given, **circumstances))
        with stage.performing_plan(world) as message:
            stage.arrange(message, world.circumstances)
            message_decision = decision_of(message, world.circumstances.now)
            owners = Owners(world)
            foreseen = [
                message_decision.for_recipient(m.facts) for m in meant_by(world, owners, newcomers=True)
            ]
            check_plan(preview(source_before(world), message_decision), foreseen)

            plan_it(world, message, message_decision)
            written = Counter(
                (d.address, d.state, d.reason, d.not_before is None)
                for d in Delivery.objects.filter(message=message)
            )
            decided = [(m.shown, message_decision.for_recipient(m.facts)) for m in meant_by(world, owners)]
            assert written == Counter(
                (shown, state_after(decision), own_reason(decision), own_reason(decision) != "")
                for shown, decision in decided
            )
            for _shown, decision in decided:
                seen.add(decision)
            for row in Delivery.objects.filter(message=message):
                theirs = owners.of(row.address)
                assert row.contact_id == (theirs[0].pk if theirs else None)

    hold_to_the_policy()
    seen.check(*expected)


def queue(world: ClaimWorld, message: Message) -> list[Delivery]:
    """A waiting delivery for each number of each customer that the medium takes, and for each stranger."""
    meant: dict[str, Contact | None] = dict.fromkeys(world.strangers)
    for person in world.people:
        numbers = [person.mobile] if world.kind == "sms" else [person.mobile, person.phone]
        for number in numbers:
            meant.setdefault(number, person) if number else None
    Delivery.objects.bulk_create(
        Delivery(message=message, contact=contact, address=address, not_before=NOW, updated_at=NOW)
        for address, contact in meant.items()
    )
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.RUNNING, planned_at=NOW)
    message.refresh_from_db()
    return list(Delivery.objects.filter(message=message))


APPROVED = {"approved_at": NOW - HOUR, "life": DAY, "revoked": False, "same_content": True}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (ALLOWED, (Verdict.REFUSE, Reason.NO_MESSAGES))),
        ({"purpose": "promotional"}, OF_A_CLAIM),
        ({"purpose": "survey", "override": APPROVED}, (ALLOWED,)),
    ],
    ids=["as drawn", "promotion", "emergency"],
)
def test_a_claim_judges_every_recipient_again_as_the_policy_does(
    fields: dict[str, Any], expected: tuple[tuple[Verdict, Reason | None], ...]
):
    stage, seen = Stage(), Seen()

    @settings(EXAMPLES, max_examples=60)
    @given(world=claim_worlds())
    def hold_to_the_policy(world: ClaimWorld) -> None:
        world = replace(world, **fields)
        with stage.performing(world) as message:
            waiting = queue(world, message)
            for person, said in zip(world.people, world.flags, strict=True):
                Contact.objects.filter(pk=person.pk).update(**said)
            for person, moved in zip(world.people, world.moved, strict=True):
                if person.mobile and moved is not None:
                    Contact.objects.filter(pk=person.pk).update(phone=moved)
            stage.arrange(message, Circumstances(override=world.override))
            message_decision = decision_of(message, NOW)
            assert message_decision.decision.verdict is Verdict.ALLOW
            claimed = claim(message, limit=1000, closes_at=message_decision.ends_at, worker="twin", now=NOW)
            assert claimed is not None
            assert claimed.touched == len(waiting) >= 3

            owners = Owners(world, moved=True)
            for row in waiting:
                decision = message_decision.for_recipient(owners.facts(row.address))
                seen.add(decision)
                row.refresh_from_db()
                if decision.verdict is Verdict.ALLOW:
                    assert (row.state, row.reason) == (DeliveryState.SENDING, "")
                    assert (row.call_id, row.attempts) == (claimed.call_id, 1)
                else:
                    assert (row.state, row.reason) == (state_after(decision), decision.reason)
                    assert (row.call_id, row.not_before, row.attempts) == (None, None, 0)

    hold_to_the_policy()
    seen.check(*expected)
    assert seen.lifted or "override" not in fields


OBSTACLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # fields of the message, circumstances
    "paused": ({}, {"paused": True}),
    "cancelled": ({}, {"cancelled": True}),
    "outage": ({}, {"outage": True}),
    "pending": ({}, {"override": {"approved_at": None, "revoked": False, "same_content": True}}),
    "scheduled": ({"scheduled_at": NOW + TICK}, {}),
    "expired": ({"expires_at": NOW}, {}),
}


@pytest.mark.parametrize(("fields", "circumstances"), OBSTACLES.values(), ids=OBSTACLES)
def test_whatever_holds_or_ends_the_whole_message_lets_nothing_be_claimed(
    fields: dict[str, Any], circumstances: dict[str, Any]
):
    stage = Stage()

    @settings(EXAMPLES, max_examples=10)
    @given(world=claim_worlds())
    def hold_to_the_policy(world: ClaimWorld) -> None:
        if "override" in circumstances:  # which says nothing of a promotional message (reading 5)
            world = replace(world, purpose=Purpose.SURVEY.value)
        with stage.performing(world, **fields) as message:
            waiting = queue(world, message)
            stage.arrange(message, Circumstances(**{"override": world.override, **circumstances}))
            assert decision_of(message, NOW).decision.verdict is not Verdict.ALLOW
            assert claim(message, limit=1000, closes_at=None, worker="twin", now=NOW) is None
            untouched = Delivery.objects.filter(message=message, state=DeliveryState.QUEUED, not_before=NOW)
            assert untouched.count() == len(waiting) >= 3

    hold_to_the_policy()


def test_the_facts_that_reach_the_policy_are_those_on_record():
    stage = Stage()

    @EXAMPLES
    @given(world=worlds)
    def read_back(world: World) -> None:
        with stage.performing_plan(world) as message:
            stage.arrange(message, world.circumstances)
            facts = decision_of(message, world.circumstances.now).facts
            said, c = facts.message, world.circumstances
            assert (said.purpose, said.medium) == (world.purpose, world.kind)
            assert (said.scheduled_at, said.expires_at) == (world.scheduled_at, world.expires_at)
            assert (said.paused, said.cancelled) == (c.paused, c.cancelled)
            assert facts.channel.operator_down is c.outage
            assert (facts.channel.windows is None) == (not c.hours)
            assert (said.override is None) == (c.override is None)
            if said.override is not None and c.override is not None:
                assert said.override.same_content == c.override["same_content"]
                assert said.override.revoked == c.override["revoked"]
                assert said.override.approved_at == c.override["approved_at"]
            owners = Owners(world)
            for person in owners.people:
                kind = AddressKind.MOBILE if person.mobile else AddressKind.LANDLINE
                read = recipient_facts(person, person.address)
                assert read == owners.facts(person.address)
                assert read.address is kind
            assert restrictions_out_of_step() == []
            found = owners_of([*MOBILES, *LANDLINES])
            assert found == {n: theirs for n in (*MOBILES, *LANDLINES) if (theirs := owners.of(n))}

    read_back()
