"""The tables of states are kept by the database too, against raw SQL."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from contacts.models import OptOutCall
from messaging.actions.move import StaleState, move_message
from messaging.models import Delivery, Message, MessageStop
from messaging.states import DELIVERY_MOVES, DONE, MESSAGE_MOVES, DeliveryState, MessageStatus
from tests.factories import (
    NOW,
    AudienceMemberFactory,
    ContactFactory,
    DeliveryFactory,
    EmployeeFactory,
    GatewayCallFactory,
    MessageFactory,
    MessageStopFactory,
    OutageFactory,
    OverrideFactory,
    UserFactory,
)
from tests.guards import as_owner

pytestmark = pytest.mark.django_db


def refused(sql: str, *params: Any) -> bool:
    """Whether the database refuses the statement."""
    try:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(("old", "new"), list(itertools.product(DeliveryState, repeat=2)))
def test_a_delivery_moves_only_as_the_table_says(old: DeliveryState, new: DeliveryState):
    delivery = DeliveryFactory(state=old)
    is_refused = refused("UPDATE messaging_delivery SET state = %s WHERE id = %s", new, delivery.pk)
    assert is_refused == (new != old and new not in DELIVERY_MOVES[old])


# What the constraints want beside the status.
_FIELDS = {
    MessageStatus.SUBMITTED: "planned_at = NULL",
    MessageStatus.FINISHED: "finished_at = now()",
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(MessageStatus, repeat=2)))
def test_a_message_moves_only_as_the_table_says(old: MessageStatus, new: MessageStatus):
    planned_at = None if old is MessageStatus.SUBMITTED else NOW
    message = MessageFactory(status=old, planned_at=planned_at)
    fields = _FIELDS.get(new, "planned_at = now()")
    is_refused = refused(
        f"UPDATE messaging_message SET status = %s, {fields} WHERE id = %s",  # noqa: S608 - our own words
        new,
        message.pk,
    )
    assert is_refused == (new != old and new not in MESSAGE_MOVES[old])


def test_every_state_has_its_moves_and_the_done_ones_never_go_back_into_the_queue():
    assert set(DELIVERY_MOVES) == set(DeliveryState)
    assert set(MESSAGE_MOVES) == set(MessageStatus)
    for state in DONE:
        assert DELIVERY_MOVES[state] <= DONE


def test_what_may_have_been_sent_is_queued_again_only_from_sending_and_unknown():
    back = {old for old, news in DELIVERY_MOVES.items() if DeliveryState.QUEUED in news}
    assert back == {DeliveryState.SENDING, DeliveryState.UNKNOWN}


@pytest.mark.parametrize(
    "change",
    [
        "text = 'other'",
        "purpose = 'promotional'",
        'audience = \'{"kind": "tag", "tag": "x"}\'',
        "submitted_at = submitted_at + interval '1 second'",
        "sender_id = sender_manager_id",
        "sender_manager_id = %(other)s",
        "department_id = department_id + 1",
        "channel_id = channel_id + 1",
        "submitted_by_id = (SELECT user_id FROM staff_employee WHERE id = %(other)s)",
        "submission_key = gen_random_uuid()",
        "scheduled_at = now()",
        "expires_at = now() + interval '1 day'",
        "priority = priority + 1",
    ],
)
def test_whoever_answers_for_a_message_and_what_it_says_never_change(change: str):
    message = MessageFactory()
    other = EmployeeFactory()
    sql = f"UPDATE messaging_message SET {change} WHERE id = %(id)s"  # noqa: S608 - our own words
    with (
        pytest.raises(DatabaseError, match="Cannot update rows"),
        as_owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, {"id": message.pk, "other": other.pk})


def test_the_rest_of_a_message_may_change():
    message = MessageFactory()
    assert not refused("UPDATE messaging_message SET audio_id = 7 WHERE id = %s", message.pk)


FROZEN = {
    "channels_outage": ("channel_id", "origin", "reason", "started_at", "declared_by_id"),
    "contacts_optoutcall": ("contact_id", "opened_at", "opened_by_id"),
    "messaging_delivery": ("message_id", "contact_id", "address"),
    "messaging_gatewaycall": (
        *("channel_id", "message_id", "worker", "intended_at"),
        *("write_deadline", "doubtful_at", "size"),
    ),
    "messaging_messagestop": ("message_id", "kind", "at", "by_id", "reason"),
    "messaging_override": ("message_id", "reason", "content_hash", "requested_by_id", "requested_at"),
    "messaging_audiencemember": ("message_id", "line", "raw", "address"),
}
# What makes another value of a column of each kind.
OTHER = {
    "bigint": "coalesce({}, 0) + 1000000",
    "integer": "{} + 1",
    "timestamp with time zone": "{} + interval '1 second'",
    "character varying": "overlay({} placing '!' from 1 for 1)",
    "text": "{} || 'x'",
}


def a_row_of(table: str) -> Any:
    made: dict[str, Any] = {
        "channels_outage": lambda: OutageFactory(origin="declared", declared_by=UserFactory()),
        "contacts_optoutcall": lambda: OptOutCall.objects.create(
            contact=ContactFactory(), opened_at=NOW, opened_by=UserFactory()
        ),
        "messaging_delivery": DeliveryFactory,
        "messaging_gatewaycall": GatewayCallFactory,
        "messaging_messagestop": MessageStopFactory,
        "messaging_override": OverrideFactory,
        "messaging_audiencemember": AudienceMemberFactory,
    }
    return made[table]()


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in FROZEN.items() for column in columns]
)
def test_what_was_written_down_once_stays(table: str, column: str):
    row = a_row_of(table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            [table, column],
        )
        other = OTHER[cursor.fetchone()[0]].format(column)
    with (
        pytest.raises(DatabaseError, match="Cannot update"),
        as_owner(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET {column} = {other} WHERE id = %s", [row.pk])  # noqa: S608


@pytest.mark.parametrize("table", FROZEN)
def test_no_row_of_evidence_is_deleted(table: str):
    row = a_row_of(table)
    assert refused(f"DELETE FROM {table} WHERE id = %s", row.pk)  # noqa: S608


def test_an_end_is_written_once():
    outage = OutageFactory(ended_at=NOW)
    stop = MessageStopFactory(lifted_at=NOW)
    for table, column, row in (
        ("channels_outage", "ended_at", outage),
        ("messaging_messagestop", "lifted_at", stop),
    ):
        for value in ("NULL", "now()"):
            assert refused(f"UPDATE {table} SET {column} = {value} WHERE id = %s", row.pk)  # noqa: S608


def test_an_approval_is_given_once_and_only_taken_back():
    approved = OverrideFactory()
    update = "UPDATE messaging_override SET {} WHERE id = %s"
    for change in (
        "expires_at = expires_at + interval '1 day'",
        "approved_at = now()",
    ):
        assert refused(update.format(change), approved.pk)
    assert refused(update.format("approved_by_id = NULL, approved_at = NULL, expires_at = NULL"), approved.pk)
    assert not refused(update.format("revoked_at = now()"), approved.pk)
    assert refused(update.format("revoked_at = NULL"), approved.pk)
    pending = OverrideFactory(pending=True, revoked_at=NOW)
    approve = "approved_by_id = {}, approved_at = now(), expires_at = now() + interval '1 day'"
    assert refused(update.format(approve.format(UserFactory().pk)), pending.pk)


def test_the_setting_that_switched_pgtriggers_off_does_nothing():
    message = MessageFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        names = "{" + ",".join(name for (name,) in cursor.fetchall()) + "}"
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [names])
    assert refused("UPDATE messaging_message SET text = 'x' WHERE id = %s", message.pk)


def test_messages_and_deliveries_cannot_be_deleted():
    delivery = DeliveryFactory()
    assert refused("DELETE FROM messaging_delivery WHERE id = %s", delivery.pk)
    message = MessageFactory()
    assert refused("DELETE FROM messaging_message WHERE id = %s", message.pk)


def test_a_recipient_has_one_delivery_of_a_message():
    delivery = DeliveryFactory()
    again = (
        "INSERT INTO messaging_delivery (message_id, contact_id, address, state, reason, attempts,"
        " provider_id, provider_status, updated_at)"
        " SELECT message_id, contact_id, address, %s, %s, 0, '', '', now()"
        " FROM messaging_delivery WHERE id = %s"
    )
    assert refused(again, "queued", "", delivery.pk)
    assert not refused(again, "suppressed", "duplicate", delivery.pk)


def test_an_override_is_approved_whole_and_never_by_whoever_asked_for_it():
    user = UserFactory()
    override = OverrideFactory(pending=True, requested_by=user)
    sql = (
        "UPDATE messaging_override SET approved_by_id = %s, approved_at = now(),"
        " expires_at = now() + %s::interval WHERE id = %s"
    )
    assert refused(sql, user.pk, "1 day", override.pk)
    assert refused(sql, UserFactory().pk, "-1 day", override.pk)
    assert refused("UPDATE messaging_override SET approved_at = now() WHERE id = %s", override.pk)
    assert not refused(sql, UserFactory().pk, "1 day", override.pk)


def test_only_a_pause_is_lifted_and_one_of_a_kind_is_open():
    stop = MessageStopFactory(kind="cancel")
    assert refused("UPDATE messaging_messagestop SET lifted_at = now() WHERE id = %s", stop.pk)
    pause = MessageStopFactory(message=stop.message)
    copy = (
        "INSERT INTO messaging_messagestop (message_id, kind, at, reason)"
        " SELECT message_id, kind, at, '' FROM messaging_messagestop WHERE id = %s"
    )
    assert refused(copy, pause.pk)
    assert not refused("UPDATE messaging_messagestop SET lifted_at = now() WHERE id = %s", pause.pk)
    assert not refused(copy, pause.pk)
    assert MessageStop.objects.filter(message=stop.message).count() == 3


def test_a_sender_is_never_the_own_manager():
    message = MessageFactory()
    assert message.sender != message.sender_manager
    assert refused(
        "INSERT INTO messaging_message (channel_id, purpose, text, audience, sender_id, sender_manager_id,"
        " department_id, submitted_by_id, submitted_at, submission_key, priority, status)"
        " SELECT channel_id, purpose, text, audience, sender_id, sender_id, department_id, submitted_by_id,"
        " submitted_at, gen_random_uuid(), priority, status FROM messaging_message WHERE id = %s",
        message.pk,
    )


def test_a_move_that_the_table_does_not_know_is_a_mistake_of_the_programme():
    message = MessageFactory()
    with pytest.raises(ValueError, match="cannot move from submitted to finished"):
        move_message(message.pk, MessageStatus.SUBMITTED, MessageStatus.FINISHED)


def test_a_move_from_a_state_that_is_past_is_stale():
    message = MessageFactory(running=True)
    with pytest.raises(StaleState):
        move_message(message.pk, MessageStatus.SUBMITTED, MessageStatus.RUNNING, planned_at=NOW)
    assert Message.objects.get(pk=message.pk).status == MessageStatus.RUNNING


def test_counting_by_state_counts_every_delivery():
    message = MessageFactory(running=True)
    for state in DeliveryState:
        DeliveryFactory(message=message, state=state)
    assert Delivery.objects.filter(message=message).count_by_state() == dict.fromkeys(DeliveryState, 1)


def test_the_diagram_in_the_docs_is_made_from_the_tables():
    root = Path(__file__).resolve().parent.parent.parent
    script = root / "scripts" / "states_diagram.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
