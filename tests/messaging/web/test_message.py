"""One message on screen: progress, stops, recipients, why."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from common.paging import KeyPage, page_by
from messaging.actions.plan import plan
from messaging.audience.progress import message_progress, message_status
from messaging.evaluation.explain import explain
from messaging.models import Delivery, Message, MessageStop
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus
from messaging.web.labels import REASONS
from persian.digits import to_persian
from persian.jalali import format_datetime
from staff.models import Employee
from tests.factories import (
    AudienceMemberFactory,
    ChannelFactory,
    ContactFactory,
    DeliveryFactory,
    GatewayCallFactory,
    MessageFactory,
    OutageFactory,
    mobile,
)
from tests.messaging.pages import colleague, planned, put, signed_in, sms, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender() -> Employee:
    return colleague("sender")


@pytest.fixture
def client(sender: Employee) -> Client:
    return signed_in(user_of(sender))


class TestStanding:
    def test_counts_by_state_and_reason_come_with_the_hold_of_the_whole_message(
        self, sender: Employee
    ) -> None:
        ContactFactory.create_batch(3)
        ContactFactory(no_promotional=True)
        ContactFactory(voc_call_open=True)
        message = planned(sender, purpose="promotional")
        status = message_status(message, timezone.now())
        assert status == {
            "id": message.pk,
            "status": "running",
            "total": 5,
            "by_state": {"queued": 4, "suppressed": 1},
            "by_reason": {"window_closed": 3, "voc_call_open": 1, "no_promotional": 1},
            "held_by": "window_closed",
            "held_until": None,
        }

    def test_the_hold_is_todays_and_not_that_of_the_planning(self, sender: Employee) -> None:
        ContactFactory.create_batch(2)
        message = planned(sender)
        assert message_progress(message, timezone.now()).held_by == ""
        OutageFactory(channel=message.channel)
        assert message_progress(message, timezone.now()).by_reason == {"operator_down": 2}

    def test_a_row_that_is_to_be_tried_again_later_keeps_its_own_reason(self, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        later = timezone.now() + timedelta(minutes=5)
        Delivery.objects.filter(message=message).update(reason="retry", not_before=later)
        assert message_progress(message, timezone.now()).by_reason == {"retry": 1}
        assert message_progress(message, later).by_reason == {}

    def test_lines_given_twice_are_counted(self, sender: Employee) -> None:
        message = MessageFactory(sender=sender, audience={"kind": "file", "name": "f", "lines": 3})
        for line in (1, 2, 3):
            AudienceMemberFactory(message=message, line=line, address=mobile(1))
        ContactFactory(mobile=mobile(1))
        plan(message.pk, now=timezone.now())
        message.refresh_from_db()
        result = message_progress(message, timezone.now())
        assert (result.total, result.by_reason) == (3, {"duplicate": 2})

    def test_nothing_holds_a_message_that_has_nothing_waiting(self, sender: Employee) -> None:
        message = planned(sender, purpose="promotional")
        assert message_progress(message, timezone.now()).held_by == ""

    def test_counting_is_one_query_over_the_deliveries(
        self, sender: Employee, django_assert_max_num_queries: Any
    ) -> None:
        ContactFactory.create_batch(5)
        message = planned(sender)
        with django_assert_max_num_queries(7) as captured:
            message_progress(message, timezone.now())
        about = [query for query in captured.captured_queries if "messaging_delivery" in query["sql"]]
        assert len(about) == 1


class TestExplain:
    def test_every_rule_is_named_with_its_clause(self, sender: Employee) -> None:
        contact = ContactFactory(no_promotional=True)
        message = planned(sender, purpose="promotional")
        result = explain(message, contact.address, timezone.now())
        assert (result["verdict"], result["reason"]) == ("refuse", "no_promotional")
        assert (result["state"], result["own_reason"]) == ("suppressed", "no_promotional")
        assert {f["rule"]: f["effect"] for f in result["findings"]}["window"] == "hold"
        assert {f["clause"] for f in result["findings"]} >= {"C7.2", "C7.3", "C7.4", "C7.5", "C7.6"}

    def test_a_number_outside_the_message_has_no_state(self, sender: Employee) -> None:
        message = planned(sender)
        contact = ContactFactory()
        result = explain(message, contact.address, timezone.now())
        assert (result["verdict"], result["state"]) == ("allow", None)

    def test_a_number_that_nobody_has_is_refused_for_missing_facts(self, sender: Employee) -> None:
        result = explain(planned(sender), mobile(999), timezone.now())
        assert result["reason"] == "facts_missing"


class TestProgress:
    def test_the_page_shows_counts_states_and_who_answers(self, client: Client, sender: Employee) -> None:
        ContactFactory.create_batch(4)
        message = planned(sender)
        put(message, "accepted")
        content = client.get(f"/messages/{message.pk}/").content.decode()
        assert sender.full_name in content
        assert message.sender_manager.full_name in content
        assert str(DeliveryState.ACCEPTED.label) in content
        assert "۱ از ۴ فرستاده‌شده" in content
        assert 'class="bar-sent" x="0" y="0" width="250"' in content

    def test_a_held_message_says_why_and_until_when(self, client: Client, sender: Employee) -> None:
        ContactFactory()
        at = timezone.now() + timedelta(hours=5)
        message = planned(sender, scheduled_at=at)
        content = client.get(f"/messages/{message.pk}/").content.decode()
        assert format_datetime(at, "fa") in content

    def test_the_live_block_asks_again_while_it_moves(self, client: Client, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        content = client.get(f"/messages/{message.pk}/progress/?seen=running").content.decode()
        assert 'hx-trigger="every 2s"' in content

    def test_the_live_block_stops_in_a_final_state(self, client: Client, sender: Employee) -> None:
        message = planned(sender)
        Message.objects.filter(pk=message.pk).update(status="finished", finished_at=timezone.now())
        content = client.get(f"/messages/{message.pk}/progress/?seen=finished").content.decode()
        assert "hx-trigger" not in content

    def test_the_page_comes_anew_when_the_status_is_another(self, client: Client, sender: Employee) -> None:
        message = planned(sender)
        response = client.get(f"/messages/{message.pk}/progress/?seen=submitted")
        assert response["HX-Refresh"] == "true"

    def test_unknown_outcomes_are_shown_to_a_person(self, client: Client, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        put(message, "unknown")
        assert client.get(f"/messages/{message.pk}/").context["counts"].unknown == 1

    def test_a_text_full_of_markup_is_only_text(self, client: Client, sender: Employee) -> None:
        message = planned(sender, text="<script>alert(1)</script>")
        for page in ("", "progress/", "cancel/"):
            content = client.get(f"/messages/{message.pk}/{page}").content.decode()
            assert "<script>alert" not in content


class TestStops:
    def test_pause_resume_and_cancel(self, client: Client, sender: Employee) -> None:
        ContactFactory.create_batch(2)
        message = planned(sender)
        for press, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
            response = client.post(f"/messages/{message.pk}/{press}/", {"reason": "اشتباه"}, follow=True)
            message.refresh_from_db()
            assert (response.status_code, message.status) == (200, status)
        assert MessageStop.objects.get(message=message, kind="cancel").reason == "اشتباه"

    def test_cancelling_says_how_many_it_is_not_sent_to(self, client: Client, sender: Employee) -> None:
        ContactFactory.create_batch(3)
        message = planned(sender)
        answer = client.post(f"/messages/{message.pk}/cancel/", {"reason": ""}, follow=True)
        assert [str(told) for told in answer.context["messages"]] == [
            "پیام لغو شد. برای هیچ‌کس ارسال نشده است."
        ]

    def test_cancel_asks_first_naming_how_many_have_not_got_it(
        self, client: Client, sender: Employee
    ) -> None:
        ContactFactory.create_batch(3)
        message = planned(sender)
        put(message, "accepted")
        content = client.get(f"/messages/{message.pk}/cancel/").content.decode()
        assert to_persian(2) in content
        message.refresh_from_db()
        assert message.status == MessageStatus.RUNNING

    def test_pressing_twice_is_told_and_changes_nothing(self, client: Client, sender: Employee) -> None:
        message = planned(sender)
        for _press in range(2):
            assert client.post(f"/messages/{message.pk}/pause/").status_code == 302
        assert MessageStop.objects.filter(message=message).count() == 1

    def test_a_stop_needs_a_press_not_a_link(self, client: Client, sender: Employee) -> None:
        message = planned(sender)
        assert client.get(f"/messages/{message.pk}/pause/").status_code == 405
        assert client.get(f"/messages/{message.pk}/resume/").status_code == 405

    def test_whoever_only_reads_sees_no_buttons_and_may_not_press(self, sender: Employee) -> None:
        message = planned(sender)
        reader = signed_in(user_of(colleague("auditor")))
        content = reader.get(f"/messages/{message.pk}/").content.decode()
        assert f"/messages/{message.pk}/pause/" not in content
        for press in ("pause", "resume", "cancel"):
            assert reader.post(f"/messages/{message.pk}/{press}/").status_code == 403


class TestRecipients:
    def test_filters_by_state_reason_and_part_of_a_number(self, client: Client, sender: Employee) -> None:
        ContactFactory.create_batch(3)
        refused = ContactFactory(no_messages=True)
        message = planned(sender)
        url = f"/messages/{message.pk}/recipients/"

        def found(query: str) -> set[str]:
            return {delivery.address for delivery, _why in client.get(url + query).context["rows"]}

        assert len(found("")) == 4
        assert found("?state=suppressed") == {refused.address}
        assert found("?reason=no_messages") == {refused.address}
        assert found("?number=" + to_persian("0" + refused.address[3:])) == {refused.address}
        assert found("?number=zzz") == set()
        assert len(found("?state=nonsense&after=%00")) == 4

    def test_the_reason_to_filter_by_is_the_live_one(self, client: Client, sender: Employee) -> None:
        ContactFactory.create_batch(2)
        called = ContactFactory(voc_call_open=True)
        message = planned(sender, purpose="promotional")
        url = f"/messages/{message.pk}/recipients/"
        for reason, count in (("window_closed", 2), ("voc_call_open", 1), ("paused", 0)):
            assert len(client.get(f"{url}?reason={reason}").context["rows"]) == count
        client.post(f"/messages/{message.pk}/pause/")
        assert len(client.get(f"{url}?reason=paused").context["rows"]) == 3
        assert called.address

    def test_lines_given_twice_are_a_list_of_their_own(self, client: Client, sender: Employee) -> None:
        message = MessageFactory(sender=sender, audience={"kind": "file", "name": "f", "lines": 3})
        for line in (1, 2, 3):
            AudienceMemberFactory(message=message, line=line, address=mobile(1))
        plan(message.pk, now=timezone.now())
        url = f"/messages/{message.pk}/recipients/"
        assert len(client.get(url).context["rows"]) == 1
        rows = client.get(url + "?reason=duplicate").context["rows"]
        assert [reason for _delivery, reason in rows] == ["duplicate", "duplicate"]

    def test_pages_lead_forth_and_back_over_every_row_once(self) -> None:
        message = MessageFactory(running=True)
        rows = sorted(DeliveryFactory(message=message).address for _ in range(7))
        every = Delivery.objects.filter(message=message)
        seen: list[str] = []

        def ask(address: str) -> KeyPage:
            return page_by(every, QueryDict(address.removeprefix("?")), key="address", size=3)

        page = ask("state=any")
        while True:
            seen += [row.address for row in page.rows]
            if not page.next:
                break
            assert page.next.startswith("?state=any&after=")
            page = ask(page.next)
        assert seen == rows
        back = ask(page.previous)
        assert [row.address for row in back.rows] == rows[3:6]
        assert ask(back.previous).previous == ""

    def test_why_names_the_rules_and_what_happened(self, client: Client, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        call = GatewayCallFactory(message=message, answer="RawAnswer")
        row = Delivery.objects.get(message=message)
        Delivery.objects.filter(pk=row.pk).update(state="sending", call=call)
        Delivery.objects.filter(pk=row.pk).update(state="accepted", provider_id="778899", attempts=1)
        content = client.get(f"/messages/{message.pk}/recipients/{row.pk}/").content.decode()
        assert "778899" in content
        assert "C7.6" in content
        assert "RawAnswer" not in content

    def why(self, client: Client, message: Message, number: str) -> str:
        return client.post(f"/messages/{message.pk}/why/", {"number": number}).content.decode()

    def test_why_says_first_what_became_of_it_and_never_the_opposite(
        self, client: Client, sender: Employee
    ) -> None:
        contact = ContactFactory(no_promotional=True)
        message = planned(sender, purpose="promotional")
        content = self.why(client, message, contact.address)
        number = to_persian("0" + contact.address[3:])
        assert f"این پیام به \u2066{number}\u2069 ارسال نشد، چون مشتری پیام تبلیغاتی نمی‌خواهد." in content
        assert "رد نکرده است" not in content
        assert "انصراف از همهٔ پیام‌ها" in content  # a neutral noun for a rule that passes
        assert "مانعی نیست" in content

    def test_a_rule_that_does_not_bind_states_nothing(self, client: Client, sender: Employee) -> None:
        contact = ContactFactory()
        content = self.why(client, planned(sender), contact.address)
        assert "این هدف محدودیت ساعت ندارد" in content
        assert "بازهٔ مجاز ارسال باز است" not in content

    def test_a_number_of_nobody_gets_the_reason_by_its_name_and_once(
        self, client: Client, sender: Employee
    ) -> None:
        content = self.why(client, planned(sender), "09351112233")
        assert content.count("<span>در فهرست مشتریان نیست") == 1
        assert "چون این شماره در فهرست مشتریان نیست" in content

    def test_why_for_a_number_that_somebody_types(self, client: Client, sender: Employee) -> None:
        contact = ContactFactory()
        message = planned(sender)
        url = f"/messages/{message.pk}/why/"
        number = to_persian("0" + contact.address[3:])
        whole_page = client.post(url, {"number": number})
        assert contact.name in whole_page.content.decode()
        fragment = client.post(url, {"number": number}, headers={"HX-Request": "true"}).content.decode()
        assert contact.name in fragment
        assert "<html" not in fragment

    @pytest.mark.parametrize("number", ["", "abc", "0" * 40, "+49 30 123456"])
    def test_a_number_that_is_none_is_told_so(self, client: Client, sender: Employee, number: str) -> None:
        message = planned(sender)
        response = client.post(f"/messages/{message.pk}/why/", {"number": number})
        assert response.context["number_form"].errors

    def test_a_recipient_of_another_message_is_not_found(self, client: Client, sender: Employee) -> None:
        message, other = planned(sender), DeliveryFactory()
        assert client.get(f"/messages/{message.pk}/recipients/{other.pk}/").status_code == 404


class TestList:
    def test_an_empty_list_offers_to_write_a_message(self, client: Client) -> None:
        content = client.get("/messages/").content.decode()
        assert content.count("/messages/compose/") >= 2

    def test_filters_and_pages(self, client: Client, sender: Employee) -> None:
        sms()
        ids = [MessageFactory(sender=sender, purpose="survey").pk for _ in range(27)]
        MessageFactory(sender=sender)
        first = client.get("/messages/?purpose=survey&channel=sms&status=submitted")
        assert [m.pk for m in first.context["page"].rows] == sorted(ids, reverse=True)[:25]
        next_page = re.search(r'href="(\?[^"]*after=[^"]*)"', first.content.decode())
        assert next_page is not None
        second = client.get("/messages/" + next_page[1].replace("&amp;", "&"))
        assert [m.pk for m in second.context["page"].rows] == sorted(ids)[1::-1]
        assert not client.get("/messages/?status=paused").context["page"].rows
        assert client.get("/messages/?status=x&after=y&channel=z").status_code == 200

    def test_a_row_of_the_list_says_what_holds_it(self, client: Client, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender, purpose="promotional")
        row = client.get(f"/messages/rows/?of={message.pk}").content.decode()
        assert str(REASONS[Reason.WINDOW_CLOSED].name) in row


@pytest.mark.parametrize("language", ["fa", "en"])
def test_pages_answer_in_both_languages(sender: Employee, language: str) -> None:
    ContactFactory()
    message = planned(sender)
    client = signed_in(user_of(sender), language)
    for page in ("", "compose/", f"{message.pk}/", f"{message.pk}/recipients/", f"{message.pk}/cancel/"):
        response = client.get(f"/messages/{page}")
        assert response.status_code == 200
        assert f'lang="{language}"' in response.content.decode()


@pytest.mark.parametrize("is_active", [True, False])
def test_the_page_says_that_the_channel_is_out_of_use(is_active: bool):
    sender = colleague("sender")
    message = planned(sender, channel=ChannelFactory(is_active=is_active))
    DeliveryFactory(message=message)
    page = signed_in(user_of(sender), "en").get(f"/messages/{message.pk}/").content.decode()
    assert ("The channel is out of use" in page) is not is_active


def test_in_english_the_department_has_its_english_name() -> None:
    employee = colleague("sender")
    employee.department.name_en = "Avanak and SMS"
    employee.department.save()
    message = MessageFactory(sender=employee)
    client = signed_in(user_of(employee), "en")
    for address in ("/messages/", f"/messages/{message.pk}/"):
        assert "Avanak and SMS" in client.get(address).content.decode()
