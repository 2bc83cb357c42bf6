"""The same cases against each provider's client, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from common.monotonic import monotonic
from gateways.base import (
    BatchRefused,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    ReportStatus,
    Result,
    Trouble,
)
from tests.gateways.conftest import ADDRESSES, TEXT, TOKEN, Client, make_gateway
from tests.gateways.running import running_gateway
from tests.gateways.strangers import canned_server, deaf_server, server_with_a_wrong_certificate

Connect = Callable[..., Client]
both = pytest.mark.parametrize("code", ["sms", "avanak"])


def results(answer) -> set[Result]:
    return {outcome.result for outcome in answer.outcomes.values()}


class TestAccepted:
    def test_every_recipient_is_accepted_with_the_providers_id(self, client):
        answer = client.send()
        assert set(answer.outcomes) == set(ADDRESSES)
        assert results(answer) == {Result.ACCEPTED}
        logged = {entry["number"]: str(entry["id"]) for entry in client.server.accepted}
        assert logged == {address: outcome.provider_id for address, outcome in answer.outcomes.items()}
        assert answer.campaign_id == str(client.server.accepted[0]["campaign"])

    def test_the_provider_gets_the_text_as_it_was_written(self, client):
        text = "سلام ۱۲۳ & = + % ; 😀\nخط دوم"
        audio = client.audio_id and client.run(client.gateway.make_audio(text, "t"))
        client.send(text=text, audio_id=audio)
        assert {entry["text"] for entry in client.server.accepted} == {text}

    def test_nothing_of_token_numbers_or_text_is_kept_of_the_answer(self, client):
        raw = client.send().raw
        assert raw
        for secret in (TOKEN, TEXT, ADDRESSES[0][3:]):
            assert secret not in raw

    def test_the_token_goes_raw_in_the_header_and_never_in_the_address(self, connect, tmp_path):
        with running_gateway(tmp_path / "other.jsonl", token=TOKEN) as strict:
            for code in ("sms", "avanak"):
                gateway = make_gateway(code, strict.url)
                with asyncio.Runner() as runner:
                    assert runner.run(gateway.account()).name == "fake"
                    runner.run(gateway.close())
            assert TOKEN not in (tmp_path / "other.jsonl").read_text()

    def test_a_thousand_recipients_are_one_call(self, client):
        numbers = [f"+98912{n:07d}" for n in range(1000)]
        answer = client.send(*numbers)
        assert len(answer.outcomes) == 1000
        assert results(answer) == {Result.ACCEPTED}

    def test_one_client_serves_several_event_loops_in_turn(self, client):
        assert client.send().campaign_id
        with asyncio.Runner() as other:
            assert other.run(client.gateway.send(client.batch())).campaign_id
        assert client.send().campaign_id

    def test_the_account_answers(self, client):
        account = client.run(client.gateway.account())
        assert account.name == "fake"
        assert account.credit is not None
        assert account.credit > 0


class TestRefusedAsAWhole:
    @pytest.mark.parametrize("status", ["CreditNotEnough", "4", "Token_Invalid", "-204", "User_Disabled"])
    def test_an_account_error_is_not_sent_and_needs_a_person(self, client, status):
        client.server.use(f"account:{status}")
        with pytest.raises(NotSent) as error:
            client.send()
        assert error.value.trouble is Trouble.ACCOUNT
        assert client.server.accepted == []

    @pytest.mark.parametrize("status", ["500", "-300"])
    def test_a_provider_error_is_not_sent(self, client, status):
        client.server.use(f"provider:{status}")
        with pytest.raises(NotSent) as error:
            client.send()
        assert error.value.trouble is Trouble.PROVIDER

    def test_the_account_question_meets_the_same_trouble(self, client):
        client.server.use("account:Token_Expired")
        with pytest.raises(NotSent) as error:
            client.run(client.gateway.account())
        assert error.value.trouble is Trouble.ACCOUNT

    def test_spent_credit_shows_in_the_account(self, client):
        client.server.use("account:CreditNotEnough")
        assert client.run(client.gateway.account()).credit == 0

    @both
    def test_a_missing_or_wrong_token_is_an_account_error(self, code, tmp_path):
        with running_gateway(tmp_path / "g.jsonl", token="another") as strict, asyncio.Runner() as runner:
            gateway = make_gateway(code, strict.url)
            with pytest.raises(NotSent) as error:
                runner.run(gateway.account())
            runner.run(gateway.close())
        assert (error.value.trouble, error.value.code) == (Trouble.ACCOUNT, "Token_Invalid")

    def test_a_window_that_is_over_is_not_even_asked_about(self, client):
        before = len(client.server.received)
        batch_end = client.batch().now - timedelta(minutes=1)
        with pytest.raises(NotSent) as error:
            client.send(ends_at=batch_end)
        assert error.value.trouble is Trouble.LATE
        assert len(client.server.received) == before


class TestProvenNotSent:
    @both
    def test_a_refused_connection(self, code):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        _expect_not_sent(code, f"http://127.0.0.1:{port}", "connection_refused")

    @both
    def test_a_name_that_does_not_exist(self, code):
        _expect_not_sent(code, "https://no-such-host.invalid", "name_not_resolved")

    @both
    def test_a_server_whose_backlog_is_full_so_that_no_connection_comes(self, code):
        with deaf_server() as port:
            _expect_not_sent(code, f"http://127.0.0.1:{port}", "connect_timeout", timeout=0.6)

    @both
    def test_a_server_that_speaks_no_tls(self, code, server):
        _expect_not_sent(code, server.url.replace("http:", "https:"), "tls_failed")

    @both
    def test_a_certificate_that_is_not_trusted(self, code, tmp_path):
        with server_with_a_wrong_certificate(tmp_path) as port:
            _expect_not_sent(code, f"https://127.0.0.1:{port}", "certificate_wrong")

    def test_a_deadline_that_passed_before_the_first_byte(self, client):
        before = len(client.server.received)
        with pytest.raises(NotSent) as error:
            client.send(write_before=monotonic() - 0.001)
        assert error.value.code == "deadline_passed"
        assert len(client.server.received) == before
        assert results(client.send(write_before=monotonic() + 5)) == {Result.ACCEPTED}

    def test_a_text_that_cannot_be_encoded(self, client):
        broken = "سلام \ud83d"
        made = client.gateway.make_audio(broken, "t")
        call = client.gateway.send(client.batch(text=broken)) if client.code == "sms" else made
        with pytest.raises(NotSent):
            client.run(call)
        made.close()

    def test_a_shut_port_refuses_and_opens_again(self, client):
        client.server.use("refuse:1x1")
        # The end of a connection kept alive must have come: written into a dying one, a call is unknown.
        time.sleep(0.2)
        with pytest.raises(NotSent) as error:
            client.send()
        assert error.value.code == "connection_refused"
        time.sleep(1.3)
        assert results(client.send()) == {Result.ACCEPTED}

    def test_a_gateway_restarted_between_two_calls_leaves_nothing_unknown(self, connect, tmp_path):
        log = tmp_path / "restarted.jsonl"
        for code in ("sms", "avanak"):
            with asyncio.Runner() as runner:
                with running_gateway(log) as first:
                    gateway = make_gateway(code, first.url)
                    runner.run(gateway.account())
                    port = first.gateway.port
                with running_gateway(log, port=port):
                    time.sleep(0.05)
                    assert runner.run(gateway.account()).name == "fake"
                runner.run(gateway.close())


class TestUnknownOutcome:
    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("5xx", "http_503"),
            ("5xx-after-accept:500", "http_500"),
            ("reset", None),
            ("reset-after-accept", None),
            ("html", "not_json"),
            ("html-after-accept", "not_json"),
            ("half-json", "not_json"),
            ("oversize", "answer_too_long"),
        ],
    )
    def test_an_answer_that_is_none(self, client, fault, code):
        client.server.use(fault)
        with pytest.raises(OutcomeUnknown) as error:
            client.send()
        assert code is None or error.value.code == code
        assert bool(client.server.accepted) == (
            client.server.gateway.faults.active[0].kind.stage.name == "AFTER"
        )

    @both
    @pytest.mark.parametrize("fault", ["hang", "hang-after-accept"])
    def test_an_answer_that_never_comes(self, connect, code, fault):
        client = connect(code, timeout=0.5)
        client.server.use(fault)
        with pytest.raises(OutcomeUnknown) as error:
            client.send()
        assert error.value.code == "timeout"

    @both
    def test_a_call_that_is_accepted_after_we_hung_up(self, connect, code):
        client = connect(code, timeout=0.4)
        client.server.use("latency:0.8x1")
        with pytest.raises(OutcomeUnknown):
            client.send()
        time.sleep(0.8)
        assert len(client.server.accepted) == len(ADDRESSES)

    def test_a_status_that_nobody_documented(self, client):
        client.server.use("unknown-status", "no-data")
        assert _is_unknown(client)

    def test_an_id_beyond_64_bits(self, client):
        client.server.use("huge-id")
        assert _is_unknown(client)

    def test_a_success_that_names_nobody(self, client):
        client.server.use("no-data")
        assert _is_unknown(client)

    def test_a_request_is_never_repeated_by_the_library(self, client):
        client.send()
        before = len(client.server.received)
        client.server.use("reset-after-accept")
        with pytest.raises(OutcomeUnknown):
            client.send()
        assert len(client.server.received) == before + 1

    @both
    @pytest.mark.parametrize(
        "body",
        [b"", b"null", b"[]", b"{}", b'"Success"', b"true", b"[" * 100_000, b"9" * 5000, b"{\xff\xfe}", b"0"],
    )
    def test_a_body_that_means_nothing(self, code, body):
        with canned_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as port:
            assert isinstance(_failure(code, f"http://127.0.0.1:{port}"), OutcomeUnknown)

    @both
    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
            b"220 mail.example ESMTP\r\n",
            b"HTTP/1.1 200 OK\r\nDate: 1 Jan 9999999999999999 00:00:00 GMT\r\nContent-Length: 1\r\n\r\n0",
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n1234",
            b"",
        ],
    )
    def test_a_redirect_a_cut_a_stranger_and_silence(self, code, answer):
        with canned_server(answer) as port:
            assert isinstance(_failure(code, f"http://127.0.0.1:{port}"), OutcomeUnknown)

    @both
    def test_of_an_answer_that_is_cut_off_what_came_is_kept(self, code):
        with canned_server(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"CampaignID": 7') as port:
            failure = _failure(code, f"http://127.0.0.1:{port}")
        assert isinstance(failure, OutcomeUnknown)
        assert failure.raw == '{"CampaignID": 7'

    @both
    def test_a_success_under_a_bad_http_status_is_not_believed(self, code):
        ok = {
            "Status": "Success",
            "CampaignID": 5,
            "Data": [{"Mobile": 9121111111, "MessageID": 5, "Status": 1}],
        }
        body = json.dumps(ok if code == "sms" else 5).encode()
        with canned_server(b"HTTP/1.1 404 X\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as port:
            assert isinstance(_failure(code, f"http://127.0.0.1:{port}"), OutcomeUnknown)


class TestLookup:
    def test_what_was_taken_is_found_by_its_campaign(self, client):
        answer = client.send()
        lookup = client.take_lookup(answer.campaign_id)
        assert lookup.complete
        assert {a: o.provider_id for a, o in lookup.found.items()} == {
            a: o.provider_id for a, o in answer.outcomes.items()
        }

    def test_a_provider_that_is_down_cannot_be_asked(self, client):
        client.server.use("5xx")
        with pytest.raises(OutcomeUnknown):
            client.take_lookup("1")


class TestReports:
    def reports(self, client: Client, answer, *, ids=None):
        given = [outcome.provider_id for outcome in answer.outcomes.values()] if ids is None else ids
        return client.run(client.gateway.reports(answer.campaign_id, given))

    def test_under_way_is_not_final(self, client):
        answer = client.send()
        assert not {r.report for r in self.reports(client, answer)} & {
            ReportStatus.DELIVERED,
            ReportStatus.UNDELIVERED,
        }

    def test_what_arrived_is_delivered_by_the_id_that_was_given_at_the_acceptance(self, client):
        answer = client.send()
        time.sleep(0.3)
        reports = self.reports(client, answer)
        assert {report.report for report in reports} == {ReportStatus.DELIVERED}
        assert {(report.provider_id, report.number) for report in reports} == {
            (outcome.provider_id, address[-10:]) for address, outcome in answer.outcomes.items()
        }
        assert all(report.word for report in reports)

    def test_impossible_and_unknown_ids_have_no_reports(self, client):
        client.send()
        assert client.run(client.gateway.reports("", ["", "x", str(2**63), "-1"])) == []
        reports = client.run(client.gateway.reports("5", ["7"]))
        assert not {report.report for report in reports} & {ReportStatus.DELIVERED, ReportStatus.UNDELIVERED}

    @both
    @pytest.mark.parametrize(
        "body",
        [b"", b"null", b"{}", b'"x"', b"-300", b"[" * 100_000, b"<html>", b'{"Status":"Success","Data":3}'],
    )
    def test_an_answer_that_is_none_is_a_gateway_error(self, code, body):
        with canned_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as port:
            gateway = make_gateway(code, f"http://127.0.0.1:{port}")
            with asyncio.Runner() as runner:
                with pytest.raises(GatewayError):
                    runner.run(gateway.reports("5", ["7"]))
                runner.run(gateway.close())

    @both
    def test_rows_that_make_no_sense_are_left_out(self, code):
        rows: list[object] = [None, [], "x", {}, {"Number": "x"}, {"MessageID": 2**63, "DeliveryType": 1}]
        body = json.dumps({"Status": "Success", "Data": rows}).encode()
        with canned_server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as port:
            gateway = make_gateway(code, f"http://127.0.0.1:{port}")
            with asyncio.Runner() as runner:
                assert runner.run(gateway.reports("5", [])) == []
                runner.run(gateway.close())

    def test_whoever_can_receive_gives_each_message_once(self, client):
        client.server.steer("inbound", {"mobile": "09121111111", "text": "سلام"})
        first = client.run(client.gateway.new_inbound(10))
        assert [message.text for message in first] == (["سلام"] if client.gateway.can_receive else [])
        assert client.run(client.gateway.new_inbound(10)) == []


def test_a_batch_with_an_unnamed_wrong_member_asks_for_smaller_batches(client):
    client.server.use("account:101" if client.code == "sms" else "account:-2")
    with pytest.raises(BatchRefused) as error:
        client.send()
    assert error.value.trouble is Trouble.CONTENT


def test_a_batch_of_one_that_is_wrong_or_blacklisted_is_a_rejected_recipient(client):
    client.server.use("account:102" if client.code == "sms" else "account:-2")
    answer = client.send(ADDRESSES[0])
    assert answer.outcomes[ADDRESSES[0]].result is Result.REJECTED


def _is_unknown(client: Client) -> bool:
    """The call is unknown, either as a whole or for each of its recipients."""
    try:
        return results(client.send()) == {Result.UNKNOWN}
    except OutcomeUnknown:
        return True


def _failure(code: str, base: str, *, timeout: float = 2.0) -> Exception:
    gateway = make_gateway(code, base, timeout=timeout)
    batch = Client(gateway, None, None, audio_id=7).batch()  # type: ignore[arg-type]
    with asyncio.Runner() as runner:
        with pytest.raises((NotSent, OutcomeUnknown)) as error:
            runner.run(gateway.send(batch))
        runner.run(gateway.close())
    return error.value


def _expect_not_sent(code: str, base: str, reason: str, *, timeout: float = 2.0) -> None:
    failure = _failure(code, base, timeout=timeout)
    assert isinstance(failure, NotSent), failure
    assert (failure.code, failure.trouble) == (reason, Trouble.NETWORK)
