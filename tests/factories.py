"""Rows of every app for the tests, each valid by itself; `NOW` is a Monday noon in Tehran."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Group
from django.db import transaction
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory, Trait
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from channels.models import Channel, Outage, SendingWindow
from contacts.models import ConsentEntry, Contact, WrittenWord
from messaging.actions.submit import PRIORITIES
from messaging.evaluation.facts import content_hash
from messaging.models import (
    AudienceMember,
    Breach,
    Comparison,
    Delivery,
    GatewayCall,
    Message,
    MessageStop,
    Override,
)
from messaging.states import DeliveryState, MessageStatus
from persian.jalali import TEHRAN
from staff.models import Department, Employee, User
from tests.guards import as_owner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=TEHRAN)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Rows(DjangoModelFactory[Any]):
    """A factory is called and gives a row; the type checker would take it for the factory itself."""

    class Meta:
        abstract = True

    if TYPE_CHECKING:

        def __new__(cls, **kwargs: Any) -> Any: ...


class UserFactory(Rows):
    """A log-in; `roles=["sender"]` puts it into the groups of those roles."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = Sequence(lambda n: f"user{n}")

    @post_generation  # type: ignore[untyped-decorator]
    def roles(self: User, create: bool, extracted: list[str] | None, **_kwargs: Any) -> None:
        for role in extracted or []:
            self.groups.add(Group.objects.get(name=role))


class DepartmentFactory(Rows):
    class Meta:
        model = Department

    code = Sequence(lambda n: f"department-{n}")
    name = Sequence(lambda n: f"دپارتمان {n}")


class ManagerFactory(Rows):
    """A colleague without a direct manager."""

    class Meta:
        model = Employee

    first_name = "مریم"
    last_name = Sequence(lambda n: f"مدیر {n}")
    department = SubFactory(DepartmentFactory)
    hired_on = date(2020, 1, 1)


class EmployeeFactory(ManagerFactory):
    """A colleague who may send: with a log-in in the role *sender* and a direct manager."""

    first_name = "علی"
    last_name = Sequence(lambda n: f"کارشناس {n}")
    user = SubFactory(UserFactory, roles=["sender"])
    direct_manager = SubFactory(ManagerFactory, department=SelfAttribute("..department"))


class ChannelFactory(Rows):
    """The SMS channel, once; `code="avanak", kind="voice"` is the other one. It has no windows."""

    class Meta:
        model = Channel
        django_get_or_create = ("code",)

    code = "sms"
    kind = "sms"
    name = LazyAttribute(lambda o: "پیامک" if o.kind == "sms" else "آوانک")
    clause = "C7.1"
    usage_rule = "فقط برای کار شرکت"


class SendingWindowFactory(Rows):
    class Meta:
        model = SendingWindow

    channel = SubFactory(ChannelFactory)
    purpose = "promotional"
    weekday = 0
    opens = 8 * 60
    closes = 22 * 60


def open_every_day(
    channel: Channel, opens: int = 480, closes: int = 1320, purpose: str = "promotional"
) -> None:
    """Windows of `purpose` on each day of the week, in minutes of the day."""
    SendingWindow.objects.filter(channel=channel, purpose=purpose).delete()
    for weekday in range(7):
        SendingWindowFactory(channel=channel, purpose=purpose, weekday=weekday, opens=opens, closes=closes)


class OutageFactory(Rows):
    class Meta:
        model = Outage

    channel = SubFactory(ChannelFactory)
    origin = "detected"
    cause = LazyAttribute(lambda o: "declared" if o.origin == "declared" else "network")
    code = LazyAttribute(lambda o: "" if o.origin == "declared" else "connection_refused")
    reason = LazyAttribute(lambda o: "قطعی مخابرات" if o.origin == "declared" else "")
    started_at = NOW


def mobile(n: int) -> str:
    """A mobile of an operator's own range, E.164."""
    return f"+98912{n:07}"


def landline(n: int) -> str:
    return f"+9821{22000000 + n}"


class ContactFactory(Rows):
    """A customer with a mobile who refused nothing; a flag given here has its entry in the ledger."""

    class Meta:
        model = Contact

    name = Sequence(lambda n: f"مشتری {n}")
    # Far from the numbers that tests give by hand.
    mobile = Sequence(lambda n: mobile(5_000_000 + n))
    created_at = NOW
    updated_at = NOW

    @classmethod
    def _create(cls, model_class: type[Contact], *args: Any, **given: Any) -> Contact:
        contact: Contact = super()._create(model_class, *args, **given)
        write_ledger([contact])
        return contact


def write_ledger(customers: Iterable[Contact]) -> None:
    """The first entry of each flag that is set, as the database demands by the end of the transaction."""
    flagged = [
        (contact, flag) for contact in customers for flag in ConsentEntry.Flag if getattr(contact, flag)
    ]
    if not flagged:
        return
    by = UserFactory()
    ConsentEntry.objects.bulk_create(
        ConsentEntry(
            contact=contact,
            at=NOW,
            flag=flag,
            before=False,
            after=True,
            by=by,
            reason="خواست",
            source="command",
        )
        for contact, flag in flagged
    )


def set_flag(contact: Contact, flag: str, value: bool = True) -> None:
    """Row and ledger alone, without what the action does for waiting messages."""
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(**{flag: value})
        setattr(contact, flag, value)
        given = {"flag": flag, "before": not value, "after": value, "reason": "خواست", "source": "command"}
        ConsentEntry.objects.create(contact=contact, at=NOW, by=UserFactory(), **given)


class MessageFactory(Rows):
    """A submitted notification by SMS to everybody; `running=True` makes it look planned."""

    class Meta:
        model = Message

    class Params:
        running = Trait(status=MessageStatus.RUNNING, planned_at=NOW)
        promotional = Trait(purpose="promotional")

    channel = SubFactory(ChannelFactory)
    purpose = "notification"
    text = "سلام"
    audience = LazyFunction(lambda: {"kind": "all"})
    sender = SubFactory(EmployeeFactory)
    sender_manager = SelfAttribute("sender.direct_manager")
    department = SelfAttribute("sender.department")
    submitted_by = SelfAttribute("sender.user")
    submitted_at = NOW
    submission_key = LazyFunction(uuid.uuid4)
    priority = LazyAttribute(lambda o: PRIORITIES[o.purpose])


class MessageStopFactory(Rows):
    class Meta:
        model = MessageStop

    message = SubFactory(MessageFactory)
    kind = "pause"
    at = NOW


class AudienceMemberFactory(Rows):
    class Meta:
        model = AudienceMember

    message = SubFactory(MessageFactory)
    line = Sequence(lambda n: n + 1)
    raw = SelfAttribute("address")
    address = Sequence(mobile)


class OverrideFactory(Rows):
    """An override that was approved for the message as it stands; `pending=True`: only asked for."""

    class Meta:
        model = Override

    class Params:
        pending = Trait(approved_by=None, approved_at=None, expires_at=None)

    message = SubFactory(MessageFactory)
    reason = "قطع سراسری سرویس"
    content_hash = LazyAttribute(lambda o: content_hash(o.message))
    requested_by = SubFactory(UserFactory)
    requested_at = NOW
    approved_by = SubFactory(UserFactory)
    approved_at = NOW
    expires_at = NOW + DAY

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        """The owner makes it: the application, of which no action does so yet, may not."""
        with as_owner():
            return super()._create(model_class, *args, **kwargs)


class GatewayCallFactory(Rows):
    class Meta:
        model = GatewayCall

    message = SubFactory(MessageFactory, running=True)
    channel = SelfAttribute("message.channel")
    worker = "test"
    intended_at = NOW
    write_deadline = NOW + timedelta(seconds=8)
    doubtful_at = NOW + timedelta(seconds=30)
    size = 1


class WrittenWordFactory(Rows):
    """A customer's keyword that nobody has decided on."""

    class Meta:
        model = WrittenWord

    contact = SubFactory(ContactFactory)
    number = SelfAttribute("contact.address")
    text = "لغو۱۱"
    reference = Sequence("inbound:{}".format)
    meaning = "opt_out"
    said_at = NOW
    recorded_at = NOW
    restricts = LazyAttribute(lambda word: word.meaning == "opt_out")


class DeliveryFactory(Rows):
    """A delivery that waits for its turn."""

    class Meta:
        model = Delivery

    message = SubFactory(MessageFactory, running=True)
    contact = SubFactory(ContactFactory)
    address = SelfAttribute("contact.address")
    state = DeliveryState.QUEUED
    not_before = NOW
    updated_at = NOW


class ComparisonFactory(Rows):
    """A day on which everything came from the portal."""

    class Meta:
        model = Comparison

    channel = SubFactory(ChannelFactory)
    day = NOW.date()
    state = "completed"
    started_at = NOW + DAY
    finished_at = NOW + DAY


class BreachFactory(Rows):
    """A message of the portal that went out outside the hours; `shadow=True`: past the portal."""

    class Meta:
        model = Breach

    class Params:
        shadow = Trait(
            kind="shadow_send", message=None, sender=None, sender_manager=None, text="حراج", is_outside=False
        )

    comparison = SubFactory(ComparisonFactory)
    channel = SelfAttribute("comparison.channel")
    day = SelfAttribute("comparison.day")
    kind = "outside_hours"
    is_outside = True
    message = SubFactory(MessageFactory, promotional=True)
    sender = SelfAttribute("message.sender")
    sender_manager = SelfAttribute("message.sender_manager")
    accepted_at = NOW
    happened_at = NOW
    until = NOW
    recipients = 1
    numbers = LazyFunction(lambda: [mobile(1)])
    text = "سلام"
    first_id = "1"
    last_id = "1"
    group = Sequence(lambda n: f"group {n}")
    part = 1
    found_at = NOW + DAY
