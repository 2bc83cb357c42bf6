"""The nightly comparison: what left past the portal, or outside the hours, is a breach; nothing else is."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from audit.models import Entry
from devtools.fake_gateway.provider import Fate
from gateways.provider_text import OurTexts, without_cancellation
from messaging.dispatch.clock import database_clock
from messaging.models import Breach, Comparison, Delivery, GatewayCall
from messaging.reconciliation.compare import compare_day, compare_due, days_due
from messaging.reconciliation.findings import TEXTS
from persian.jalali import numeric_date
from tests.factories import MessageFactory, mobile, open_every_day
from tests.guards import as_owner, unguarded
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people, states
from tests.messaging.reconciliation.shadows import (
    STRANGERS,
    at,
    by_the_panel,
    compare,
    happened,
    sent,
    yesterday,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hours(db: None, request: pytest.FixtureRequest, settings) -> None:
    settings.COMPARE_SINCE = date(2020, 1, 1)
    if "sms" in request.fixturenames:
        open_every_day(request.getfixturevalue("sms").channel)


def test_a_day_of_the_portals_own_messages_has_no_breach(sms: Dispatch):
    sent(sms, 25)
    happened(sms, at(12))
    comparison = compare(sms)
    assert (comparison.state, comparison.listed, comparison.shadow) == ("completed", 25, 0)
    assert (comparison.unsent, comparison.unreadable, comparison.error) == (0, 0, "")
    assert not Breach.objects.exists()
    entry = Entry.objects.get(action="sends.compared")
    assert (entry.data["listed"], entry.data["breaches"]) == (25, 0)


def test_what_the_panel_sent_is_a_breach_with_its_numbers_text_and_line(sms: Dispatch):
    sent(sms)
    answer = by_the_panel(sms, STRANGERS, "حراج آخر سال")
    happened(sms, at(12))
    comparison = compare(sms)
    assert (comparison.listed, comparison.shadow) == (6, 3)
    breach = Breach.objects.get()
    assert (breach.kind, breach.is_outside, breach.recipients) == ("shadow_send", False, 3)
    assert (breach.message, breach.sender, breach.sender_manager) == (None, None, None)
    assert (breach.text, breach.line, breach.numbers) == ("حراج آخر سال", "service", STRANGERS)
    ids = [str(row["MessageID"]) for row in answer["Data"]]
    assert (breach.first_id, breach.last_id) == (ids[0], ids[-1])
    assert (breach.day, breach.happened_at, breach.until) == (yesterday(), at(12), at(12))
    assert breach.comparison == comparison


def test_the_panel_at_night_is_marked_as_outside_the_hours_if_it_was_promotional(sms: Dispatch):
    by_the_panel(sms, STRANGERS)
    happened(sms, at(3))
    compare(sms)
    assert Breach.objects.get().is_outside


def test_the_same_text_as_the_portals_to_another_number_is_a_breach(sms: Dispatch):
    sent(sms, text="همان متن")
    by_the_panel(sms, STRANGERS[:1], "همان متن")
    happened(sms, at(12))
    compare(sms)
    breach = Breach.objects.get()
    assert (breach.recipients, breach.numbers) == (1, STRANGERS[:1])


def test_the_portals_text_sent_to_its_own_recipient_once_more_is_a_breach(sms: Dispatch):
    message = sent(sms, 1, text="همان متن")
    address = Delivery.objects.get(message=message).address
    by_the_panel(sms, [address], "همان متن")
    happened(sms, at(12))
    compare(sms)
    assert Breach.objects.get().numbers == [address]


@pytest.mark.parametrize("fault", ["5xx-after-accept", "no-data", "huge-id", "half-json"])
def test_a_portal_message_whose_answer_was_lost_is_no_breach(sms: Dispatch, fault: str):
    people(5)
    message = MessageFactory()
    sms.server.use(fault)
    sms.run()
    assert states(message) == {"unknown": 5}
    sms.server.use()
    happened(sms, at(12))
    assert (compare(sms).shadow, Breach.objects.count()) == (0, 0)


def test_a_recipient_who_was_sent_again_after_a_false_absence_is_no_breach(sms: Dispatch):
    people(1)
    message = MessageFactory()
    sms.server.use("5xx-after-acceptx1")
    sms.run()
    delivery = Delivery.objects.get(message=message)
    Delivery.objects.filter(pk=delivery.pk).update(state="queued", call_id=None, not_before=database_clock())
    GatewayCall.objects.update(outcome="settled")
    sms.server.use()
    sms.channel.outages.filter(ended_at__isnull=True).update(ended_at=database_clock())
    sms.run()
    assert len(sms.numbers) == 2
    happened(sms, at(12))
    comparison = compare(sms)
    assert (comparison.listed, comparison.shadow) == (2, 0)


def test_an_unknown_outcome_of_the_portal_does_not_cover_what_came_hours_later(sms: Dispatch):
    people(1)
    MessageFactory(text="همان متن")
    sms.server.use("5xx")
    sms.run()
    sms.server.use()
    by_the_panel(sms, [mobile(0)], "همان متن")
    happened(sms, at(18))
    with unguarded():
        GatewayCall.objects.update(intended_at=at(12))
    assert compare(sms).shadow == 1


@pytest.mark.parametrize(
    "theirs",
    [
        "تخفيف ويژه كتاب",
        "تخفیف ویژه کتاب\nلغو11",
        "تخفیف ویژه کتاب\nلغو ۱۱",
        "تخفیف  ویژه",
        "تخفیف ویژه کتاب!",
    ],
)
def test_letters_and_endings_that_the_provider_changed_are_the_same_text(theirs: str):
    ours = without_cancellation("تخفیف ویژه کتاب")
    texts = OurTexts([ours, without_cancellation("متن دیگر")])
    assert texts.meant_by(without_cancellation(theirs)) == ours


@pytest.mark.parametrize("theirs", ["", "تخفیف عادی", "دیگر", "متن"[:0]])
def test_another_text_is_another_text(theirs: str):
    assert OurTexts([without_cancellation("تخفیف ویژه")]).meant_by(theirs) == theirs


def test_arabic_letters_of_the_provider_hide_no_message_of_the_portal(sms: Dispatch):
    people(2)
    message = MessageFactory(text="کیف چرمی")
    sms.server.use("no-data")
    sms.run()
    sms.server.use()
    for campaign in sms.server.gateway.ledgers["sms"].campaigns:
        campaign.text = "كيف چرمي\nلغو11"
    happened(sms, at(12))
    assert states(message) == {"unknown": 2}
    assert compare(sms).shadow == 0


def test_a_promotional_message_that_the_provider_sent_too_late_is_put_down_to_its_delay(sms: Dispatch):
    message = sent(sms, promotional=True)
    happened(sms, at(21, 58))
    for campaign in sms.server.gateway.ledgers["sms"].campaigns:
        campaign.delay = 42 * 60
    comparison = compare(sms)
    assert (comparison.sent_late, comparison.outside_hours, comparison.shadow) == (3, 0, 0)
    breach = Breach.objects.get()
    assert (breach.kind, breach.message) == ("sent_late_by_provider", message)
    assert (breach.sender, breach.sender_manager) == (message.sender, message.sender_manager)
    assert (breach.accepted_at, breach.happened_at) == (at(21, 58), at(22, 40))


def test_a_promotional_message_taken_outside_the_hours_is_a_breach_of_its_sender(sms: Dispatch):
    message = sent(sms, promotional=True)
    happened(sms, at(23))
    comparison = compare(sms)
    assert (comparison.outside_hours, comparison.sent_late) == (3, 0)
    breach = Breach.objects.get()
    assert (breach.kind, breach.sender_manager) == ("outside_hours", message.sender_manager)


def test_a_minute_past_the_close_is_forgiven_and_two_are_not(sms: Dispatch):
    sent(sms, promotional=True)
    happened(sms, at(22, 0) + timedelta(seconds=59))
    assert compare(sms).outside_hours == 0
    happened(sms, at(22, 1))
    assert compare(sms).outside_hours == 3


def test_notifications_go_at_any_hour(sms: Dispatch):
    sent(sms)
    happened(sms, at(3))
    assert compare(sms).outside_hours == 0
    assert not Breach.objects.exists()


def test_comparing_twice_adds_nothing_and_what_is_found_later_is_added_by_itself(sms: Dispatch):
    by_the_panel(sms, STRANGERS[:2])
    happened(sms, at(12))
    compare(sms)
    compare(sms)
    assert Breach.objects.count() == 1
    by_the_panel(sms, STRANGERS[2:])
    happened(sms, at(13), 1)
    compare(sms)
    rows = list(Breach.objects.order_by("part").values_list("part", "recipients", "numbers"))
    assert rows == [(1, 2, STRANGERS[:2]), (2, 1, STRANGERS[2:])]
    assert Comparison.objects.filter(state="completed").count() == 3


def test_texts_of_their_own_for_everybody_stand_together_beyond_a_few_hundred(sms: Dispatch):
    for n in range(TEXTS + 30):
        sms.server.gateway.ledgers["sms"].accept(
            [f"912{n:07}"], f"آقای شمارهٔ {n}", call=1, line="service", at=at(12).timestamp() + n
        )
    compare(sms)
    assert Breach.objects.count() == TEXTS + 1
    rest = Breach.objects.get(digest="")
    assert (rest.recipients, rest.text, len(rest.numbers)) == (30, "", 10)
    compare(sms)
    assert Breach.objects.count() == TEXTS + 1


def test_a_provider_that_falls_silent_in_the_middle_leaves_nothing_half(sms: Dispatch, settings):
    by_the_panel(sms, STRANGERS)
    happened(sms, at(1))

    def silence_after_a_hundred() -> None:
        while len(sms.server.received) < 100:
            time.sleep(0.002)
        sms.server.use("5xx")

    falling = threading.Thread(target=silence_after_a_hundred)
    falling.start()
    comparison = compare_day(sms.channel, sms.client(), yesterday(), by=None, clock=database_clock)
    falling.join(10)
    assert comparison is not None
    assert (comparison.state, comparison.error) == ("failed", "http_503")
    assert 100 <= len(sms.server.received) < 280
    assert Breach.objects.count() == 0
    assert Entry.objects.get(action="sends.not_compared").data["code"] == "http_503"
    assert yesterday() in days_due(sms.channel, timezone.now())
    sms.server.use()
    [*_earlier, last] = compare_due(sms.channel, sms.client(), clock=database_clock)
    assert (last.day, last.state, last.shadow) == (yesterday(), "completed", 3)


def test_the_last_week_is_caught_up_once_and_a_failing_provider_is_asked_for_one_day(sms: Dispatch):
    sms.server.use("account:Token_Expired")
    assert [c.error for c in compare_due(sms.channel, sms.client(), clock=database_clock)] == [
        "Token_Expired"
    ]
    sms.server.use()
    assert len(compare_due(sms.channel, sms.client(), clock=database_clock)) == 7
    assert compare_due(sms.channel, sms.client(), clock=database_clock) == []


def test_a_day_with_messages_that_the_provider_holds_back_is_looked_at_again_the_next_night(sms: Dispatch):
    by_the_panel(sms, STRANGERS)
    happened(sms, at(12))
    sms.server.gateway.sms.fate = Fate(seconds=10**7)
    assert compare(sms).unsent == 3
    now = database_clock()
    assert yesterday() not in days_due(sms.channel, now)
    assert yesterday() in days_due(sms.channel, now + timedelta(hours=24))


def test_a_try_that_died_is_told_as_interrupted(sms: Dispatch):
    dead = Comparison.objects.create(channel=sms.channel, day=yesterday(), started_at=database_clock())
    assert compare(sms).state == "completed"
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "interrupted")


def test_a_day_that_is_not_over_and_a_provider_without_a_list_are_not_compared(sms: Dispatch, avanak):
    with pytest.raises(ValidationError):
        compare(sms, yesterday() + timedelta(days=1))
    with pytest.raises(ValidationError):
        compare(avanak)
    assert compare_due(avanak.channel, avanak.client(), clock=database_clock) == []


def test_the_database_refuses_to_change_or_to_forget_a_breach(sms: Dispatch):
    by_the_panel(sms, STRANGERS)
    happened(sms, at(12))
    compare(sms)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for forbidden in (
        "UPDATE messaging_breach SET recipients = 1",
        "DELETE FROM messaging_breach",
        "TRUNCATE messaging_breach",
    ):
        with pytest.raises(ProgrammingError), as_owner(), connection.cursor() as cursor:
            cursor.execute(forbidden)
    breach = Breach.objects.get()
    breach.pk, breach.part, breach.kind = None, 2, "outside_hours"
    with pytest.raises(IntegrityError), transaction.atomic():
        breach.save(force_insert=True)


def fill(sms: Dispatch, count: int, day: date) -> None:
    """The panel's messages of a day, spread over it, a thousand every ten minutes."""
    for block in range(count // 1000):
        numbers = [f"912{block * 1000 + n:07}" for n in range(1000)]
        sms.server.gateway.ledgers["sms"].accept(
            numbers, "حراج", call=1, line="service", at=at(9, day=day).timestamp() + block * 600
        )


def memory_at_most() -> int:
    """Most kilobytes that this process has held since it was asked last."""
    found = re.search(r"VmHWM:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    Path("/proc/self/clear_refs").write_text("5")
    assert found is not None
    return int(found[1])


def test_fifty_thousand_rows_are_compared_in_the_memory_of_a_few(sms: Dispatch):
    day = yesterday()
    day_before = day - timedelta(days=1)
    fill(sms, 5_000, day_before)
    fill(sms, 50_000, day)
    memory_at_most()
    compare(sms, day_before)
    few = memory_at_most()
    comparison = compare(sms, day)
    many = memory_at_most()
    assert (comparison.listed, comparison.shadow) == (50_000, 50_000)
    assert sum(Breach.objects.filter(day=day).values_list("recipients", flat=True)) == 50_000
    assert many - few < 4 * 1024, f"{few} kB for 5,000 rows, {many} kB for 50,000"


def test_a_slice_that_is_too_long_is_asked_for_in_halves(sms: Dispatch):
    ledger = sms.server.gateway.ledgers["sms"]
    for second in range(100):
        ledger.accept(
            [f"912{second * 100 + n:07}" for n in range(100)],
            "حراج",
            call=1,
            line="service",
            at=at(9).timestamp() + second,
        )
    assert compare(sms, slice_limit=200_000).listed == 10_000
    assert len(sms.server.received) > 300


def test_rows_that_name_nobody_are_counted_and_hide_nothing(sms: Dispatch):
    by_the_panel(sms, STRANGERS)
    happened(sms, at(12, 2))
    for campaign in sms.server.gateway.ledgers["sms"].campaigns:
        campaign.first_id = 2**63 - 2
    comparison = compare(sms)
    assert (comparison.state, comparison.shadow, comparison.unreadable) == ("completed", 2, 1)


def test_the_command_compares_a_day_and_tells_it(sms: Dispatch, settings, capsys):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    by_the_panel(sms, STRANGERS)
    happened(sms, at(12))
    call_command("compare_sends", "--day", numeric_date(yesterday(), "fa"), "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["shadow"], told["new_breaches"]) == ("completed", 3, 1)
    call_command("compare_sends")
    assert "3 past the portal" in capsys.readouterr().out
    sms.server.use("account:Token_Expired")
    with pytest.raises(CommandError, match="Token_Expired"):
        call_command("compare_sends")
    with pytest.raises(CommandError, match="no date"):
        call_command("compare_sends", "--day", "soon")
