"""The pages about unknown outcomes: who opens them, what they say, what a press does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_unknown
from messaging.models import Delivery, DoubtDecision, GatewayCall, Message
from persian.digits import to_persian
from tests.factories import UserFactory
from tests.messaging.helpers import people, states
from tests.messaging.pages import boss_of, colleague, planned, signed_in, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    people(3)
    message = planned(colleague("sender"))
    now = timezone.now()
    claimed = claim(message, limit=10, closes_at=None, worker="test", now=now)
    assert claimed is not None
    record_unknown(claimed.call_id, now=now, error="timeout", answer='{"Mobile": "912***11"}')
    return message


@pytest.fixture
def manager(message: Message) -> Client:
    return signed_in(user_of(boss_of(message.sender, "manager")))


def shown(client: Client, address: str) -> dict[str, Any]:
    """What the page's own form would post."""
    context = client.get(address).context
    outcome = context["outcome"]
    fields = {"seen": outcome.people, "until": outcome.until.isoformat(), "reason": "در پنل دیدم"}
    return fields | ({"delivery": context["delivery"].pk} if context["delivery"] else {})


def page_of(message: Message) -> str:
    return f"/messages/{message.pk}/unknown/"


def press(client: Client, message: Message, **fields: Any) -> Any:
    return client.post(f"{page_of(message)}decide/", fields, follow=True)


def test_the_page_names_how_many_why_since_when_and_what_was_answered(manager: Client, message: Message):
    for said, words in (("", "هنوز از سرویس‌دهنده پرسیده نشده"), ("no_campaign", "شناسهٔ کمپین")):
        GatewayCall.objects.update(settle_said=said)
        text = manager.get(page_of(message)).content.decode()
        assert "نتیجهٔ ارسال برای ۳ نفر نامشخص است" in text
        assert "ممکن است تا ۳ نفر پیام را دو بار بگیرند" in text
        assert words in text
        assert "912***11" in text
        assert text.count("تصمیم دربارهٔ این یکی") == 3


def test_an_unknown_outcome_that_only_a_campaigns_id_could_end_is_not_asked_about_again(
    manager: Client, message: Message
):
    GatewayCall.objects.update(settle_said="no_campaign", settle_given_up_at=timezone.now())
    text = manager.get(page_of(message)).content.decode()
    assert "unknown/ask/" not in text
    assert "دیگر خودکار پرسیده نمی‌شود" in text


def test_the_form_posts_the_instant_as_exactly_as_it_was(manager: Client, message: Message):
    call = GatewayCall.objects.get()
    text = manager.get(page_of(message)).content.decode()
    value = text.split('name="until" value="')[1].split('"')[0]
    fields = {"choice": "abandon", "seen": 3, "until": value, "reason": "دیدم"}
    press(manager, message, **fields)
    assert call.finished_at is not None
    assert call.finished_at.microsecond
    assert states(message) == {"abandoned": 3}


@pytest.mark.parametrize(
    ("choice", "state"), [("resend", "queued"), ("abandon", "abandoned"), ("sent", "accepted")]
)
def test_a_press_decides_about_all(manager: Client, message: Message, choice: str, state: str):
    response = press(manager, message, choice=choice, **shown(manager, page_of(message)))
    assert response.redirect_chain[-1][0] == f"/messages/{message.pk}/"
    assert states(message) == {state: 3}
    assert "در پنل دیدم" in response.content.decode()


def test_a_press_about_one_leaves_the_others(manager: Client, message: Message):
    row = Delivery.objects.filter(message=message)[1]
    fields = shown(manager, f"{page_of(message)}{row.pk}/")
    assert fields["seen"] == 1
    response = press(manager, message, choice="sent", **fields)
    assert response.redirect_chain[-1][0] == page_of(message)
    row.refresh_from_db()
    assert row.state == "accepted"
    assert states(message) == {"accepted": 1, "unknown": 2}


def test_what_was_settled_meanwhile_is_told(manager: Client, message: Message):
    fields = shown(manager, page_of(message))
    row = Delivery.objects.filter(message=message)[0]
    Delivery.objects.filter(pk=row.pk).update(state="accepted", provider_id="5")
    response = press(manager, message, choice="abandon", **fields)
    assert "از ۳ نفر، وضعیت ۱ نفر در این میان روشن شده بود" in response.content.decode()
    response = press(manager, message, choice="resend", **fields)
    assert "از ۳ نفر، وضعیت ۳ نفر در این میان روشن شده بود" in response.content.decode()
    assert DoubtDecision.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": " \t "},
        {"reason": "ا" * 301},
        {"choice": "forget"},
        {"choice": ""},
        {"seen": "-1"},
        {"seen": "x"},
        {"seen": "9" * 30},
        {"until": "soon"},
        {"until": ""},
        {"reason": "\x00"},
    ],
)
def test_a_press_that_is_not_whole_decides_nothing(manager: Client, message: Message, wrong: dict[str, str]):
    fields = shown(manager, page_of(message)) | {"choice": "resend"} | wrong
    response = press(manager, message, **fields)
    assert response.status_code == 422
    assert states(message) == {"unknown": 3}


@pytest.mark.parametrize("delivery", ["999999999", "9" * 18])
def test_somebody_who_is_no_recipient_cannot_be_decided_about(
    manager: Client, message: Message, delivery: str
):
    fields = shown(manager, page_of(message)) | {"choice": "resend", "delivery": delivery}
    assert press(manager, message, **fields).status_code == 404
    assert states(message) == {"unknown": 3}


@pytest.mark.parametrize("delivery", ["x", "-1", "9" * 40, "1.5"])
def test_a_recipient_that_is_no_number_never_means_all(manager: Client, message: Message, delivery: str):
    fields = shown(manager, page_of(message)) | {"choice": "resend", "delivery": delivery}
    assert press(manager, message, **fields).status_code == 422
    assert states(message) == {"unknown": 3}


@pytest.mark.parametrize("spelling", [to_persian, " {} ".format, "{:0>25}".format])
def test_a_recipient_in_another_spelling_is_that_one_alone(manager: Client, message: Message, spelling):
    row = Delivery.objects.filter(message=message)[0]
    fields = shown(manager, page_of(message)) | {"choice": "abandon", "delivery": spelling(row.pk)}
    press(manager, message, **fields)
    assert states(message)["unknown"] == 2


def test_another_departments_unknown_outcome_does_not_exist(message: Message):
    other = signed_in(user_of(colleague("manager")))
    row = Delivery.objects.filter(message=message)[0]
    assert other.get(page_of(message)).status_code == 404
    assert other.get(f"{page_of(message)}{row.pk}/").status_code == 404
    for name in ("decide", "ask"):
        assert other.post(f"{page_of(message)}{name}/", {"choice": "resend"}).status_code == 404
    assert other.get("/messages/unknown/").context["outcomes"] == []
    assert states(message) == {"unknown": 3}


def test_another_messages_recipient_is_not_decided_about_here(manager: Client, message: Message):
    other = planned(message.sender)
    row = Delivery.objects.filter(message=other)[0]
    assert manager.get(f"{page_of(message)}{row.pk}/").status_code == 404


def test_the_list_shows_where_a_person_is_needed(manager: Client, message: Message):
    [found] = manager.get("/messages/unknown/").context["outcomes"]
    assert (found.message, found.people, found.calls) == (message, 3, 1)
    GatewayCall.objects.update(outcome="settled")
    Delivery.objects.update(state="abandoned")
    assert manager.get("/messages/unknown/").context["outcomes"] == []


def test_home_calls_for_a_person_once_the_provider_was_asked_in_vain(manager: Client, message: Message):
    senior = signed_in(UserFactory(roles=["senior"]))
    assert "/messages/unknown/" not in senior.get("/").content.decode()
    GatewayCall.objects.update(settle_rounds=1)
    for client in (senior, manager):
        assert "/messages/unknown/" in client.get("/").content.decode()
    assert "/messages/unknown/" not in signed_in(UserFactory(roles=["voc"])).get("/").content.decode()


def test_the_provider_is_asked_again_by_a_press(manager: Client, message: Message):
    GatewayCall.objects.update(settle_given_up_at=timezone.now(), settle_rounds=24)
    response = manager.post(f"{page_of(message)}ask/", follow=True)
    assert response.redirect_chain[-1][0] == page_of(message)
    call = GatewayCall.objects.get()
    assert (call.settle_given_up_at, call.settle_rounds) == (None, 0)


def test_a_message_of_unknown_outcome_leads_to_the_page_for_those_who_may_decide(
    manager: Client, message: Message
):
    row = Delivery.objects.filter(message=message)[0]
    pages = [f"/messages/{message.pk}/", f"/messages/{message.pk}/recipients/"]
    pages.append(f"{pages[1]}{row.pk}/")
    sender = signed_in(user_of(message.sender))
    for page in pages:
        assert page_of(message) in manager.get(page).content.decode()
        assert page_of(message) not in sender.get(page).content.decode()


def test_why_says_when_the_provider_is_asked_and_who_decided_what(manager: Client, message: Message):
    row = Delivery.objects.filter(message=message)[0]
    why = f"/messages/{message.pk}/recipients/{row.pk}/"
    GatewayCall.objects.update(
        settle_due_at=timezone.now() + timedelta(hours=1), settle_said="no_answer:http_503"
    )
    text = manager.get(why).content.decode()
    assert "پرسش بعدی از سرویس‌دهنده" in text
    assert "پاسخ قابل‌فهمی نداد" in text
    press(manager, message, choice="resend", **shown(manager, page_of(message)))
    text = manager.get(why).content.decode()
    assert "در پنل دیدم" in text
    assert "نتیجه نامشخص است" not in text
