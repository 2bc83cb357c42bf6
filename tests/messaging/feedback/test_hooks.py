"""What is posted to our address is stored, and believed only after asking the provider."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.dispatch.clock import database_clock
from messaging.feedback.callbacks import BODY_LIMIT, handle_callbacks, message_ids
from messaging.feedback.poll import poll_provider
from messaging.models import GatewayCall, InboundMessage, ProviderCallback
from tests.factories import ChannelFactory
from tests.gateways.running import fetch
from tests.guards import as_owner
from tests.messaging.dispatching import Dispatch
from tests.messaging.feedback.reporting import age, later, make_due, poll, sent
from tests.messaging.helpers import states

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(settings) -> str:
    return reverse("hook", args=["amootsms", settings.CALLBACK_SECRET])


def post(address: str, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> int:
    return Client(enforce_csrf_checks=True).post(address, body, content_type=content_type).status_code


def look(dispatch: Dispatch) -> None:
    poll_provider(dispatch.channel, dispatch.client(), clock=database_clock)


class TestTheAddress:
    def test_whatever_is_posted_is_stored_as_it_came(self, address):
        ChannelFactory()
        body = b"\x00\xff{not json &&& \xd8\x00"
        assert post(address, body) == 200
        row = ProviderCallback.objects.get()
        assert bytes(row.body) == body
        assert (row.channel.code, row.handled_at) == ("sms", None)

    def test_without_the_secret_there_is_nothing_here(self, address, settings):
        ChannelFactory()
        wrong = settings.CALLBACK_SECRET[:-1]
        for path in (
            f"/hooks/amootsms/{wrong}/",
            f"/hooks/amootsms/{wrong}é/",
            f"/hooks/telegram/{settings.CALLBACK_SECRET}/",
            "/hooks/amootsms//",
        ):
            assert post(path, b"MessageID=1") == 404
        assert not ProviderCallback.objects.exists()

    def test_it_takes_posts_only_and_opens_no_session(self, address):
        ChannelFactory()
        client = Client()
        assert client.get(address).status_code == 405
        assert client.post(address, {"MessageID": 1}).status_code == 200
        assert not client.cookies

    def test_a_body_may_be_64_kilobytes_and_no_more(self, address):
        ChannelFactory()
        assert post(address, b"x" * BODY_LIMIT) == 200
        assert post(address, b"x" * (BODY_LIMIT + 1)) == 413
        assert post(address, b"x" * (5 * 1024 * 1024)) == 413
        assert ProviderCallback.objects.count() == 1

    def test_a_flood_is_turned_away_and_the_oldest_bodies_go(self, address, settings):
        channel = ChannelFactory()
        settings.CALLBACKS_PER_MINUTE, settings.CALLBACKS_KEPT = 5, 3
        assert [post(address, b"MessageID=1") for _n in range(7)] == [200] * 5 + [429] * 2
        assert handle_callbacks(channel, now=timezone.now()) == 5
        assert ProviderCallback.objects.count() == 3
        with as_owner():
            ProviderCallback.objects.update(received_at=timezone.now() - timedelta(minutes=2))
        assert post(address, b"MessageID=1") == 200

    def test_the_secret_stands_in_no_log(self, settings, capfd):
        ChannelFactory()
        post(reverse("hook", args=["amootsms", settings.CALLBACK_SECRET]), b"MessageID=1")
        post("/hooks/amootsms/" + settings.CALLBACK_SECRET + "x/", b"MessageID=1")
        written = "".join(capfd.readouterr())
        assert settings.CALLBACK_SECRET not in written


class TestWhatABodyNames:
    @pytest.mark.parametrize(
        ("body", "ids"),
        [
            (b"MessageID=12&DeliveryType=1", ["12"]),
            (b"messageid=12&MessageID=13", ["12", "13"]),
            (b"ListMessageID=12%2C13%2C%2014&x=9", ["12", "13", "14"]),
            (b'{"MessageID": 12}', ["12"]),
            (b'[{"Data": [{"MessageID": "12"}, {"MessageID": 13}]}, {"x": 99}]', ["12", "13"]),
            (b'{"ListMessageID": [12, "13,14"]}', ["12", "13", "14"]),
            (b"data=%7B%22MessageID%22%3A+12%7D", ["12"]),
            (b'--x\r\nContent-Disposition: form-data; name="MessageID"\r\n\r\n12\r\n--x--', ["12"]),
            (b"<Report><MessageID>12</MessageID></Report>", ["12"]),
            (b"MessageID=9223372036854775808", []),
            (b"MessageID=%1C5", ["5"]),
            (b"MessageID=-1&Mobile=9121234567", []),
            (b"", []),
            (b"[" * 60_000, []),
            (b'{"MessageID": ' * 4_000, []),
            (b"\xff\xfe\x00MessageID", []),
            (b"%zz=&&&=;", []),
        ],
    )
    def test_the_ids_are_found_in_any_form(self, body, ids):
        assert sorted(message_ids(body)) == ids

    def test_no_body_names_more_than_a_few_hundred(self):
        many = json.dumps({"MessageID": list(range(1, 20_000))}).encode()
        assert len(message_ids(many)) == 500


class TestBelief:
    def test_a_report_that_is_posted_makes_the_provider_be_asked_at_once(self, sms, address):
        message = sent(sms, 3)
        later(sms)
        assert post(address, f"MessageID={sms.server.accepted[1]['id']}&DeliveryType=1".encode()) == 200
        look(sms)
        assert states(message) == {"delivered": 3}
        assert ProviderCallback.objects.get().note == "1 ids, 1 calls to ask about"

    def test_a_late_report_that_is_posted_makes_the_provider_be_asked_at_once(self, sms, address):
        message = sent(sms, 3)
        later(sms, -1000)
        age(72.1)
        poll(sms)
        assert states(message) == {"unreported": 3}
        later(sms, 2000)
        post(address, f"MessageID={sms.server.accepted[1]['id']}&DeliveryType=1".encode())
        look(sms)
        assert states(message) == {"delivered": 3}

    def test_a_forged_report_changes_nothing(self, sms, address):
        message = sent(sms, 3)
        later(sms, -1000)  # nobody has it yet
        for entry in sms.server.accepted:
            post(address, f"MessageID={entry['id']}&DeliveryType=1&Number={entry['number']}".encode())
        look(sms)
        assert states(message) == {"accepted": 3}
        assert sms.server.received[-1]["method"] == "GetDeliveriesByCampaignID"

    def test_an_id_that_nobody_waits_for_asks_nothing(self, sms, address):
        sent(sms, 3)
        ids = [entry["id"] for entry in sms.server.accepted]
        due = GatewayCall.objects.get().report_due_at
        post(address, f"MessageID={ids[0] - 1}&MessageID={ids[-1] + 1}&MessageID=5".encode())
        assert handle_callbacks(sms.channel, now=database_clock()) == 1
        assert GatewayCall.objects.get().report_due_at == due
        assert ProviderCallback.objects.get().note == "3 ids, 0 calls to ask about"

    def test_the_right_one_of_many_calls_is_asked_about(self, sms, address):
        sent(sms, 30, max_batch=1)
        wanted = sms.server.accepted[17]["id"]
        post(address, f"MessageID={wanted}".encode())
        now = database_clock()
        handle_callbacks(sms.channel, now=now)
        due = GatewayCall.objects.filter(report_due_at__lte=now)
        assert [call.first_provider_id for call in due] == [wanted]

    def test_what_is_wrong_with_one_look_keeps_no_other_from_its_turn(self, sms, address, monkeypatch):
        """A body that nobody can read stands at the head of the queue, and reports come all the same."""

        def fails(_body: bytes) -> list[str]:
            raise RuntimeError

        message = sent(sms, 3)
        later(sms)
        make_due()
        post(address, b"MessageID=5")
        monkeypatch.setattr("messaging.feedback.callbacks.message_ids", fails)
        monkeypatch.setattr("messaging.feedback.poll.fetch_inbound", fails)
        with pytest.raises(TypeError):
            look(sms)
        assert states(message) == {"delivered": 3}
        assert ProviderCallback.objects.get().note == "no message id in it"

    def test_a_body_is_handled_once(self, sms, address):
        post(address, b"MessageID=5")
        assert handle_callbacks(sms.channel, now=database_clock()) == 1
        assert handle_callbacks(sms.channel, now=database_clock()) == 0


@pytest.mark.django_db(transaction=True)
def test_the_providers_own_posts_bring_reports_and_messages_within_seconds(sms, live_server, settings):
    settings.SITE_URL = live_server.url
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    call_command("register_callbacks")
    sms.server.steer("relays", {"mode": "unruly"})
    message = sent(sms, 20)
    sms.server.steer("inbound", {"mobile": "09121111111", "text": "سلام"})
    until = time.monotonic() + 8  # the first question by itself would come after ten
    while time.monotonic() < until:
        look(sms)
        if states(message) == {"delivered": 20} and ProviderCallback.objects.count() >= 42:
            break  # each report and the message twice
        time.sleep(0.1)
    assert states(message) == {"delivered": 20}
    assert InboundMessage.objects.get().text == "سلام"
    assert ProviderCallback.objects.count() == 42


def test_the_address_is_registered_for_both_kinds_of_news(sms, settings, capsys):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    settings.SITE_URL = "https://portal.example/"
    call_command("register_callbacks")
    expected = f"https://portal.example/hooks/amootsms/{settings.CALLBACK_SECRET}/"
    relays = sms.server.gateway.sms.relays
    assert (relays.active("delivery"), relays.active("received")) == ([expected], [expected])
    told = capsys.readouterr().out
    assert re.search("RelayMessageDeliveryCreate, RelayRecieveMessageCreate", told)
    assert settings.CALLBACK_SECRET not in told


def test_registering_again_is_no_error_and_switches_a_former_address_off(sms, settings):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    settings.SITE_URL = "https://portal.example"
    relays = sms.server.gateway.sms.relays
    settings.CALLBACK_SECRET = "Former-" + "x" * 32
    call_command("register_callbacks")
    settings.CALLBACK_SECRET = "Mixed-Case-" + "y" * 32
    for _twice in range(2):
        call_command("register_callbacks")
    expected = f"https://portal.example/hooks/amootsms/{settings.CALLBACK_SECRET.lower()}/"
    assert (relays.active("delivery"), relays.active("received")) == ([expected], [expected])
    settings.CALLBACK_SECRET = "Former-" + "x" * 32
    call_command("register_callbacks")
    assert relays.active("delivery") == [f"https://portal.example/hooks/amootsms/former-{'x' * 32}/"]


def test_the_address_of_another_system_stays_as_it_is(sms, settings):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    other = "https://shop.example/hooks/amootsms/abc/"
    fields = urlencode({"URLAddress": other}).encode()
    fetch(f"{sms.server.url}/rest/RelayMessageDeliveryCreate", fields, {"Authorization": "any"})
    call_command("register_callbacks")
    assert other in sms.server.gateway.sms.relays.active("delivery")


def test_the_provider_may_post_to_the_address_in_lower_case(sms, settings):
    settings.CALLBACK_SECRET = "Mixed-Case-" + "y" * 32
    address = reverse("hook", args=["amootsms", settings.CALLBACK_SECRET])
    assert post(address.lower(), b"MessageID=1") == 200


def test_a_provider_that_refuses_the_address_is_an_error_in_words(sms, settings):
    settings.AMOOTSMS_BASE_URL = f"{sms.server.url}/rest"
    sms.server.use("account:Token_NotAllowMethod")
    with pytest.raises(CommandError, match="Token_NotAllowMethod"):
        call_command("register_callbacks")
