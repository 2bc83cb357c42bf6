"""Customers' messages: the provider gives each once, and none is lost for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from gateways.amootsms.inbound import read_inbound
from messaging.dispatch.clock import database_clock
from messaging.feedback import inbound
from messaging.feedback.inbound import OVERLAP, TEXT_LIMIT, fetch_inbound, store, whole
from messaging.models import InboundCursor, InboundMessage, UnreadableInbound
from messaging.operations.figures import unreadable_inbound
from tests.factories import ChannelFactory, ContactFactory
from tests.gateways.conftest import make_gateway
from tests.gateways.strangers import canned_server
from tests.messaging.dispatching import Dispatch
from tests.messaging.feedback.reporting import canned, fetch
from tests.messaging.helpers import in_threads
from tests.messaging.pages import colleague, signed_in
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

ROW = {
    "ReceiveMessageID": 5,
    "Mobile": 9121234567,
    "LineNumber": "30001234",
    "SMSMessageText": "۱۱",
    "RecieveDateTime": "2026-11-23 12:00:00",
}


def write(dispatch: Dispatch, text: str, mobile: str = "09121234567") -> None:
    dispatch.server.steer("inbound", {"mobile": mobile, "text": text})


def it_is_time(*names: str) -> None:
    InboundCursor.objects.update(**{name: database_clock() for name in names or ("due_at", "compare_due_at")})


def texts() -> list[str]:
    return list(InboundMessage.objects.order_by("pk").values_list("text", flat=True))


class TestFetching:
    def test_what_came_in_is_stored_as_it_is(self, sms: Dispatch):
        write(sms, "سلام، ۱۱")
        assert fetch(sms) == 1
        row = InboundMessage.objects.get()
        assert (row.text, row.number, row.mobile) == ("سلام، ۱۱", "+989121234567", "09121234567")
        assert (row.line, row.truncated) == ("30001234", False)
        assert row.received_at is not None
        assert abs(row.stored_at - row.received_at) < timedelta(seconds=5)
        assert json.loads(row.raw)["SMSMessageText"] == "سلام، ۱۱"

    def test_hundreds_are_fetched_in_one_turn(self, sms: Dispatch):
        for n in range(250):
            sms.server.gateway.sms.receive("09121234567", f"{n}", "30001234", 1_700_000_000 + n)
        assert fetch(sms) == 250

    def test_it_is_asked_for_no_more_often_than_every_ten_seconds(self, sms: Dispatch):
        fetch(sms)
        before = len(sms.server.received)
        write(sms, "سلام")
        assert fetch(sms) == 0
        assert len(sms.server.received) == before
        it_is_time("due_at")
        assert fetch(sms) == 1

    @pytest.mark.django_db(transaction=True)
    def test_several_workers_store_each_message_once(self, sms: Dispatch):
        fetch(sms)
        for n in range(20):
            write(sms, f"{n}")
        it_is_time()
        clients = [sms.client() for _n in range(4)]
        in_threads([lambda c=c: fetch_inbound(sms.channel, c, clock=database_clock) for c in clients])  # type: ignore[misc]
        assert sorted(texts(), key=int) == [str(n) for n in range(20)]

    def test_a_provider_that_does_not_answer_is_asked_again_in_a_minute(self, sms: Dispatch):
        write(sms, "سلام")
        sms.server.use("5xx")
        assert fetch(sms) == 0
        sms.server.use()
        assert fetch(sms) == 0
        assert InboundCursor.objects.get().due_at > database_clock() + timedelta(seconds=50)
        it_is_time()
        assert fetch(sms) == 1

    def test_new_ones_that_cannot_be_had_do_not_keep_the_list_from_being_read(self, sms: Dispatch):
        """A message that the provider gave away in an answer that was lost comes by the list alone."""
        write(sms, "سلام")
        fetch(sms)
        write(sms, "دوباره")
        sms.server.gateway.sms.inbox.fresh.clear()
        it_is_time()
        sms.server.use("5xxx1")
        assert fetch(sms) == 1
        cursor = InboundCursor.objects.get()
        assert cursor.due_at > database_clock() + timedelta(seconds=50)

    def test_voice_has_no_inbound(self, connect):
        avanak = connect("avanak")
        assert fetch(avanak) == 0
        assert avanak.server.received == []


class TestNoneIsLost:
    def test_what_was_given_away_and_not_stored_comes_by_the_list(self, sms: Dispatch):
        write(sms, "سلام")
        sms.server.gateway.sms.inbox.take(100)  # the answer that somebody died with
        assert fetch(sms) == 1
        assert texts() == ["سلام"]

    @pytest.mark.django_db(transaction=True)
    def test_a_worker_killed_with_the_answer_in_its_hands_loses_none(self, sms: Dispatch):
        from tests.processes import database_url

        InboundCursor.objects.create(
            channel=sms.channel,
            due_at=database_clock(),
            compare_due_at=database_clock() + timedelta(hours=1),
            compared_until=database_clock(),
        )
        write(sms, "سلام")
        died = subprocess.run(
            [sys.executable, "-c", _ONE_TURN],
            cwd=ROOT,
            env={
                **os.environ,
                "DEVELOPMENT": "1",
                "DATABASE_URL": database_url(),
                "DJANGO_SETTINGS_MODULE": "amoot_comms.settings",
                "AMOOTSMS_BASE_URL": f"{sms.server.url}/rest",
                "CRASH_AT": "inbound.fetched",
            },
            timeout=60,
        )
        assert died.returncode == -9
        assert texts() == []
        assert sms.server.gateway.sms.inbox.fresh == []
        it_is_time()
        fetch(sms)
        assert texts() == ["سلام"]

    def test_the_list_is_compared_back_to_the_last_comparison(self, sms: Dispatch):
        fetch(sms)
        InboundCursor.objects.update(compared_until=database_clock() - timedelta(days=3))
        long_ago = (database_clock() - timedelta(days=2)).timestamp()
        sms.server.gateway.sms.receive("09121234567", "دیروز", "30001234", long_ago)
        sms.server.gateway.sms.inbox.take(100)
        for _turn in range(4):
            it_is_time("compare_due_at")
            fetch(sms)
        assert texts() == ["دیروز"]
        cursor = InboundCursor.objects.get()
        assert database_clock() - cursor.compared_until < timedelta(seconds=10)
        assert cursor.compare_due_at > database_clock() + timedelta(minutes=9)

    def test_given_out_twice_it_is_one_message(self, sms: Dispatch):
        write(sms, "سلام")
        fetch(sms)
        sms.server.gateway.sms.inbox.fresh += sms.server.gateway.sms.inbox.messages
        it_is_time()
        assert fetch(sms) == 0
        assert texts() == ["سلام"]

    def test_the_two_spellings_are_one_message(self):
        channel = ChannelFactory()
        other = {
            "MessageID": "5",
            "Mobile": "09121234567",
            "LineNumber": 30001234,
            "MessageText": "۱۱",
            "ReceiveDateTime": "2026-11-23T12:00:00",
        }
        now = database_clock()
        assert store(channel, [read_inbound(ROW)], now=now) == 1
        assert store(channel, [read_inbound(other)], now=now) == 0
        assert read_inbound(other).text == read_inbound(ROW).text
        assert read_inbound(other).received_at == read_inbound(ROW).received_at

    def test_without_an_id_the_content_tells_messages_apart(self):
        channel, now = ChannelFactory(), database_clock()
        row = {**ROW, "ReceiveMessageID": 2**63}
        assert store(channel, [read_inbound(row), read_inbound(row)], now=now) == 1
        assert store(channel, [read_inbound({**row, "SMSMessageText": "12"})], now=now) == 1
        assert InboundMessage.objects.filter(provider_id="").count() == 2

    def test_a_stored_message_cannot_be_deleted(self):
        store(ChannelFactory(), [read_inbound(ROW)], now=database_clock())
        with pytest.raises(DatabaseError), transaction.atomic():
            InboundMessage.objects.all().delete()


class TestBadInput:
    @pytest.mark.parametrize(
        "row",
        [
            None,
            [],
            "x",
            {},
            {"ReceiveMessageID": None, "Mobile": True, "SMSMessageText": {"a": 1}, "RecieveDateTime": 7},
            {**ROW, "SMSMessageText": "a\x00b\ud83d", "Mobile": "\x00" * 90, "LineNumber": "\ud800" * 90},
            {**ROW, "RecieveDateTime": "0001-01-01T00:00:00"},
            {**ROW, "RecieveDateTime": "2026-02-31 25:61:00"},
            {**ROW, "Mobile": 10**25},
        ],
    )
    def test_whatever_a_row_is_it_is_kept(self, row):
        channel = ChannelFactory()
        assert store(channel, [read_inbound(row), read_inbound(ROW)], now=database_clock()) >= 1
        kept = InboundMessage.objects.order_by("pk").first()
        assert kept is not None
        assert json.loads(kept.raw) == json.loads(json.dumps(row))

    def test_nul_and_half_a_character_survive_in_the_row_and_are_marked_in_the_text(self):
        store(
            ChannelFactory(), [read_inbound({**ROW, "SMSMessageText": "a\x00b\ud83d"})], now=database_clock()
        )
        kept = InboundMessage.objects.get()
        assert kept.text == "a\ufffdb\ufffd"
        assert json.loads(kept.raw)["SMSMessageText"] == "a\x00b\ud83d"

    def test_ten_megabytes_are_kept_in_their_beginning(self, sms: Dispatch):
        write(sms, "س" * (5 * 1024 * 1024))
        write(sms, "کوتاه")
        assert fetch(sms) == 2
        long = InboundMessage.objects.order_by("pk").first()
        assert long is not None
        assert long.truncated
        assert 0 <= TEXT_LIMIT - len(long.text.encode()) < 2
        assert len(long.raw) <= 64 * 1024

    def test_more_than_can_be_read_at_once_neither_stops_nor_repeats(self, sms: Dispatch):
        at = database_clock().timestamp() - 600
        receive = sms.server.gateway.sms.receive
        for n in range(5):
            receive("09121234567", f"{n}" + "x" * (10 * 1024 * 1024), "30001234", at + 20 * n)
        sms.server.gateway.sms.inbox.take(100)
        assert fetch(sms) == 5
        assert InboundMessage.objects.filter(truncated=True).count() == 5

    @pytest.mark.parametrize("broken", [[4990], [4990, 4988], range(4985, 4991)])
    def test_a_text_that_the_provider_writes_wrongly_hides_no_other(self, sms: Dispatch, broken):
        """Seconds of the list cannot be read; every second beside them, before and behind, is."""
        now = int(database_clock().timestamp())
        ages = {9000, 60, 5, *range(4980, 5000)} - set(broken)
        for age in sorted(ages | set(broken), reverse=True):
            text = "broken" if age in broken else f"{age}"
            sms.server.gateway.sms.receive("09121234567", text, "30001234", now - age)
        sms.server.gateway.sms.inbox.take(100)
        sms.server.use("unquoted:broken")
        fetch(sms)
        assert {int(text) for text in texts()} == ages
        assert database_clock() - InboundCursor.objects.get().compared_until < timedelta(seconds=10)
        kept = UnreadableInbound.objects.order_by("since")
        assert {now - int(part.since.timestamp()) for part in kept} == set(broken)
        assert all(part.since == part.until and part.code == "not_json" for part in kept)

    def test_what_cannot_be_read_is_kept_masked_and_told_once(self, sms: Dispatch, caplog):
        now = int(database_clock().timestamp())
        sms.server.gateway.sms.receive("09121234567", "broken", "30001234", now - 600)
        sms.server.gateway.sms.inbox.take(100)
        sms.server.use("unquoted:broken")
        for _turn in range(2):
            fetch(sms)
            it_is_time("compare_due_at")
        [kept] = UnreadableInbound.objects.all()
        assert "0912*****67" in kept.raw
        assert "9121234567" not in kept.raw
        assert caplog.text.count("a part of the received messages cannot be read") == 1
        assert unreadable_inbound(database_clock()) == {"sms": 1}
        assert unreadable_inbound(database_clock() + timedelta(days=8)) == {}

    def test_a_second_is_asked_about_again_before_it_is_passed_by(self, sms: Dispatch):
        """The provider stumbles at the question, and has an answer to the next ones."""
        at = whole(database_clock())
        InboundCursor.objects.create(
            channel=sms.channel,
            due_at=at + timedelta(hours=1),
            compare_due_at=at,
            compared_until=at + OVERLAP,
        )
        sms.server.gateway.sms.receive("09121234567", "سلام", "30001234", at.timestamp())
        sms.server.use("5xxx1")
        assert fetch_inbound(sms.channel, sms.client(), clock=lambda: at) == 1
        assert texts() == ["سلام"]
        assert not UnreadableInbound.objects.exists()

    def test_what_takes_longer_than_a_turn_goes_on_in_the_next(self, sms: Dispatch, monkeypatch):
        """As many texts as it may be: all that is behind them comes in in the end."""
        monkeypatch.setattr(inbound, "ASKING_TURN", 0.05)
        now = int(database_clock().timestamp())
        for n in range(6):
            sms.server.gateway.sms.receive("09121234567", "broken", "30001234", now - 9000 + 60 * n)
            sms.server.gateway.sms.receive("09121234567", f"{n}", "30001234", now - 9000 + 60 * n + 30)
        sms.server.gateway.sms.inbox.take(100)
        sms.server.gateway.sms.inbox.take(100)
        sms.server.use("unquoted:broken")
        turns, until = 0, time.monotonic() + 120
        while len(texts()) < 6 and time.monotonic() < until:
            it_is_time("compare_due_at")
            fetch(sms)
            turns += 1
        assert sorted(map(int, texts())) == list(range(6))
        assert turns > 2

    def test_a_provider_that_can_list_nothing_any_more_is_not_well(self, sms: Dispatch):
        """It answers where nothing came in, and fails at whatever it has to list: no second is passed by."""
        write(sms, "broken 1")
        assert fetch(sms) == 1
        reached = InboundCursor.objects.get().compared_until
        now = int(database_clock().timestamp())
        sms.server.gateway.sms.receive("09121234567", "broken 2", "30001234", now - 600)
        sms.server.gateway.sms.inbox.take(100)
        sms.server.use("unquoted:broken")
        it_is_time("compare_due_at")
        fetch(sms)
        assert InboundCursor.objects.get().compared_until == reached
        assert not UnreadableInbound.objects.exists()
        sms.server.use()
        it_is_time("compare_due_at")
        assert fetch(sms) == 1
        assert sorted(texts()) == ["broken 1", "broken 2"]

    @pytest.mark.parametrize("failure", ["html", "5xx", "provider"])
    def test_a_provider_that_is_not_well_is_asked_again_for_the_same_time(self, sms: Dispatch, failure):
        fetch(sms)
        reached = InboundCursor.objects.get().compared_until
        sms.server.use(failure)
        asked = len(sms.server.received)
        it_is_time("compare_due_at")
        fetch(sms)
        assert InboundCursor.objects.get().compared_until == reached
        assert len(sms.server.received) - asked == 2, "the period, and another one"
        assert not UnreadableInbound.objects.exists()
        receive = sms.server.gateway.sms.receive
        receive("09121234567", "kept", "30001234", reached.timestamp())
        sms.server.gateway.sms.inbox.take(100)
        sms.server.use()
        it_is_time("compare_due_at")
        fetch(sms)
        assert texts() == ["kept"]

    @pytest.mark.parametrize(
        "body",
        [
            [ROW],
            {"Data": [ROW]},
            {"Data": ROW, "Status": "Success"},
            {"Status": "OK", "Data": [ROW]},
            json.dumps([ROW, {"SMSMessageText": "a b"}]).replace("a b", "a\tb").encode(),
            b'[%s, {"Mobile": %s}]' % (json.dumps(ROW).encode(), b"9" * 4301),
        ],
    )
    def test_messages_are_taken_from_an_answer_of_any_form(self, sms: Dispatch, body):
        """They are given once, and the form of the answer is documented nowhere."""
        fetch(sms)
        it_is_time("due_at")
        with canned_server(canned(body)) as port:
            client = sms.client()
            client.gateway = make_gateway("sms", f"http://127.0.0.1:{port}")
            assert fetch_inbound(sms.channel, client, clock=database_clock) >= 1
        assert "۱۱" in texts()

    @pytest.mark.parametrize("body", [{"Status": "Success", "Data": None}, b"<html>", b"", {"Status": 500}])
    def test_an_answer_that_is_none_is_an_error_and_no_crash(self, sms: Dispatch, body):
        with canned_server(canned(body)) as port:
            client = sms.client()
            client.gateway = make_gateway("sms", f"http://127.0.0.1:{port}")
            assert fetch_inbound(sms.channel, client, clock=database_clock) == 0
        assert texts() == []


class TestThePage:
    def page(self, *roles: str) -> str:
        user = colleague(*roles).user
        assert user is not None
        return signed_in(user).get(reverse("messaging:inbound")).content.decode()

    def test_it_says_what_it_is_while_it_is_empty(self):
        assert "هنوز پیامی دریافت نشده" in self.page("voc")

    def test_it_shows_who_wrote_what_and_leads_to_the_customer(self):
        contact = ContactFactory(mobile="+989121234567", name="زهرا کریمی")
        store(ChannelFactory(), [read_inbound(ROW)], now=database_clock())
        page = self.page("voc")
        assert reverse("contacts:card", args=[contact.pk]) in page
        assert "زهرا کریمی" in page
        assert "۱۱" in page
        assert "۲ آذر ۱۴۰۵" in page

    def test_a_landline_leads_to_the_one_customer_who_has_it_and_to_none_of_several(self):
        first = ContactFactory(mobile="+989121234567", phone="+982188001122")
        channel = ChannelFactory()
        store(channel, [read_inbound({**ROW, "Mobile": "02188001122"})], now=database_clock())
        assert reverse("contacts:card", args=[first.pk]) in self.page("voc")
        ContactFactory(mobile="+989121234568", phone="+982188001122")
        assert reverse("contacts:card", args=[first.pk]) not in self.page("voc")

    def test_a_stranger_and_somebody_without_a_number_are_shown_too(self):
        rows = [{**ROW, "Mobile": "<b>BANK</b>"}, {**ROW, "ReceiveMessageID": 6, "Mobile": 9350000000}]
        store(ChannelFactory(), [read_inbound(row) for row in rows], now=database_clock())
        page = self.page("auditor")
        assert "&lt;b&gt;BANK" in page
        assert "0935" in page or "۰۹۳۵" in page

    def test_it_is_paged_by_key(self):
        channel = ChannelFactory()
        rows = [{**ROW, "ReceiveMessageID": n, "SMSMessageText": f"text-{n:03}."} for n in range(1, 61)]
        store(channel, [read_inbound(row) for row in rows], now=database_clock())
        user = colleague("voc").user
        assert user is not None
        client = signed_in(user)
        first = client.get(reverse("messaging:inbound"))
        assert "text-060." in first.content.decode()
        assert "text-010." not in first.content.decode()
        second = client.get(reverse("messaging:inbound") + first.context["page"].next)
        assert "text-010." in second.content.decode()


_ONE_TURN = """
import django
django.setup()
from channels.models import Channel
from messaging.dispatch.clock import database_clock
from messaging.dispatch.client import GatewayClient
from gateways.registry import gateway_for
from messaging.feedback.inbound import fetch_inbound
fetch_inbound(Channel.objects.get(code="sms"), GatewayClient(gateway_for("sms")), clock=database_clock)
"""
