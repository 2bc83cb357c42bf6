"""The fake gateway itself: its log, its faults' options, its memory, its command."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from devtools.fake_gateway.faults import KINDS, FaultError, Faults, parse_fault
from devtools.fake_gateway.provider import Fate
from gateways.reading import provider_time
from tests.gateways.conftest import TEXT, TOKEN
from tests.gateways.running import Running, fetch, running_gateway


def ask(server: Running, path: str, **fields: Any) -> Any:
    return fetch(f"{server.url}{path}", urllib.parse.urlencode(fields).encode(), {"Authorization": TOKEN})


def send(server: Running, mobiles: str = "09121111111,09122222222") -> Any:
    return ask(
        server,
        "/rest/SendSimple",
        SendDateTime=provider_time(datetime.now(UTC)),
        SMSMessageText=TEXT,
        LineNumber="public",
        Mobiles=mobiles,
    )


class TestLog:
    def test_each_request_and_each_accepted_recipient_is_a_line(self, server):
        answer = send(server)
        received, *accepted = server.log
        assert (received["event"], received["provider"], received["method"]) == (
            "received",
            "sms",
            "SendSimple",
        )
        assert received["params"]["Mobiles"] == "09121111111,09122222222"
        assert received["fault"] == []
        assert [entry["number"] for entry in accepted] == ["+989121111111", "+989122222222"]
        for entry, row in zip(accepted, answer["Data"], strict=True):
            assert (entry["id"], entry["campaign"]) == (row["MessageID"], answer["CampaignID"])
            assert (entry["text"], entry["call"], entry["window_end"]) == (TEXT, received["call"], None)
            assert abs(datetime.fromisoformat(entry["at"]) - datetime.now(UTC)) < timedelta(seconds=10)

    def test_the_token_is_never_logged(self, server):
        ask(server, "/rest/AccountStatus", Token=TOKEN)
        assert TOKEN not in server.gateway.options.log.read_text()

    def test_the_faults_of_a_call_are_named(self, server):
        server.use("partial:0.5", "latency:0.01x1")
        send(server)
        assert server.received[0]["fault"] == ["partial:0.5", "latency:0.01x0"]

    def test_what_was_accepted_is_known_after_a_restart(self, tmp_path):
        log = tmp_path / "gateway.jsonl"
        with running_gateway(log) as first:
            sent = send(first)
            audio = ask(first, "/Rest/GenerateTTS", Text=TEXT, Title="t", Speaker="male")["Id"]
        with log.open("ab") as file:
            file.write(b'{"at":"half a li')
        with running_gateway(log) as second:
            rows = ask(second, "/rest/GetDeliveriesByCampaignID", CampaignID=sent["CampaignID"])["Data"]
            assert [row["MessageID"] for row in rows] == [row["MessageID"] for row in sent["Data"]]
            assert ask(second, "/Rest/GetMessage", MessageID=audio)["Details"]["Title"] == "t"
            again = send(second)
            assert again["CampaignID"] > sent["CampaignID"]
            assert again["Data"][0]["MessageID"] > sent["Data"][-1]["MessageID"]
        assert len([line for line in log.read_text().splitlines() if '"accepted"' in line]) == 4


class TestFaultOptions:
    @pytest.mark.parametrize(
        ("option", "name", "value", "probability", "left", "provider"),
        [
            ("5xx", "5xx", "503", 1, None, ""),
            ("5xxx3", "5xx", "503", 1, 3, ""),
            ("5xx:502@0.5x2", "5xx", "502", 0.5, 2, ""),
            ("hang-after-accept@0.05", "hang-after-accept", "600", 0.05, None, ""),
            ("account:CreditNotEnoughx10", "account", "CreditNotEnough", 1, 10, ""),
            ("provider:-300", "provider", "-300", 1, None, ""),
            ("provider", "provider", "-300", 1, None, ""),
            ("latency:0.5", "latency", "0.5", 1, None, ""),
            ("avanak.latency:2", "latency", "2", 1, None, "avanak"),
            ("partial:0.3x1", "partial", "0.3", 1, 1, ""),
        ],
    )
    def test_the_syntax(self, option, name, value, probability, left, provider):
        fault = parse_fault(option)
        assert (fault.name, fault.value, fault.probability, fault.left, fault.provider) == (
            name,
            value,
            probability,
            left,
            provider,
        )
        assert parse_fault(str(fault)) == fault

    @pytest.mark.parametrize(
        "option",
        [
            "",
            "bogus",
            "latency",
            "latency:x",
            "partial:2",
            "partial",
            "reset:5",
            "5xx:404",
            "hang@0",
            "hang@2",
            "account",
            "account:Nonsense",
            "provider:7",
            "fax.hang",
            "hang@x",
            "reset x3",
        ],
    )
    def test_a_wrong_option_is_named(self, option):
        with pytest.raises(FaultError, match=re.escape(option) or "no fault"):
            parse_fault(option)

    def test_an_unknown_one_lists_all_there_are(self):
        with pytest.raises(FaultError) as error:
            parse_fault("bogus")
        assert all(name in str(error.value) for name in KINDS)

    def test_the_same_seed_chooses_the_same_calls(self):
        def chosen(seed: int) -> list[bool]:
            faults = Faults(["hang@0.3"], seed=seed)
            return [bool(faults.pick("sms", sending=True, params={})) for _ in range(50)]

        assert chosen(7) == chosen(7)
        assert chosen(7) != chosen(8)
        assert 5 < sum(chosen(7)) < 30

    def test_a_count_runs_out(self, server):
        server.use("account:CreditNotEnoughx2")
        assert [send(server)["Status"] for _ in range(3)] == ["CreditNotEnough", "CreditNotEnough", "Success"]

    def test_a_fault_of_one_provider_leaves_the_other_alone(self, server):
        server.use("avanak.5xx")
        assert send(server)["Status"] == "Success"
        with pytest.raises(HTTPError):
            ask(server, "/Rest/AccountStatus")


class TestAmootSms:
    def test_paths_are_told_apart_by_case(self, server):
        assert "Mobile" not in ask(server, "/rest/AccountStatus")
        assert "Mobile" in ask(server, "/Rest/AccountStatus")
        with pytest.raises(HTTPError):
            ask(server, "/REST/AccountStatus")

    def test_inbound_messages_are_handed_out_once(self, server):
        for text in ("یک", "دو", "سه"):
            server.steer("inbound", {"mobile": "0912 111 1111", "text": text, "line": "3000"})
        first = ask(server, "/rest/RecieveNewMessages", Count=2)["Data"]
        second = ask(server, "/rest/RecieveNewMessages", Count=5)["Data"]
        assert [row["SMSMessageText"] for row in first + second] == ["یک", "دو", "سه"]
        assert ask(server, "/rest/RecieveNewMessages", Count=5)["Data"] == []
        now = datetime.now(UTC)
        again = ask(
            server,
            "/rest/RecieveMessages",
            FromDateTime=provider_time(now - timedelta(minutes=1)),
            ToDateTime=provider_time(now + timedelta(minutes=1)),
        )["Data"]
        assert len(again) == 3

    def test_eleven_blacklists_and_twelve_comes_back(self, server):
        def listed() -> bool:
            row = ask(server, "/rest/IsBlackList_ByCancelation", Mobile="09121111111", LineNumber="public")[
                "Data"
            ][0]
            assert row["Number"] == 989121111111
            return bool(row["IsBlackList"])

        assert not listed()
        server.steer("inbound", {"mobile": "+989121111111", "text": "۱۱"})
        assert listed()
        assert send(server, "09121111111")["Status"] == "Mobiles_Invalid"
        server.steer("inbound", {"mobile": "+989121111111", "text": "12"})
        assert not listed()

    def test_reports_end_by_the_shares(self, tmp_path):
        with running_gateway(
            tmp_path / "g.jsonl", fate=Fate(seconds=0.001, undelivered=0.3, blacklisted=0.2)
        ) as server:
            sent = send(server, ",".join(f"0912{n:07d}" for n in range(500)))
            time.sleep(0.01)
            rows = ask(server, "/rest/GetDeliveriesByCampaignID", CampaignID=sent["CampaignID"])["Data"]
        share = {kind: sum(row["DeliveryType"] == kind for row in rows) / 500 for kind in (1, 2, 35)}
        assert share[1] == pytest.approx(0.5, abs=0.1)
        assert share[2] == pytest.approx(0.3, abs=0.1)
        assert share[35] == pytest.approx(0.2, abs=0.1)

    def test_single_messages_and_reports_can_be_asked_for(self, server):
        first, second = (row["MessageID"] for row in send(server)["Data"])
        assert ask(server, "/rest/GetMessage", MessageID=second)["Data"]["Mobile"] == "9122222222"
        assert ask(server, "/rest/GetDelivery", MessageID=first)["Data"]["MessageID"] == first
        rows = ask(server, "/rest/GetDeliveries", ListMessageID=f"{first},{second}")["Data"]
        assert [row["Status"] for row in rows] == ["Success", "Success"]
        unknown = ask(server, "/rest/GetDeliveries", ListMessageID=f"{first},5")
        assert unknown == {"Status": "Failed", "Data": []}
        assert ask(server, "/rest/GetDelivery", MessageID=5) == {"Status": "Failed", "Data": None}
        assert ask(server, "/rest/GetMessage", MessageID=5)["Status"] == "MessageID_Invalid"

    def test_many_texts_go_in_one_call_of_json(self, server):
        body = {
            "LineNumber": "public",
            "Input": [{"Number": "09121111111", "MessageText": "الف"}, {"Number": 1}],
        }
        data = fetch(
            f"{server.url}/rest/SendPeerToPeer",
            json.dumps(body).encode(),
            {"Authorization": TOKEN, "Content-Type": "application/json"},
        )["Data"]
        assert (data["CampaignsCreated"], data["FailedCount"]) == (1, 1)
        assert data["Campaigns"][0]["Numbers"][0]["Number"] == 9121111111

    def test_the_price_counts_parts_and_numbers(self, server):
        fields = {"LineNumber": "public", "Mobiles": "09121111111,09122222222"}
        assert ask(server, "/rest/CalculateMessagePrice", SMSMessageText="س" * 71, **fields) == 1500 * 2 * 2
        assert ask(server, "/rest/CalculateMessagePrice", SMSMessageText="", **fields) < 0

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"SMSMessageText": " "}, "SMSMessageText_Empty"),
            ({"SMSMessageText": "س" * 5001}, "Length_Exceeded"),
            ({"LineNumber": ""}, "LineNumber_Empty"),
            ({"Mobiles": ""}, "Mobiles_Empty"),
            ({"Mobiles": "123,02188776655"}, "Mobiles_Invalid"),
            ({"SendDateTime": "tomorrow"}, "FromDateTime_Invalid"),
        ],
    )
    def test_a_wrong_request_is_refused_as_the_provider_would(self, server, changes, status):
        fields = {
            "SendDateTime": "2026-11-23 12:00:00",
            "SMSMessageText": TEXT,
            "LineNumber": "public",
            "Mobiles": "09121111111",
        }
        answer = ask(server, "/rest/SendSimple", **{**fields, **changes})
        assert (answer["Status"], answer["Data"]) == (status, [])
        assert server.accepted == []

    def test_relays_are_taken(self, server):
        assert (
            ask(server, "/rest/RelayMessageDeliveryCreate", URLAddress="https://x.example/s")["Status"]
            == "Success"
        )
        assert ask(server, "/rest/RelayRecieveMessageCreate", URLAddress="")["Status"] == "URLAddress_Empty"

    def test_without_a_token_nothing_is_done(self, server):
        assert fetch(f"{server.url}/rest/AccountStatus", b"")["Status"] == "Token_NotExists"


class TestAvanak:
    def test_single_calls_are_accepted_and_asked_about(self, server):
        quick = ask(server, "/Rest/QuickSendWithTTS", Text=TEXT, Number="09121111111")
        assert quick > 0
        assert ask(server, "/Rest/GetQuickSend", QuickSendID=quick)["dst"] == "09121111111"
        assert ask(server, "/Rest/GetQuickSend", QuickSendID=1) is None
        assert server.accepted[0]["id"] == quick

    def test_audio_is_uploaded_asked_about_and_deleted(self, server):
        audio = ask(server, "/Rest/UploadMessageBase64", Title="خوش‌آمد", Base64="AAAA", Persist="true")["Id"]
        assert ask(server, "/Rest/QuickSend", MessageID=audio, Number="09121111111") > 0
        assert ask(server, "/Rest/DeleteMessage", MessageID=audio) is True
        assert ask(server, "/Rest/QuickSend", MessageID=audio, Number="09121111111") == -8
        assert ask(server, "/Rest/UploadMessageBase64", Title="x", Base64="?")["Id"] < 0

    def test_a_call_that_nobody_answered_lasted_no_time(self, tmp_path):
        with running_gateway(tmp_path / "g.jsonl", fate=Fate(seconds=0.001, undelivered=0.5)) as server:
            audio = ask(server, "/Rest/GenerateTTS", Text=TEXT, Speaker="female")["Id"]
            campaign = ask(
                server,
                "/Rest/CreateCampaign",
                MessageID=audio,
                Numbers=",".join(f"0912{n:07d}" for n in range(100)),
                StartDateTime="2026-11-23 12:00:00",
                EndDateTime="2036-11-23 18:00:00",
            )
            time.sleep(0.05)
            rows = ask(server, "/Rest/GetCampaignNumbersByCampaignID", CampaignID=campaign)
        kinds = {(row["Status"], row["Duration"] > 0, row["DeliverDate"] is not None) for row in rows}
        assert kinds == {(1, True, True), (2, False, False)}

    def test_campaigns_start_and_stop(self, server, avanak):
        campaign = avanak.send().campaign_id
        assert ask(server, "/Rest/StopCampaign", CampaignID=campaign) is True
        assert ask(server, "/Rest/StartCampaign", CampaignID=campaign) == int(campaign)
        assert ask(server, "/Rest/StopCampaign", CampaignID=1) is False
        assert ask(server, "/Rest/StartCampaign", CampaignID=1) == -30


class TestSteering:
    def test_figures_are_told(self, server):
        server.use("latency:0.001")
        send(server)
        stats = fetch(f"{server.url}/_fake/stats")
        assert stats["accepted"] == {"sms": 2, "avanak": 0}
        assert stats["calls"] == {"sms.SendSimple": 1}
        assert stats["faults"] == ["latency:0.001"]
        assert stats["faults_seen"] == {"latency": 1}

    @pytest.mark.parametrize("body", [{"faults": ["bogus"]}, {"faults": "hang"}, {"faults": [1]}])
    def test_wrong_faults_change_nothing(self, server, body):
        server.use("latency:0.001")
        with pytest.raises(HTTPError) as error:
            server.steer("faults", body)
        assert error.value.code == 400
        assert [str(fault) for fault in server.gateway.faults.active] == ["latency:0.001"]

    def test_an_inbound_message_needs_a_number(self, server):
        with pytest.raises(HTTPError):
            server.steer("inbound", {"mobile": "x", "text": "سلام"})


class TestCommand:
    def test_it_prints_its_address_serves_and_stops_at_a_signal(self, tmp_path):
        log = tmp_path / "new folder" / "gateway.jsonl"
        # A database that cannot be reached shows that none is asked.
        environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DEVELOPMENT": "1"}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "fake_gateway", "--port", "0", "--log", str(log), "--seed", "3"],
            cwd=django_settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert found
            assert fetch(f"{found[0]}/_fake/stats")["calls"] == {}
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
        assert log.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--fault", "bogus"], "hang-after-accept"),
            (["--port", "70000"], "65535"),
            (["--undelivered", "1.5"], "share"),
        ],
    )
    def test_a_wrong_option_is_a_clear_sentence(self, options, words):
        with pytest.raises(CommandError, match=words):
            call_command("fake_gateway", *options, stdout=StringIO())

    def test_a_port_in_use_is_a_clear_sentence(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            with pytest.raises(CommandError, match="cannot start"):
                call_command("fake_gateway", "--port", port, "--log", str(tmp_path / "g.jsonl"))

    def test_a_log_that_cannot_be_written_is_a_clear_sentence(self, tmp_path):
        blocked = tmp_path / "file"
        blocked.write_text("")
        with pytest.raises(CommandError, match="cannot start"):
            call_command("fake_gateway", "--port", "0", "--log", str(Path(blocked) / "g.jsonl"))


def test_an_accepted_recipient_takes_eight_bytes_of_memory(tmp_path):
    from devtools.fake_gateway.log import GatewayLog
    from devtools.fake_gateway.store import Ledger

    ledger = Ledger("sms", by_campaign=False, log=GatewayLog(tmp_path / "gateway.jsonl"))
    numbers = [f"912{n:07d}" for n in range(1000)]
    for call in range(100):
        campaign = ledger.accept(numbers, TEXT, call=call, at=float(call))
    assert ledger.accepted == 100_000
    assert ledger._numbers.itemsize * len(ledger._numbers) == 800_000
    found = ledger.message(campaign.first_id + 999)
    assert found is not None
    assert ledger.number(*found) == "9120000999"
    assert len(ledger.between(10.0, 19.0)) == 10
