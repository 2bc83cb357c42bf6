"""The fake AmootSMS answers in the shapes of the vendor's documents."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from persian.jalali import TEHRAN
from tests.gateways.running import Running, fetch

SIMPLE = {"SMSMessageText": "سلام", "LineNumber": "public", "Mobiles": "09121111111"}


def ask(server: Running, method: str, **fields: Any) -> Any:
    return fetch(f"{server.url}/rest/{method}", urlencode(fields).encode(), {"Authorization": "any"})


class TestHowACallMayCome:
    def test_by_get_with_the_token_in_the_address(self, server):
        answer = fetch(f"{server.url}/rest/SendSimple?{urlencode({'Token': 'any', **SIMPLE})}")
        assert answer["Status"] == "Success"
        assert server.accepted

    def test_as_a_multipart_form(self, server):
        head = 'Content-Disposition: form-data; name="URLAddress"'
        part = f"--b\r\n{head}\r\n\r\nhttps://x.example/A\r\n--b--\r\n"
        headers = {"Authorization": "any", "Content-Type": "multipart/form-data; boundary=b"}
        answer = fetch(f"{server.url}/rest/RelayMessageDeliveryCreate", part.encode(), headers)
        assert answer == {"Status": "Success", "RelayMessageDeliveryID": 99}

    def test_as_json_with_a_list_of_numbers(self, server):
        body = json.dumps({**SIMPLE, "Mobiles": ["9121111111", "9122222222"]}).encode()
        headers = {"Authorization": "any", "Content-Type": "application/json"}
        assert len(fetch(f"{server.url}/rest/SendSimple", body, headers)["Data"]) == 2

    def test_neither_put_nor_delete_is_served(self, server):
        request = urllib.request.Request(f"{server.url}/rest/AccountStatus", method="PUT")  # noqa: S310
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(request, timeout=5)  # noqa: S310


NOT_SENT: dict[str, Any] = {"MessageText": None, "SMSPagesCount": 1, "CampaignID": 0, "Price": 0, "Data": []}
WITHOUT_A_TOKEN: dict[str, Any] = {
    "SendSimple": {**NOT_SENT, "Status": "Token_NotExists"},
    "SendPeerToPeer": {"Data": None, "Status": "Token_NotExists"},
    "GetMessages": {"Data": [], "Status": "Token_NotExists"},
    "GetDelivery": {"Data": None, "Status": "Token_NotExists"},
    "IsBlackList_ByCancelation": {"Status": "Token_NotExists", "LineNumber": None, "Data": []},
    "RelayMessageDeliveryList": {"Status": "Token_NotExists", "Data": []},
    "RelayRecieveMessageSetActive": "Token_NotExists",
    "CalculateMessagePrice": -201,
}


class TestRefusals:
    @pytest.mark.parametrize("method", WITHOUT_A_TOKEN)
    def test_a_missing_token_has_the_shape_of_its_method(self, server, method):
        assert fetch(f"{server.url}/rest/{method}", b"") == WITHOUT_A_TOKEN[method]

    def test_the_account_without_a_token_is_empty(self, server):
        answer = fetch(f"{server.url}/rest/AccountStatus", b"")
        assert (answer["AccountName"], answer["RemaindCredit"]) == (None, 0)
        assert answer["AdsSMS_EnglishPrice"] == 0

    @pytest.mark.parametrize("line", ["public", "Service", "98", "30001234"])
    def test_a_line_of_the_account_sends(self, server, line):
        assert ask(server, "SendSimple", **{**SIMPLE, "LineNumber": line})["Status"] == "Success"

    def test_another_line_does_not(self, server):
        assert ask(server, "SendSimple", **{**SIMPLE, "LineNumber": "1"})["Status"] == "LineNumber_NotExist"
        answer = ask(server, "SendWithBackupLine", **SIMPLE, BackupLineNumber="1")
        assert answer["Status"] == "BackupLineNumber_NotExist"
        assert ask(server, "IsBlackList_ByCancelation", Mobile="09121111111", LineNumber="1")["Data"] is None

    @pytest.mark.parametrize("method", ["GetMessages", "RecieveMessages"])
    def test_a_period_that_ends_before_it_begins_is_refused(self, server, method):
        period = {"FromDateTime": "2026-11-30 12:00:00", "ToDateTime": "2026-11-30 11:00:00"}
        assert ask(server, method, **period)["Status"] == "FromDateTimeIsAfterThanToDateTime"


class TestSending:
    def test_a_message_for_later_is_scheduled(self, server):
        later = datetime.now(TEHRAN) + timedelta(hours=2)
        stamp = later.strftime("%Y-%m-%d %H:%M:%S")
        [row] = ask(server, "SendSimple", **SIMPLE, SendDateTime=stamp)["Data"]
        time.sleep(0.3)
        delivery = ask(server, "GetDelivery", MessageID=row["MessageID"])["Data"]
        assert delivery["DeliveryType"] == 900
        assert delivery["SendDateTime"].replace("T", " ")[:16] == stamp[:16]

    def test_without_a_time_it_goes_at_once(self, server):
        [row] = ask(server, "SendSimple", **SIMPLE)["Data"]
        time.sleep(0.3)
        assert ask(server, "GetDelivery", MessageID=row["MessageID"])["Data"]["DeliveryType"] == 1

    def test_a_backup_line_and_a_code(self, server):
        assert ask(server, "SendWithBackupLine", **SIMPLE, BackupLineNumber="98")["Status"] == "Success"
        [row] = ask(server, "SendQuickOTP", Mobile="09121111111", CodeLength=6, OptionalCode="")["Data"]
        assert len(row["Code"]) == 6
        wrong = ask(server, "SendQuickOTP", Mobile="09121111111", CodeLength=3, OptionalCode="")
        assert wrong["Status"] == "Length_Invalid"


class TestRows:
    def test_numbers_and_the_ids_of_what_came_in_are_texts(self, server):
        sent = ask(server, "SendSimple", **SIMPLE)
        [report] = ask(server, "GetDeliveriesByCampaignID", CampaignID=sent["CampaignID"])["Data"]
        message = ask(server, "GetMessage", MessageID=report["MessageID"])["Data"]
        assert (report["Number"], message["Mobile"]) == ("9121111111", "9121111111")
        server.steer("inbound", {"mobile": "09121111111", "text": "11"})
        [came] = ask(server, "RecieveNewMessages", Count=5)["Data"]
        assert (came["Mobile"], came["ReceiveMessageID"].isdigit()) == ("09121111111", True)
        listed = ask(server, "IsBlackList_ByCancelation", Mobile="09121111111", LineNumber="Public")
        assert (listed["LineNumber"], listed["Data"][0]["IsBlackList"]) == ("Public", True)

    def test_times_have_hundredths(self, server):
        stamps = []
        for _nth in range(5):
            sent = ask(server, "SendSimple", **SIMPLE)
            rows = ask(server, "GetDeliveriesByCampaignID", CampaignID=sent["CampaignID"])["Data"]
            stamps.append(rows[0]["RegDateTime"])
        assert any("." in stamp for stamp in stamps)


class TestRelays:
    def test_an_address_stands_once_in_lower_case_and_can_be_switched_off(self, server):
        address = {"URLAddress": "https://X.example/Secret"}
        assert ask(server, "RelayRecieveMessageCreate", **address)["RelayRecieveMessageID"] == 99
        again = ask(server, "RelayRecieveMessageCreate", **address)
        assert again == {"Status": "URLAddress_Duplicate", "RelayRecieveMessageID": 0}
        off = ask(server, "RelayRecieveMessageSetActive", RelayRecieveMessageID=99, Active="false")
        assert off == "Success"
        [row] = ask(server, "RelayRecieveMessageList")["Data"]
        assert (row["URLAddress"], row["Active"]) == ("https://x.example/secret", False)
        unknown = ask(server, "RelayRecieveMessageSetActive", RelayRecieveMessageID=7, Active="true")
        assert unknown == "Failed"
