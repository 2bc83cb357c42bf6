from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Entry
from contacts import hooks
from contacts.consent.actions import ConsentEffect, close_call, open_call, set_consent
from contacts.hooks import Event, StoppedDeliveries
from contacts.models import ConsentEntry, Contact
from contacts.selectors import out_of_step_with_ledger
from staff.roles import Role
from tests.factories import NOW, ContactFactory, UserFactory
from tests.guards import as_owner, unguarded

pytestmark = pytest.mark.django_db

REASON = "مشتری تماس گرفت و نخواست"


@pytest.fixture
def heard():
    """A hook that notes what it heard and says that two deliveries were stopped."""
    calls = []

    def hook(event, contact_id, now):
        calls.append((event, contact_id, connection.in_atomic_block))
        return StoppedDeliveries(stopped=2, in_flight=1) if event is Event.TIGHTENED else StoppedDeliveries()

    hooks.register(hook)
    yield calls
    hooks.unregister(hook)


def test_a_voc_expert_sets_a_flag_with_its_reason_in_ledger_and_audit(voc):
    contact = ContactFactory()
    effect = set_consent(
        contact=contact, flag="no_promotional", value=True, reason=f"  {REASON} ", by=voc, now=NOW
    )
    contact.refresh_from_db()
    entry = ConsentEntry.objects.get()
    assert effect == ConsentEffect(changed=True)
    assert (contact.no_promotional, contact.no_messages) == (True, False)
    assert (entry.contact, entry.flag, entry.before, entry.after) == (contact, "no_promotional", False, True)
    assert (entry.by, entry.reason, entry.at, entry.source) == (voc, REASON, NOW, "voc_call")
    audited = Entry.objects.get(action="contact.opt_out_set")
    assert (audited.object_id, audited.actor, audited.data["flag"]) == (
        str(contact.pk),
        "voc",
        "no_promotional",
    )


def test_setting_what_is_set_already_changes_and_records_nothing(voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    again = set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    cleared = set_consent(contact=contact, flag="no_promotional", value=False, reason=REASON, by=voc, now=NOW)
    assert not again.changed
    assert not cleared.changed
    assert ConsentEntry.objects.count() == 1


def test_a_stale_copy_does_not_decide_what_changes(voc):
    contact = ContactFactory()
    stale = Contact.objects.get(pk=contact.pk)
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    assert not set_consent(
        contact=stale, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW
    ).changed
    assert stale.no_messages


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.VOC])
def test_nobody_but_a_voc_expert_changes_a_flag(role):
    contact = ContactFactory()
    by = UserFactory(roles=[role])
    with pytest.raises(PermissionDenied):
        set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=by, now=NOW)
    contact.refresh_from_db()
    assert not contact.no_messages


def test_neither_the_machine_nor_a_superuser_nor_a_disabled_expert_changes_a_flag():
    contact = ContactFactory()
    superuser = UserFactory(is_superuser=True)
    disabled = UserFactory(roles=["voc"], is_active=False)
    nobody: Any = None
    for by in (nobody, superuser, disabled):
        with pytest.raises(PermissionDenied):
            set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=by, now=NOW)


@pytest.mark.parametrize(
    "reason", ["", "   ", "\u200c", " \u200f\u200b\n", ".", "x", "xxxxx", "۱۲۳۴", "…؟!", "نه"]
)
def test_a_reason_that_nobody_can_read_is_refused(voc, reason):
    contact = ContactFactory()
    with pytest.raises(ValidationError):
        set_consent(contact=contact, flag="no_messages", value=True, reason=reason, by=voc, now=NOW)
    assert not ConsentEntry.objects.exists()


def test_a_reason_without_end_and_an_unknown_flag_are_refused(voc):
    contact = ContactFactory()
    with pytest.raises(ValidationError):
        set_consent(contact=contact, flag="no_messages", value=True, reason="x" * 2001, by=voc, now=NOW)
    with pytest.raises(ValidationError):
        set_consent(contact=contact, flag="is_superuser", value=True, reason=REASON, by=voc, now=NOW)


def test_hooks_hear_of_a_tightening_in_the_transaction_and_after_the_commit(
    voc, heard, django_capture_on_commit_callbacks
):
    contact = ContactFactory()
    with django_capture_on_commit_callbacks(execute=True):
        effect = set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
        assert heard == [(Event.TIGHTENED, contact.pk, True)]
    assert [event for event, _pk, _inside in heard] == [Event.TIGHTENED, Event.TIGHTENED]
    assert (effect.stopped, effect.in_flight) == (2, 1)


def test_clearing_a_flag_is_heard_as_loosening(voc, heard):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    effect = set_consent(contact=contact, flag="no_messages", value=False, reason=REASON, by=voc, now=NOW)
    assert heard[-1][0] is Event.LOOSENED
    assert effect == ConsentEffect(changed=True)
    assert Entry.objects.filter(action="contact.opt_out_cleared").count() == 1


def test_when_a_hook_fails_nothing_is_changed(voc):
    contact = ContactFactory()

    def broken(event, contact_id, now):
        raise RuntimeError("no")

    hooks.register(broken)
    try:
        with pytest.raises(RuntimeError):
            set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    finally:
        hooks.unregister(broken)
    contact.refresh_from_db()
    assert not contact.no_messages
    assert not ConsentEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_fails_after_the_commit_of_a_refusal_is_logged_and_keeps_nothing_from_being_done(voc, caplog):
    contact, done = ContactFactory(), []

    def broken(event, contact_id, now):
        if not connection.in_atomic_block:
            raise RuntimeError("no")
        transaction.on_commit(lambda: done.append(contact_id))
        return StoppedDeliveries(stopped=1)

    hooks.register(broken)
    try:
        effect = set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
        assert effect.stopped == 1
        open_call(contact=contact, by=voc, now=NOW)
    finally:
        hooks.unregister(broken)
    contact.refresh_from_db()
    assert contact.no_messages
    assert done == [contact.pk] * 2
    assert caplog.text.count("RuntimeError: no") == 2


def test_an_opt_out_call_holds_until_the_expert_decides(voc, sender, heard):
    contact = ContactFactory()
    call, effect = open_call(contact=contact, by=sender, now=NOW)
    assert contact.voc_call_open
    assert effect.stopped == 2
    same, _none = open_call(contact=contact, by=voc, now=NOW)
    assert same == call
    set_consent(contact=contact, flag="no_promotional", value=True, reason=REASON, by=voc, now=NOW, call=call)
    call.refresh_from_db()
    contact.refresh_from_db()
    assert not contact.voc_call_open
    assert (call.closed_at, call.closed_by) == (NOW, voc)
    assert call.entries.get().flag == "no_promotional"
    assert [event for event, _pk, _inside in heard] == [Event.TIGHTENED, Event.TIGHTENED, Event.LOOSENED]


def test_a_decision_that_changes_nothing_still_ends_the_call(voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    call, _effect = open_call(contact=contact, by=voc, now=NOW)
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW, call=call)
    assert not Contact.objects.get(pk=contact.pk).voc_call_open


def test_only_a_voc_expert_closes_a_call(voc, sender):
    contact = ContactFactory()
    open_call(contact=contact, by=sender, now=NOW)
    with pytest.raises(PermissionDenied):
        close_call(contact=contact, by=sender, now=NOW)
    assert close_call(contact=contact, by=voc, now=NOW + timedelta(minutes=3))
    assert not close_call(contact=contact, by=voc, now=NOW + timedelta(minutes=4))
    assert Entry.objects.filter(action="contact.call_closed").count() == 1


def test_a_clock_that_went_back_does_not_break_closing(voc):
    contact = ContactFactory()
    call, _effect = open_call(contact=contact, by=voc, now=NOW)
    assert close_call(contact=contact, by=voc, now=NOW - timedelta(hours=1))
    call.refresh_from_db()
    assert call.closed_at == NOW


def test_a_decision_without_an_open_call_has_the_experts_own_answer_behind_it(voc):
    """Reading 15. Before, the ledger said “call with the VOC expert” and named none."""
    contact = ContactFactory()
    for value in (True, False):
        set_consent(contact=contact, flag="no_messages", value=value, reason=REASON, by=voc, now=NOW)
        entry = contact.ledger.order_by("-pk")[0]
        call = entry.call
        assert (call.contact, call.opened_by, call.closed_by) == (contact, voc, voc)
        assert call.opened_at == call.closed_at == NOW
    assert contact.calls.count() == 2
    assert not contact.voc_call_open


def test_an_open_call_is_the_one_behind_the_decision(voc, sender):
    contact = ContactFactory()
    call, _effect = open_call(contact=contact, by=sender, now=NOW)
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    assert contact.ledger.get().call == call
    assert not Contact.objects.get(pk=contact.pk).voc_call_open


def test_a_command_needs_no_call(voc):
    contact = ContactFactory()
    set_consent(
        contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW, source="command"
    )
    assert contact.ledger.get().call is None


def test_the_database_refuses_an_experts_entry_without_its_call(voc):
    entry = {"at": NOW, "flag": "no_messages", "before": False, "after": True, "by": voc, "reason": REASON}
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEntry.objects.create(contact=ContactFactory(), source="voc_call", **entry)


def test_a_second_experts_reason_is_kept_as_a_note(voc):
    contact, second = ContactFactory(), UserFactory(roles=["voc"])
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    again = set_consent(
        contact=contact, flag="no_messages", value=True, reason="همسرش هم زنگ زد", by=second, now=NOW
    )
    assert (again.changed, again.noted) == (False, True)
    note = Entry.objects.get(action="contact.consent_noted")
    assert (note.actor, note.object_id) == (second.username, str(contact.pk))
    assert note.data == {"flag": "no_messages", "reason": "همسرش هم زنگ زد"}
    twice = set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    assert not twice.noted


def test_another_customers_call_is_refused(voc):
    contact, other = ContactFactory(), ContactFactory()
    call, _effect = open_call(contact=other, by=voc, now=NOW)
    with pytest.raises(ValidationError):
        set_consent(
            contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW, call=call
        )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["no_promotional", "no_messages", "open", "close"]), st.booleans()),
        max_size=12,
    )
)
def test_after_any_history_flags_equal_the_ledgers_fold(voc, steps):
    contact = ContactFactory()
    for what, value in steps:
        if what == "open":
            open_call(contact=contact, by=voc, now=NOW)
        elif what == "close":
            close_call(contact=contact, by=voc, now=NOW)
        else:
            set_consent(contact=contact, flag=what, value=value, reason=REASON, by=voc, now=NOW)
    contact.refresh_from_db()
    last = dict(contact.ledger.order_by("pk").values_list("flag", "after"))
    assert contact.no_promotional == last.get("no_promotional", False)
    assert contact.no_messages == last.get("no_messages", False)
    assert not out_of_step_with_ledger().exists()


def test_a_flag_without_history_is_found():
    astray = ContactFactory()
    with unguarded():
        Contact.objects.filter(pk=astray.pk).update(no_messages=True)
    ContactFactory()
    assert list(out_of_step_with_ledger()) == [astray]


@pytest.mark.parametrize(
    "change", ["no_messages = true", "no_promotional = true", "no_messages = true, no_promotional = true"]
)
def test_the_database_refuses_a_flag_that_the_ledger_does_not_know(change):
    contact = ContactFactory()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE contacts_contact SET {change} WHERE id = %s", [contact.pk])  # noqa: S608
        with pytest.raises(DatabaseError, match="consent ledger"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_the_database_refuses_a_flag_taken_back_in_silence(voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="consent ledger"), transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(no_messages=False)


def test_the_database_refuses_a_customer_who_comes_with_a_flag():
    with transaction.atomic(), connection.cursor() as cursor:
        Contact.objects.create(mobile="+989121234567", no_messages=True, created_at=NOW, updated_at=NOW)
        with pytest.raises(DatabaseError, match="consent ledger"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE contacts_consententry SET reason = 'x'",
        "UPDATE contacts_consententry SET after = NOT after, before = NOT before",
        "DELETE FROM contacts_consententry",
        "TRUNCATE contacts_consententry",
        "TRUNCATE contacts_consententry CASCADE",
        "TRUNCATE contacts_contact CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_ledger(voc, statement):
    set_consent(contact=ContactFactory(), flag="no_messages", value=True, reason=REASON, by=voc, now=NOW)
    with connection.cursor() as cursor:
        # else PostgreSQL would refuse the TRUNCATE for references that are not checked yet
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="Cannot"), as_owner():
            cursor.execute(statement)
    assert ConsentEntry.objects.get().reason == REASON


def test_the_database_refuses_an_entry_without_reason_or_without_change(voc):
    contact = ContactFactory()
    good = {"contact": contact, "at": NOW, "flag": "no_messages", "by": voc, "source": "command"}
    for wrong in (
        {"before": True, "after": True, "reason": REASON},
        {"before": False, "after": True, "reason": ""},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            ConsentEntry.objects.create(**good, **wrong)
