"""What is Avanak's own: campaigns that end with the window, integers for answers, audio from text."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateways.avanak.client import _result
from gateways.avanak.errors import account_error, audio_error, sending_error
from gateways.base import BatchRefused, NotSent, OutcomeUnknown, Trouble
from persian.jalali import TEHRAN
from tests.gateways.conftest import ADDRESSES, TEXT, make_gateway
from tests.gateways.strangers import canned_server

LANDLINE = "+982188776655"


class TestCampaign:
    def test_it_ends_where_the_window_does(self, avanak):
        now = datetime.now(TEHRAN).replace(hour=10)
        ends_at = now + timedelta(hours=2, microseconds=3)
        avanak.send(now=now, ends_at=ends_at)
        params = avanak.server.received[-1]["params"]
        assert params["MaxTryCount"] == "1"
        assert params["AutoStart"] == "true"
        assert params["Title"] == "amoot-1-1"
        for entry in avanak.server.accepted:
            told = datetime.fromisoformat(entry["window_end"])
            assert told == ends_at.replace(microsecond=0)
            assert told <= ends_at

    def test_without_a_window_it_ends_with_the_day(self, avanak):
        now = datetime.now(TEHRAN).replace(hour=10)
        avanak.send(now=now)
        told = datetime.fromisoformat(avanak.server.accepted[0]["window_end"])
        assert told == now.replace(hour=23, minute=59, second=59, microsecond=0)

    def test_at_the_end_of_a_day_nothing_is_asked_of_the_provider(self, avanak):
        before = len(avanak.server.received)
        with pytest.raises(NotSent) as error:
            avanak.send(now=datetime.now(TEHRAN).replace(hour=23, minute=58))
        assert (error.value.trouble, error.value.code) == (Trouble.HOURS, "day_ending")
        assert len(avanak.server.received) == before

    def test_landlines_can_be_called(self, avanak):
        answer = avanak.send(LANDLINE)
        assert answer.outcomes[LANDLINE].provider_id == answer.campaign_id
        assert avanak.server.accepted[0]["number"] == LANDLINE

    def test_its_text_is_the_one_the_audio_was_made_of(self, avanak):
        avanak.send()
        assert {entry["text"] for entry in avanak.server.accepted} == {TEXT}

    def test_without_audio_nothing_is_called(self, avanak):
        with pytest.raises(NotSent) as error:
            avanak.send(audio_id=None)
        assert error.value.trouble is Trouble.CONTENT

    def test_audio_that_the_provider_does_not_have_pauses_the_message(self, avanak):
        with pytest.raises(NotSent) as error:
            avanak.send(audio_id=4711)
        assert error.value.trouble is Trouble.CONTENT

    def test_the_providers_own_hours_are_a_hold(self, avanak):
        avanak.server.use("hours")
        with pytest.raises(NotSent) as error:
            avanak.send()
        assert error.value.trouble is Trouble.HOURS

    @pytest.mark.parametrize(
        ("fault", "refusal"),
        [("audio:pending", Trouble.APPROVAL), ("audio:rejected", Trouble.CONTENT)],
    )
    def test_audio_is_waited_for_until_the_provider_has_approved_it(self, avanak, fault, refusal):
        avanak.server.use(fault)
        with pytest.raises(NotSent) as error:
            avanak.send()
        assert error.value.trouble is refusal
        avanak.server.use()
        assert avanak.send().campaign_id

    def test_audio_that_was_rejected_while_it_waited_is_not_waited_for(self, avanak):
        avanak.server.use("audio:pendingx1", "audio:rejected")
        with pytest.raises(NotSent) as error:
            avanak.send()
        assert (error.value.trouble, error.value.code) == (Trouble.CONTENT, "Message_Rejected")

    def test_audio_is_waited_for_though_the_provider_does_not_tell_its_state(self, avanak):
        avanak.server.use("audio:pendingx1", "5xx")
        with pytest.raises(NotSent) as error:
            avanak.send()
        assert error.value.trouble is Trouble.APPROVAL

    @pytest.mark.parametrize(
        "body",
        [
            12,
            "12",
            {"result": 12},
            {"result": "12"},
            {"Result": 12},
            {"RETURNVALUE": 12},
            {"CampaignID": 12, "Status": "Success"},
            {"campaignId": "12", "status": 1},
        ],
    )
    def test_the_id_comes_bare_or_wrapped(self, body):
        assert _result(body) == 12

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"Result": -77}, -77),
            ({"ReturnValue": -50, "Status": "Failed"}, -50),
            ({"CampaignID": 0, "Status": "Token_Invalid"}, "Token_Invalid"),
            ({"CampaignID": 12, "Status": "Failed"}, "Failed"),
            ({"Status": -202}, -202),
            ({}, None),
        ],
    )
    def test_a_refusal_comes_bare_or_wrapped(self, body, code):
        assert _result(body) == code

    @pytest.mark.parametrize("body", [b'{"result": -202}', b'{"Result": -202}', b"-202", b'{"STATUS": -202}'])
    def test_an_account_that_is_refused_is_an_account_error(self, body):
        with canned_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as port:
            gateway = make_gateway("avanak", f"http://127.0.0.1:{port}")
            with asyncio.Runner() as runner:
                with pytest.raises(NotSent) as error:
                    runner.run(gateway.account())
                runner.run(gateway.close())
        assert (error.value.trouble, error.value.code) == (Trouble.ACCOUNT, "Token_Invalid")

    def test_without_its_campaign_nothing_can_be_proven(self, avanak):
        avanak.send()
        lookup = avanak.take_lookup("")
        assert not lookup.complete
        assert lookup.found == {}

    def test_an_empty_list_of_numbers_proves_nothing(self, avanak):
        assert not avanak.take_lookup("4711").complete

    def test_a_campaign_proves_who_is_not_in_it(self, avanak):
        campaign = avanak.send(ADDRESSES[0]).campaign_id
        lookup = avanak.take_lookup(campaign)
        assert lookup.complete
        assert set(lookup.found) == {ADDRESSES[0]}


class TestAudio:
    def test_a_text_of_1000_characters_is_spoken_and_a_longer_one_is_not(self, avanak):
        assert avanak.run(avanak.gateway.make_audio("س" * 1000, "t")) > 0
        with pytest.raises(NotSent) as error:
            avanak.run(avanak.gateway.make_audio("س" * 1001, "t"))
        assert error.value.trouble is Trouble.CONTENT

    def test_credit_and_provider_are_told_apart(self, avanak):
        for fault, trouble in (("account:CreditNotEnough", Trouble.ACCOUNT), ("provider", Trouble.PROVIDER)):
            avanak.server.use(fault)
            with pytest.raises(NotSent) as error:
                avanak.run(avanak.gateway.make_audio(TEXT, "t"))
            assert error.value.trouble is trouble


class TestCodes:
    @pytest.mark.parametrize(
        ("code", "trouble"),
        [
            (-3, Trouble.ACCOUNT),
            (-50, Trouble.ACCOUNT),
            (-25, Trouble.ACCOUNT),
            (-202, Trouble.ACCOUNT),
            (-1, Trouble.ACCOUNT),
            (-300, Trouble.PROVIDER),
            (-20, Trouble.PROVIDER),
            (-6, Trouble.HOURS),
            (-77, Trouble.CONTENT),
            (-61, Trouble.APPROVAL),
            (-62, Trouble.CONTENT),
            (-73, Trouble.CONTENT),
            (-74, Trouble.CONTENT),
            (-76, Trouble.CONTENT),
            (-80, Trouble.CONTENT),
            ("Token_Invalid", Trouble.ACCOUNT),
        ],
    )
    def test_documented_refusals_of_a_campaign(self, code, trouble):
        error = sending_error(code, "")
        assert isinstance(error, NotSent)
        assert error.trouble is trouble

    @pytest.mark.parametrize("code", [0, -999, 2**63, "Success", "", None, 4, 500, [], {}, True, 1.5])
    def test_whatever_else_proves_nothing(self, code):
        for error in (sending_error(code, ""), audio_error(code, ""), account_error(code, "")):
            assert isinstance(error, OutcomeUnknown)

    def test_six_below_zero_is_the_hours_for_a_call_and_a_short_audio_for_a_text(self):
        assert sending_error(-6, "").trouble is Trouble.HOURS
        assert audio_error(-6, "").trouble is Trouble.CONTENT

    def test_a_wrong_number_among_many_asks_for_smaller_batches(self):
        assert isinstance(sending_error(-2, ""), BatchRefused)


class TestQuickSend:
    """An id without a campaign's numbers may be a single call's."""

    def dial(self, avanak: Any, number: str) -> str:
        fields = {"Text": TEXT, "Number": number, "Vote": "false", "ServerID": "0"}
        _answer, body = avanak.run(avanak.gateway._post("QuickSendWithTTS", fields))
        return str(body)

    def test_it_proves_who_was_reached_and_never_who_was_not(self, avanak):
        lookup = avanak.take_lookup(self.dial(avanak, ADDRESSES[0]))
        assert set(lookup.found) == {ADDRESSES[0]}
        assert not lookup.complete

    def test_a_strangers_call_proves_nothing(self, avanak):
        lookup = avanak.take_lookup(self.dial(avanak, LANDLINE))
        assert (lookup.complete, lookup.found) == (False, {})

    def test_a_call_of_another_time_proves_nothing(self, avanak):
        call = self.dial(avanak, ADDRESSES[0])
        avanak.server.gateway.ledgers["avanak"].campaigns[-1].at -= 3600
        assert avanak.take_lookup(call).found == {}
