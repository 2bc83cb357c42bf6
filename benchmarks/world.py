"""A company, a channel that is always open, and many customers: what the benchmarks send to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction

from benchmarks.tables import empty
from channels.models import Channel, Outage, SendingWindow
from contacts.models import Contact
from messaging.actions import plan as planning
from messaging.actions.plan import plan
from messaging.actions.submit import Draft, submit
from messaging.audience.members import Audience, everybody, with_tag
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery, GatewayCall, Message, WorkerBeat
from staff.models import Department, Employee, User

# Who answers for it, and may set what a customer refused.
MAY = ("submit_message", "set_consent", "view_contact")


def customers(count: int, groups: Sequence[int] = ()) -> None:
    """`count` customers with mobiles: one in 20 without advertisements, one in 50 without anything, one
    in 1,000 with an open call. The first n carry the tag `first-n`, for every n of `groups`."""
    tags = ", ".join(f"CASE WHEN g.n <= {int(n)} THEN 'first-{int(n)}' END" for n in groups) or "NULL"
    empty("contacts_contact, contacts_number, contacts_restriction")
    by = user().pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (name, company, customer_no, email, mobile, tags, search_text,"
            " no_promotional, no_messages, voc_call_open, created_at, updated_at)"
            " SELECT 'c', '', '', '', '+989' || lpad((100000000 + g.n)::text, 9, '0'),"
            f" array_remove(ARRAY[{tags}]::varchar[], NULL), '', g.n %% 20 = 0, g.n %% 50 = 0,"
            " g.n %% 1000 = 0, now(), now() FROM generate_series(1, %s) AS g(n)",
            [count],
        )
        # A flag has its last word in the ledger, an open call its row.
        cursor.execute(
            "INSERT INTO contacts_consententry (contact_id, at, flag, before, after, by_id, reason, source)"
            " SELECT c.id, c.created_at, f.flag, FALSE, TRUE, %s, 'bench', 'command' FROM contacts_contact c"
            " CROSS JOIN LATERAL (VALUES ('no_promotional', c.no_promotional),"
            " ('no_messages', c.no_messages)) f(flag, is_set) WHERE f.is_set",
            [by],
        )
        cursor.execute(
            "INSERT INTO contacts_optoutcall (contact_id, opened_at, opened_by_id, number, handover,"
            "        named_extension, attempts, outcome)"
            " SELECT c.id, c.created_at, %s, c.address, 'call_back', '', 0, ''"
            "   FROM contacts_contact c WHERE c.voc_call_open",
            [by],
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE contacts_contact, contacts_number, contacts_restriction")


def audience(size: int) -> Audience:
    """The first `size` customers, or everybody where there are no more."""
    return everybody() if size >= Contact.objects.count() else with_tag(f"first-{size}")


def open_channel() -> Channel:
    channel, _new = Channel.objects.get_or_create(
        code="sms", defaults={"kind": "sms", "name": "sms", "clause": "C7.6", "usage_rule": "-"}
    )
    if not channel.windows.exists():
        SendingWindow.objects.bulk_create(
            SendingWindow(channel=channel, purpose="promotional", weekday=day, opens=0, closes=1440)
            for day in range(7)
        )
    return channel


def user() -> User:
    """An employee with a manager, who may submit, and set what a customer refused."""
    department, _new = Department.objects.get_or_create(code="bench", defaults={"name": "bench"})
    found, is_new = User.objects.get_or_create(username="bench")
    if is_new:
        group, _new = Group.objects.get_or_create(name="bench")
        group.permissions.set(Permission.objects.filter(codename__in=MAY))
        found.groups.add(group)
        fields = {"department": department, "hired_on": "2020-01-01"}
        manager = Employee.objects.create(last_name="manager", **fields)
        Employee.objects.create(last_name="sender", direct_manager=manager, user=found, **fields)
    return found


def draft(size: int, channel: Channel) -> Draft:
    return Draft(channel=channel, purpose="promotional", text="سلام، مشتری گرامی", audience=audience(size))


def submitted(size: int, *, now: datetime) -> Message:
    """A promotional message to `size` customers, not planned yet, however few they are."""
    planning.PLAN_AT_ONCE = -1
    return submit(draft=draft(size, open_channel()), by=user(), now=now)


def planned(size: int) -> Message:
    """The only message there is, to `size` customers, waiting to be dispatched."""
    empty_messages()
    now = database_clock()
    message = submitted(size, now=now)
    plan(message.pk, now=now)
    vacuum()
    message.refresh_from_db()
    return message


def standing() -> str:
    """Messages, deliveries, calls and outages, in a line: why nothing moves."""
    beats = WorkerBeat.objects.values_list("name", "sent", "last_error", "clock_difference_ms")
    return "; ".join(
        (
            f"messages {list(Message.objects.values_list('status', flat=True)[:5])}",
            f"deliveries {Delivery.objects.count_by_state()}",
            f"calls {list(GatewayCall.objects.values_list('outcome', 'error').distinct()[:5])}",
            f"outages {list(Outage.objects.open().values_list('cause', 'code'))}",
            f"workers {list(beats)}",
        )
    )


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE messaging_delivery")
        # What is measured next is the dispatch, and not the writing out of a plan's pages beside it.
        cursor.execute("CHECKPOINT")


def empty_messages() -> None:
    """Truncate, since no delivery is ever deleted by a statement."""
    empty("messaging_delivery, messaging_gatewaycall, messaging_message")
