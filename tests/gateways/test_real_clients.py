"""Clients that other people wrote, against the fake gateway: what they can read, the portal may rely on."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from avanak import AvanakClient  # type: ignore[import-untyped]

from persian.jalali import TEHRAN
from tests.gateways.conftest import ADDRESSES, TEXT, TOKEN
from tests.gateways.running import Running, running_gateway


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running_gateway(tmp_path / "gateway.jsonl", token=TOKEN) as running:
        yield running


@pytest.fixture
def client(server: Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(AvanakClient, "BASE_URL", f"{server.url}/Rest")
    return AvanakClient(token=TOKEN)


class TestThePublishedClientOfAvanak:
    def campaign(self, client: Any, start: str = "10:00:00", end: str = "18:00:00", years: int = 0) -> int:
        audio = client.generate_tts(text=TEXT, title="پاییز")
        made = client.create_campaign(
            title="پاییز",
            numbers="09121111111,09122222222",
            message_id=audio.id,
            start_date_time=f"2026-11-30 {start}",
            end_date_time=f"{2026 + years}-11-30 {end}",
        )
        result: int = made.result
        return result

    def test_it_reads_the_account(self, client):
        status = client.account_status()
        assert (status.status, status.account_name) == ("Success", "fake")

    def test_it_makes_audio_and_is_told_which_text_is_too_short(self, client):
        assert client.generate_tts(text=TEXT, title="پاییز").length >= 3
        assert client.generate_tts(text="آه", title="x").id == -6
        assert client.upload_message_base64("x", base64.b64encode(b"RIFF").decode()).id > 0

    def test_the_audio_has_its_title_and_can_be_listed_read_and_deleted(self, client):
        audio = client.generate_tts(text=TEXT, title="پاییز").id
        details = client.get_message(audio)["Details"]
        assert details == {"Id": audio, "Title": "پاییز", "Lenght": 10, "Confirmed": 1}
        assert [one["Id"] for one in client.get_messages(take=5)["Data"]] == [audio]
        assert client.download_message(audio)
        assert client.delete_message(audio).result is True
        assert client.delete_message(audio).result is False

    def test_it_makes_a_campaign_and_stops_it(self, client):
        campaign = self.campaign(client)
        rows = client.get_campaign_numbers_by_campaign_id(campaign)
        assert [row["Number"] for row in rows] == ["09121111111", "09122222222"]
        assert client.get_campaign(campaign)["Details"]["Count"] == 2
        assert client.stop_campaign(campaign).result is True
        assert client.get_campaign(campaign)["Details"]["Status"] == 27
        assert client.stop_campaign(1).result is False

    @pytest.mark.parametrize(
        ("start", "end", "years", "refusal"),
        [
            ("10:00:00", "10:00:00", 0, -77),
            ("10:00:00", "10:00:00", 1, -77),
            ("22:00:00", "02:00:00", 1, -77),
            ("10:00:00", "18:00:00", -1, -76),
        ],
    )
    def test_a_campaign_against_the_documented_rule_is_refused(self, client, start, end, years, refusal):
        assert self.campaign(client, start, end, years) == refusal

    def test_it_calls_one_number_and_asks_about_the_call(self, client):
        quick = client.quick_send_with_tts(text=TEXT, number="09121111111")
        call = client.get_quick_send(quick)
        assert (call.id, call.dst) == (quick, "09121111111")
        assert not call.status.isdigit()
        assert client.get_quick_send(1) is None

    def test_it_sends_a_code_and_is_told_it(self, client):
        sent = client.send_otp(length=5, number="09121111111")
        assert (sent.error_code, len(sent.generated_code)) == (0, 5)
        assert client.send_otp(length=3, number="09121111111").error_code == -5

    def test_a_wrong_token_is_told_by_its_number(self, server):
        assert post(server, "/Rest/AccountStatus", {}, token="another") == -202


def post(
    server: Running, path: str, fields: dict[str, Any], *, token: str = TOKEN, as_json: bool = False
) -> Any:
    data = json.dumps(fields).encode() if as_json else urlencode(fields).encode()
    kind = "application/json" if as_json else "application/x-www-form-urlencoded"
    headers = {"Authorization": token, "Content-Type": kind}
    request = urllib.request.Request(f"{server.url}{path}", data, headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


def send_pattern(server: Running) -> Any:
    fields = {"Token": TOKEN, "Mobile": "09121111111", "PatternCodeID": "7", "PatternValues": "[Up]"}
    return post(server, "/rest/SendWithPattern", fields)


def send_pattern_on_own_line(server: Running) -> Any:
    fields = {
        "Token": TOKEN,
        "LineNumber": "30001234",
        "Mobile": "09121111111",
        "PatternCodeID": 7,
        "PatternValues": "[Up]",
    }
    return post(server, "/rest/SendWithPatternOWN", fields, token=f"Bearer {TOKEN}", as_json=True)


class TestTheRequestsOfUptimeKumasDriver:
    """What `server/notification-providers/amootsms.js` sends, and what it demands of the answers."""

    def test_a_plain_message(self, server):
        fields = {
            "SendDateTime": datetime.now(TEHRAN).strftime("%Y-%m-%d %H:%M:%S"),
            "SMSMessageText": "[Up] وب‌گاه",
            "LineNumber": "public",
            "Mobiles": "09121111111,09122222222",
        }
        answer = post(server, "/rest/SendSimple", fields)
        assert answer["Status"] == "Success"
        assert [row["Status"] for row in answer["Data"]] == ["Success", "Success"]
        assert {entry["number"] for entry in server.accepted} == set(ADDRESSES[:1]) | {"+989122222222"}

    def test_a_pattern_with_the_token_in_the_form(self, server):
        assert send_pattern(server)["Status"] == "Success"

    def test_a_pattern_on_its_own_line_with_the_token_in_the_json(self, server):
        answer = send_pattern_on_own_line(server)
        assert (answer["Status"], answer["LineNumber"]) == ("Success", "30001234")

    def test_errors_have_names_that_it_knows(self, server):
        answer = post(server, "/rest/SendSimple", {"SMSMessageText": "x", "LineNumber": "9"})
        assert (answer["Status"], answer["Data"]) == ("LineNumber_NotExist", [])

    def test_no_token_of_any_of_them_is_logged(self, server):
        send_pattern(server)
        send_pattern_on_own_line(server)
        assert TOKEN not in server.gateway.options.log.read_text()
