"""What is AmootSMS's own: statuses of recipients, shapes of answers, the lookup by time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateways.amootsms.client import _read_outcomes, _slices
from gateways.amootsms.deliveries import DELIVERY_TYPES, read_report
from gateways.amootsms.matching import Matcher
from gateways.base import (
    Batch,
    BatchRefused,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    ReportStatus,
    Result,
    Trouble,
)
from gateways.http import HttpAnswer
from gateways.statuses import STATUSES, StatusKind
from tests.gateways.conftest import ADDRESSES, TEXT

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
BATCH = Batch(text=TEXT, addresses=ADDRESSES, reference="r", now=NOW)


def read(rows: Any, status: Any = "Success", batch: Batch = BATCH, **fields: Any):
    body = {"Status": status, "CampaignID": 12, "Data": rows, **fields}
    return _read_outcomes(batch, HttpAnswer(200, json.dumps(body), "", None))


def row(address: str = ADDRESSES[0], message_id: Any = 5, status: Any = "Success") -> dict[str, Any]:
    return {"Mobile": int(address[3:]), "MessageID": message_id, "Status": status}


def outcome(*rows: Any, address: str = ADDRESSES[0]):
    return read(list(rows)).outcomes[address]


class TestRecipients:
    def test_a_share_refused_by_the_provider_is_rejected_and_the_rest_accepted(self, sms):
        sms.server.use("partial:0.5")
        numbers = [f"+98912{n:07d}" for n in range(200)]
        outcomes = sms.send(*numbers).outcomes
        accepted = {entry["number"] for entry in sms.server.accepted}
        assert 40 < len(accepted) < 160
        for number in numbers:
            wanted = Result.ACCEPTED if number in accepted else Result.REJECTED
            assert outcomes[number].result is wanted

    def test_accepted_ones_that_the_answer_leaves_out_are_unknown(self, sms):
        sms.server.use("partial-unanswered:0.5")
        numbers = [f"+98912{n:07d}" for n in range(200)]
        outcomes = sms.send(*numbers).outcomes
        assert {outcomes[number].result for number in numbers} == {Result.ACCEPTED, Result.UNKNOWN}
        assert len(sms.server.accepted) == 200

    def test_numbers_that_nobody_sent_are_passed_over(self, sms):
        sms.server.use("extra-numbers")
        assert set(sms.send().outcomes) == set(ADDRESSES)

    def test_a_number_that_cancelled_at_the_provider_is_rejected(self, sms):
        sms.server.steer("inbound", {"mobile": ADDRESSES[1], "text": "لغو ۱۱"})
        outcomes = sms.send().outcomes
        assert outcomes[ADDRESSES[1]].result is Result.REJECTED
        assert outcomes[ADDRESSES[0]].result is Result.ACCEPTED

    @pytest.mark.parametrize("status", ["Success", "success", 1, "1", " Success "])
    def test_success_comes_as_name_or_number(self, status):
        assert outcome(row(status=status)).result is Result.ACCEPTED

    @pytest.mark.parametrize(
        "status", ["Mobile_Invalid", "Mobiles_Invalid", 101, 102, "101", 16, "Failed", 121]
    )
    def test_a_recipients_own_refusal_is_final(self, status):
        assert outcome(row(status=status, message_id=0)).result is Result.REJECTED

    @pytest.mark.parametrize(
        "status", ["CreditNotEnough", 500, -300, "Token_Expired", "Whatever", 999, None, {}, True]
    )
    def test_whatever_says_nothing_against_the_recipient_is_unknown(self, status):
        assert outcome(row(status=status)).result is Result.UNKNOWN

    @pytest.mark.parametrize("status", ["\0", "a\0b", "\ud800", "و" * 100])
    def test_a_status_is_kept_as_far_as_it_can_be_stored(self, status):
        kept = outcome(row(status=status)).status
        assert kept
        assert "\0" not in kept
        assert len(kept.encode()) <= 60

    @pytest.mark.parametrize("message_id", [None, 0, -1, 2**63, "", "abc", "9" * 40, 1.5, True, []])
    def test_a_success_without_a_valid_id_is_unknown(self, message_id):
        assert outcome(row(message_id=message_id)).result is Result.UNKNOWN

    @pytest.mark.parametrize("message_id", [1, "77", 2**63 - 1, str(2**63 - 1)])
    def test_ids_are_kept_as_their_digits(self, message_id):
        assert outcome(row(message_id=message_id)).provider_id == str(message_id)

    @pytest.mark.parametrize(
        "mobile", [9121111111, "9121111111", "09121111111", "+98 912 111 1111", "989121111111"]
    )
    def test_recipients_are_matched_by_their_last_ten_digits(self, mobile):
        assert outcome({**row(), "Mobile": mobile}).result is Result.ACCEPTED

    def test_of_two_rows_for_one_number_the_more_cautious_counts(self):
        assert outcome(row(status=101), row()).result is Result.ACCEPTED
        assert outcome(row(status=101), row(status="?")).result is Result.UNKNOWN

    @pytest.mark.parametrize("junk", [None, 5, "x", [], {}, {"Mobile": None}, {"Mobile": {}}])
    def test_rows_that_are_none_are_passed_over(self, junk):
        assert outcome(junk, row()).result is Result.ACCEPTED

    def test_rows_are_believed_beside_a_status_that_refuses_the_call(self):
        outcomes = read([row(), row(ADDRESSES[1], 0, 101)], status="Mobiles_Invalid").outcomes
        assert [outcomes[address].result for address in ADDRESSES] == [
            Result.ACCEPTED,
            Result.REJECTED,
            Result.UNKNOWN,
        ]


TROUBLES = {
    StatusKind.ACCOUNT: Trouble.ACCOUNT,
    StatusKind.PROVIDER: Trouble.PROVIDER,
    StatusKind.CONTENT: Trouble.CONTENT,
}


class TestTheCallAsAWhole:
    @pytest.mark.parametrize("code", sorted(STATUSES))
    @pytest.mark.parametrize("by_name", [True, False])
    def test_every_documented_status_with_no_data(self, code, by_name):
        name, kind = STATUSES[code]
        if kind is StatusKind.SUCCESS:
            return
        with pytest.raises(GatewayError) as error:
            read([], status=name if by_name else code, CampaignID=0)
        assert error.value.code == name
        if kind is StatusKind.VAGUE:
            assert isinstance(error.value, OutcomeUnknown)
        else:
            assert isinstance(error.value, NotSent)
            assert error.value.trouble is TROUBLES.get(kind, Trouble.CONTENT)
            assert isinstance(error.value, BatchRefused) == (kind is StatusKind.RECIPIENT)

    @pytest.mark.parametrize("status", ["Whatever", 12345, None, [], 1.5, ""])
    def test_an_undocumented_status_proves_nothing(self, status):
        with pytest.raises(OutcomeUnknown):
            read([], status=status, CampaignID=0)

    def test_a_refusal_that_made_a_campaign_all_the_same_proves_nothing(self):
        with pytest.raises(OutcomeUnknown):
            read([], status="CreditNotEnough", CampaignID=12)

    def test_a_success_without_rows_leaves_everybody_unknown_and_keeps_the_campaign(self):
        answer = read([])
        assert {o.result for o in answer.outcomes.values()} == {Result.UNKNOWN}
        assert answer.campaign_id == "12"

    def test_data_that_is_no_list_proves_nothing(self):
        with pytest.raises(OutcomeUnknown):
            read({"Mobile": 1})

    def test_there_is_no_voice_message_in_an_sms(self, sms):
        with pytest.raises(NotSent):
            sms.run(sms.gateway.make_audio("x", "y"))

    def test_the_request_is_what_the_provider_asks_for(self, sms):
        sms.send(now=datetime(2026, 11, 23, 8, 30, 5, 999_999, tzinfo=UTC))
        assert sms.server.received[-1]["params"] == {
            "SendDateTime": "2026-11-23 12:00:05",
            "SMSMessageText": TEXT,
            "LineNumber": "public",
            "Mobiles": "09121111111,09122222222,09353333333",
        }


class TestLookup:
    def test_by_time_it_finds_who_was_taken_and_proves_who_was_not(self, sms):
        sms.send(*ADDRESSES[:2])
        lookup = sms.take_lookup()
        assert lookup.complete
        assert set(lookup.found) == set(ADDRESSES[:2])
        ids = {entry["number"]: str(entry["id"]) for entry in sms.server.accepted}
        assert {a: o.provider_id for a, o in lookup.found.items()} == ids

    def test_another_text_to_the_same_number_is_another_message(self, sms):
        sms.send(text="پیامی دیگر")
        lookup = sms.take_lookup()
        assert lookup.complete
        assert lookup.found == {}

    def test_what_the_answer_hid_is_found_afterwards(self, sms):
        sms.server.use("hang-after-accept:0.01", "no-data")
        answer = sms.send()
        assert {o.result for o in answer.outcomes.values()} == {Result.UNKNOWN}
        assert set(sms.take_lookup().found) == set(ADDRESSES)

    def test_a_refused_question_is_no_proof_of_absence(self, sms):
        sms.server.use("account:Token_Invalid")
        with pytest.raises(GatewayError):
            sms.take_lookup()

    def test_an_unknown_campaign_is_no_proof_of_absence(self, sms):
        assert not sms.take_lookup("4711").complete

    def test_a_long_period_is_asked_for_in_overlapping_slices(self):
        for length in (timedelta(minutes=3), timedelta(hours=5, seconds=7)):
            slices = list(_slices(NOW, NOW + length))
            assert slices[0][0] == NOW
            assert slices[-1][1] >= NOW + length
            assert len(slices) <= 61
            assert all(later[0] < earlier[1] for earlier, later in pairwise(slices))


class TestMatching:
    def matcher(self, **changes: Any) -> Matcher:
        fields = {"text": TEXT, "addresses": ADDRESSES, "since": NOW, "until": NOW + timedelta(minutes=5)}
        return Matcher(**{**fields, **changes})

    def sent(self, **changes: Any) -> dict[str, Any]:
        return {
            "MessageID": 9,
            "Mobile": 9121111111,
            "SMSMessageText": TEXT,
            "RegDateTime": "2026-11-23T12:01:00",
            **changes,
        }

    @pytest.mark.parametrize("text", [TEXT, TEXT.replace("ی", "ي"), f"{TEXT}\r\nلغو11", f" {TEXT} "])
    def test_the_same_text_in_the_providers_spelling_is_found(self, text):
        matcher = self.matcher()
        matcher.take(self.sent(SMSMessageText=text))
        assert matcher.found[ADDRESSES[0]].result is Result.ACCEPTED

    @pytest.mark.parametrize("text", ["", TEXT[:10], f"[آموت] {TEXT}", None, 5])
    def test_a_text_that_may_be_ours_proves_neither(self, text):
        matcher = self.matcher()
        matcher.take(self.sent(SMSMessageText=text))
        assert matcher.found[ADDRESSES[0]].result is Result.UNKNOWN

    @pytest.mark.parametrize("at", ["2026-11-23T11:59:57", "2026-11-23 12:05:03", "2026-11-23T12:00:00Z"])
    def test_another_time_is_another_message_or_times_that_are_not_understood(self, at):
        """Who is asked for a period lists nothing else: absence is not believed of such a list."""
        matcher = self.matcher()
        matcher.take(self.sent(RegDateTime=at))
        assert matcher.found == {}
        assert not matcher.understood

    @pytest.mark.parametrize(
        "at",
        [
            *("2026-11-23T08:31:00Z", "2026-11-23T08:31:00.123+00:00", "2026-11-23 12:01:00+0330"),
            *("2026-11-23T12:01:00.1234567", "2026-11-23 12:01:00", " 2026-11-23T12:01:00 "),
        ],
    )
    def test_a_time_that_names_its_offset_is_read_by_it(self, at):
        matcher = self.matcher()
        matcher.take(self.sent(RegDateTime=at))
        assert ADDRESSES[0] in matcher.found
        assert matcher.understood

    def test_another_text_at_another_time_says_nothing(self):
        matcher = self.matcher()
        matcher.take(self.sent(RegDateTime="2026-11-20 12:00:00", SMSMessageText="چیزی دیگر"))
        assert matcher.understood

    @pytest.mark.parametrize(
        "at",
        [
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "1405-09-06 10:00:00",
            None,
            "soon",
            "2026-13-45 99:99:99",
        ],
    )
    def test_a_row_without_a_time_counts_since_the_period_was_asked_for(self, at):
        matcher = self.matcher()
        matcher.take(self.sent(RegDateTime=at))
        assert ADDRESSES[0] in matcher.found

    @pytest.mark.parametrize("junk", [None, 5, {}, {"Mobile": "x"}])
    def test_a_row_that_cannot_be_read_makes_the_answer_incomplete(self, junk):
        matcher = self.matcher()
        matcher.take(junk)
        assert not matcher.understood

    def test_a_row_without_an_id_is_no_acceptance(self):
        matcher = self.matcher()
        matcher.take(self.sent(MessageID=2**63))
        assert matcher.found[ADDRESSES[0]].result is Result.UNKNOWN


class TestDeliveryReports:
    def test_reports_of_a_campaign_progress_with_time(self, sms):
        campaign = sms.send().campaign_id
        early = sms.run(sms.gateway.get_deliveries_by_campaign(campaign))
        assert {report.report for report in early} == {ReportStatus.PENDING}
        for entry in sms.server.gateway.ledgers["sms"].campaigns:
            entry.at -= 10
        late = sms.run(sms.gateway.get_deliveries_by_campaign(campaign))
        assert {(report.number, report.report) for report in late} == {
            (address[-10:], ReportStatus.DELIVERED) for address in ADDRESSES
        }

    def test_one_recipient_without_a_row_costs_nobody_else_the_report(self, sms):
        answer = sms.send()
        known = [outcome.provider_id for outcome in answer.outcomes.values()]
        reports = sms.run(sms.gateway.reports(answer.campaign_id, [*known, "5"]))
        assert {report.provider_id for report in reports} == set(known)

    def test_a_list_with_an_unknown_id_is_asked_for_in_halves(self, sms):
        known = [outcome.provider_id for outcome in sms.send().outcomes.values()]
        reports = sms.run(sms.gateway.reports("", ["5", *known]))
        assert {report.provider_id for report in reports} == set(known)

    def test_no_receipt_says_nothing_of_the_message(self):
        report = read_report({"MessageID": 1, "DeliveryType": 500})
        assert report is not None
        assert (report.word, report.report) == ("no_receipt", ReportStatus.UNCLEAR)

    def test_every_documented_type_is_mapped_and_others_are_unclear(self):
        for code, (word, meaning) in DELIVERY_TYPES.items():
            report = read_report({"MessageID": 1, "DeliveryType": str(code)})
            assert report is not None
            assert (report.word, report.report) == (word, meaning)
        strange = read_report({"MessageID": 1, "DeliveryType": 777})
        assert strange is not None
        assert (strange.word, strange.report) == ("777", ReportStatus.UNCLEAR)

    @pytest.mark.parametrize("junk", [None, {}, {"MessageID": 2**63, "DeliveryType": 1}, [1]])
    def test_a_report_that_belongs_to_nobody_is_left_out(self, junk):
        assert read_report(junk) is None


def test_the_call_is_refused_before_it_is_made_when_the_window_is_over(sms):
    batch = replace(sms.batch(), ends_at=sms.batch().now - timedelta(hours=1))
    with pytest.raises(NotSent):
        sms.run(sms.gateway.send(batch))
