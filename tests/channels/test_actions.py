"""Outages and hours change by actions, and the trail tells of each."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import Entry
from channels.actions import (
    ChannelDetails,
    add_channel,
    change_channel,
    declare_outage,
    detect_outage,
    end_outage,
    set_windows,
)
from channels.models import Channel, Outage, SendingWindow
from staff.roles import Role
from tests.factories import HOUR, NOW, ChannelFactory, DepartmentFactory, OutageFactory, UserFactory

pytestmark = pytest.mark.django_db

Cause = Outage.Cause
EVERY_DAY = [(day, 480, 1320) for day in range(7)]


@pytest.fixture
def it():
    return UserFactory(roles=["it"])


@pytest.fixture
def branding():
    return UserFactory(roles=["branding"])


def last_entry():
    return Entry.objects.order_by("id").last()


def test_an_outage_is_declared_with_its_reason_and_ended_once(it):
    outage = declare_outage(channel=ChannelFactory(), reason=" قطعی  مخابرات ", by=it, now=NOW)
    assert (outage.reason, outage.declared_by, outage.ended_at) == ("قطعی مخابرات", it, None)
    assert last_entry().action == "channel.outage_declared"
    assert last_entry().actor == it.username

    assert end_outage(outage=outage, by=it, now=NOW + HOUR)
    assert not end_outage(outage=outage, by=it, now=NOW + 2 * HOUR)
    outage.refresh_from_db()
    assert (outage.ended_at, outage.ended_by) == (NOW + HOUR, it)


@pytest.mark.parametrize("reason", ["", "  \u200c ", "x" * 301])
def test_an_outage_without_a_readable_reason_is_refused(it, reason):
    with pytest.raises(ValidationError) as caught:
        declare_outage(channel=ChannelFactory(), reason=reason, by=it, now=NOW)
    assert "reason" in caught.value.message_dict
    assert not Outage.objects.exists()


def test_a_second_declared_outage_is_refused_and_a_detected_one_beside_it_is_kept(it):
    channel = ChannelFactory()
    detected = detect_outage(channel=channel, cause=Cause.PROVIDER, code="http_500", now=NOW)
    declare_outage(channel=channel, reason="قطعی", by=it, now=NOW)
    with pytest.raises(ValidationError):
        declare_outage(channel=channel, reason="باز هم قطعی", by=it, now=NOW)
    again = detect_outage(channel=channel, cause=Cause.PROVIDER, code="http_502", now=NOW + HOUR)
    assert again == detected
    assert Outage.objects.open().count() == 2


def test_an_outage_of_a_channel_that_sends_nothing_is_refused(it):
    website = ChannelFactory(code="site", kind="website")
    with pytest.raises(ValidationError):
        declare_outage(channel=website, reason="قطعی", by=it, now=NOW)


@pytest.mark.parametrize("role", ["sender", "voc", "manager", "hr", "branding", "auditor"])
def test_only_some_roles_declare_and_end_outages(role, it):
    stranger = UserFactory(roles=[role])
    channel = ChannelFactory()
    with pytest.raises(PermissionDenied):
        declare_outage(channel=channel, reason="قطعی", by=stranger, now=NOW)
    outage = declare_outage(channel=channel, reason="قطعی", by=it, now=NOW)
    with pytest.raises(PermissionDenied):
        end_outage(outage=outage, by=stranger, now=NOW)


def test_a_superuser_gets_no_right_for_free():
    superuser = UserFactory(is_superuser=True)
    with pytest.raises(PermissionDenied):
        declare_outage(channel=ChannelFactory(), reason="قطعی", by=superuser, now=NOW)


def test_an_end_seen_by_a_slower_clock_is_not_before_the_start():
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.NETWORK, now=NOW)
    assert end_outage(outage=outage, by=None, now=NOW - timedelta(seconds=2))
    outage.refresh_from_db()
    assert outage.ended_at == NOW


def change(channel, intervals, by, *, purpose="promotional", reason="هفتهٔ نمایشگاه"):
    return set_windows(channel=channel, purpose=purpose, intervals=intervals, reason=reason, by=by, now=NOW)


@pytest.fixture
def senior():
    return UserFactory(roles=["senior"])


def test_windows_are_replaced_as_a_whole_and_for_their_purpose_only(senior):
    channel = ChannelFactory()
    change(channel, [(0, 0, 60)], senior, purpose="survey")
    assert change(channel, EVERY_DAY, senior)
    assert not change(channel, EVERY_DAY, senior)
    change(channel, [(4, 600, 700)], senior)

    stored = SendingWindow.objects.filter(channel=channel).values_list(
        "purpose", "weekday", "opens", "closes"
    )
    assert set(stored) == {("survey", 0, 0, 60), ("promotional", 4, 600, 700)}
    assert last_entry().data["after"] == ["4 10:00–11:40"]
    assert len(last_entry().data["before"]) == 7
    assert last_entry().data["reason"] == "هفتهٔ نمایشگاه"


@pytest.mark.parametrize(
    "intervals", [[(0, 480, 480)], [(7, 0, 60)], [(0, 0, 1441)], [(0, 480, 720), (0, 700, 800)]]
)
def test_wrong_windows_change_nothing(senior, intervals):
    channel = ChannelFactory()
    change(channel, EVERY_DAY, senior)
    with pytest.raises(ValidationError):
        change(channel, intervals, senior)
    assert SendingWindow.objects.filter(channel=channel).count() == 7


@pytest.mark.parametrize(
    ("code", "kind", "widest", "too_wide"),
    [
        ("sms", "sms", (480, 1320), [(479, 1320), (480, 1321), (0, 1440), (180, 240)]),
        ("avanak", "voice", (420, 1380), [(419, 1380), (420, 1381), (0, 1440), (180, 240)]),
    ],
)
@pytest.mark.parametrize("by_whom", ["senior", "the machine"])
def test_nobody_widens_the_procedures_hours(senior, by_whom, code, kind, widest, too_wide):
    channel, by = ChannelFactory(code=code, kind=kind), senior if by_whom == "senior" else None
    assert change(channel, [(day, *widest) for day in range(7)], by)
    for span in too_wide:
        with pytest.raises(ValidationError) as refusal:
            change(channel, [(day, *span) for day in range(7)], by)
        assert "C7.6" in refusal.value.messages[0]
    assert set(channel.windows.values_list("opens", "closes")) == {widest}
    # The clause binds promotional messages alone (reading 1).
    assert change(channel, [(0, 0, 1440)], by, purpose="survey")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SENIOR])
def test_only_senior_management_sets_windows(role):
    by = UserFactory(roles=[role.value])
    with pytest.raises(PermissionDenied):
        change(ChannelFactory(), [], by)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_change_of_hours_says_why(senior, reason):
    with pytest.raises(ValidationError) as refusal:
        change(ChannelFactory(), EVERY_DAY, senior, reason=reason)
    assert "reason" in refusal.value.message_dict
    assert not SendingWindow.objects.exists()


def test_a_changed_channel_says_what_changed(branding):
    channel = ChannelFactory()
    owner = DepartmentFactory()
    details = ChannelDetails(
        name=channel.name,
        name_en="SMS",
        address="",
        owner=owner,
        usage_rule=channel.usage_rule,
        usage_rule_en="",
        is_active=True,
    )
    assert change_channel(channel=channel, details=details, by=branding, now=NOW)
    assert last_entry().data == {"name_en": ["", "SMS"], "owner": [None, owner.code]}
    assert not change_channel(channel=channel, details=details, by=branding, now=NOW)


@pytest.mark.parametrize(("code", "kind"), [("telegram", "sms"), ("sms", "voice"), ("avanak", "sms")])
def test_a_channel_that_no_gateway_serves_is_none_to_send_by(code, kind):
    """It would be offered to senders, and what they send would wait for ever."""
    details = ChannelDetails(
        name="تلگرام", name_en="", address="", owner=None, usage_rule="-", usage_rule_en="", is_active=True
    )
    with pytest.raises(ValidationError) as caught:
        add_channel(
            code=code, kind=kind, clause="C7.1", details=details, by=UserFactory(roles=["admin"]), now=NOW
        )
    assert code in caught.value.messages[0]
    assert not Channel.objects.filter(code=code).exists()


def test_the_database_refuses_overlapping_windows():
    channel = ChannelFactory()
    SendingWindow.objects.create(channel=channel, purpose="promotional", weekday=0, opens=480, closes=720)
    with pytest.raises(IntegrityError), transaction.atomic():
        SendingWindow.objects.create(channel=channel, purpose="promotional", weekday=0, opens=700, closes=800)
    SendingWindow.objects.create(channel=channel, purpose="promotional", weekday=0, opens=720, closes=800)


def test_the_database_wants_a_person_behind_a_declared_outage():
    with pytest.raises(DatabaseError):
        Outage.objects.create(
            channel=ChannelFactory(), origin="declared", cause="declared", reason="x", started_at=NOW
        )


def test_a_detected_outage_keeps_its_cause_and_the_providers_word():
    outage = detect_outage(channel=ChannelFactory(), cause=Cause.CREDIT, code="CreditNotEnough", now=NOW)
    assert (outage.cause, outage.code, outage.reason) == ("credit", "CreditNotEnough", "")
    assert last_entry().data == {"why": "credit", "code": "CreditNotEnough"}


@pytest.mark.parametrize(("origin", "cause"), [("declared", "network"), ("detected", "declared")])
def test_the_database_refuses_a_cause_that_does_not_fit_the_origin(origin, cause):
    with pytest.raises(IntegrityError):
        OutageFactory(origin=origin, cause=cause, declared_by=UserFactory())


@pytest.mark.django_db(transaction=True)
def test_eight_workers_that_detect_one_outage_record_it_once():
    channel = ChannelFactory()
    found = []

    def detect():
        try:
            found.append(detect_outage(channel=channel, cause=Cause.NETWORK, now=NOW).pk)
        finally:
            connection.close()

    threads = [Thread(target=detect) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Entry.objects.filter(action="channel.outage_detected").count() == 1
