"""The desk's pages as an expert and the manager meet them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.consent.actions import open_call
from contacts.desk import actions
from contacts.models import ConsentEntry, Contact, OptOutCall
from tests.factories import ContactFactory, DeliveryFactory, MessageFactory, UserFactory, set_flag

pytestmark = pytest.mark.django_db

REASON = "مشتری تلفنی خواست"


@pytest.fixture
def as_voc(client, voc):
    client.force_login(voc)
    return client


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def fresh(sender, now) -> OptOutCall:
    """A call of a minute ago: the pages read the clock themselves."""
    opened, _effect = open_call(
        contact=ContactFactory(name="ندا کریمی", mobile="+989123456789"),
        by=sender,
        now=now - timedelta(minutes=1),
    )
    return opened


def at(name, call, *args):
    return reverse(f"desk:{name}", args=[call.pk, *args])


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def test_an_empty_queue_says_so_and_asks_again_by_itself(as_voc):
    page = as_voc.get(reverse("desk:queue")).content.decode()
    assert "تماسی در انتظار نیست" in page
    assert "hx-get" in page
    assert "<table" not in page


def test_the_queue_shows_the_oldest_first_with_who_has_it(as_voc, fresh, other, sender, now):
    younger, _effect = open_call(contact=ContactFactory(name="رضا"), by=sender, now=now)
    actions.take_call(call=younger, by=other, now=now)
    answer = as_voc.get(reverse("desk:queue"))
    assert [row.call for row in answer.context["rows"]] == [fresh, younger]
    page = answer.content.decode()
    assert "۰۹۱۲۳۴۵۶۷۸۹" in page
    assert "نرگس" in page
    assert answer.context["next_call"] == fresh
    mine = as_voc.get(reverse("desk:queue"), {"show": "mine"})
    assert mine.context["rows"] == []
    assert as_voc.get(reverse("desk:queue"), {"show": "x", "after": "y"}).status_code == 200


def test_the_part_that_asks_again_is_the_list_alone(as_voc, fresh):
    part = as_voc.get(reverse("desk:queue"), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="desk-queue"')
    assert "<html" not in part


def test_the_queue_asks_the_same_few_questions_for_any_length(
    as_voc, voc, sender, now, django_assert_max_num_queries
):
    for contact in ContactFactory.create_batch(60):
        call, _effect = open_call(contact=contact, by=sender, now=now)
        if contact.pk % 2:
            actions.take_call(call=call, by=voc, now=now)
    with django_assert_max_num_queries(14):
        answer = as_voc.get(reverse("desk:queue"))
    assert len(answer.context["rows"]) == 50
    assert answer.context["page"].next


def test_three_presses_lead_from_the_queue_to_done(as_voc, voc, fresh, sender, now):
    second, _effect = open_call(contact=ContactFactory(), by=sender, now=now)
    DeliveryFactory(contact=fresh.contact, message=MessageFactory(running=True, promotional=True))
    taken = as_voc.post(at("take", fresh), follow=True)
    assert taken.context["is_mine"]
    assert "۱ پیام در انتظار متوقف می‌شود" in taken.content.decode()
    done = as_voc.post(
        at("decide", fresh, "no_promotional"),
        {"value": "1", "no_promotional-reason": REASON},
        follow=True,
    )
    fresh.refresh_from_db()
    assert (fresh.outcome, fresh.contact.no_promotional) == ("decided", True)
    [sentence] = told(done)
    assert "۱ پیام در انتظار متوقف شد" in sentence
    assert done.context["next_call"] == second
    assert at("take", second) in done.content.decode()


def test_the_effect_of_each_option_is_named_before(as_voc, voc, fresh):
    DeliveryFactory.create_batch(2, contact=fresh.contact)
    DeliveryFactory(contact=fresh.contact, message=MessageFactory(running=True, promotional=True))
    DeliveryFactory(contact=fresh.contact, state="sending")
    actions.take_call(call=fresh, by=voc, now=timezone.now())
    answer = as_voc.get(at("call", fresh))
    promotional, everything = answer.context["options"]
    assert promotional.effect == ["۱ پیام در انتظار متوقف می‌شود."]
    assert everything.effect[0] == "۳ پیام در انتظار متوقف می‌شود."
    assert len(everything.effect) == 2


def test_a_call_of_somebody_else_says_who_and_offers_to_take_it_over(as_voc, voc, other, fresh, now):
    actions.take_call(call=fresh, by=other, now=now)
    late = as_voc.post(at("take", fresh), follow=True)
    assert "نرگس" in told(late)[0]
    page = late.content.decode()
    assert at("take_over", fresh) in page
    assert at("decide", fresh, "no_messages") not in page
    refused = as_voc.post(at("take_over", fresh), {"take_over-holder": other.pk, "take_over-reason": " "})
    assert refused.status_code == 422
    assert "is-invalid" in refused.content.decode()
    as_voc.post(at("take_over", fresh), {"take_over-holder": other.pk, "take_over-reason": "به مرخصی رفت"})
    fresh.refresh_from_db()
    assert fresh.taken_by == voc


def test_a_decision_that_came_too_late_is_told_and_changes_nothing(as_voc, voc, other, fresh, now):
    actions.take_call(call=fresh, by=voc, now=now)
    actions.take_over_call(call=fresh, holder_id=voc.pk, reason=REASON, by=other, now=now)
    answer = as_voc.post(
        at("decide", fresh, "no_messages"), {"value": "1", "no_messages-reason": REASON}, follow=True
    )
    assert "نرگس" in told(answer)[0]
    assert not ConsentEntry.objects.exists()


def test_a_refused_reason_stays_in_the_box_that_it_was_typed_in(as_voc, voc, fresh, now):
    actions.take_call(call=fresh, by=voc, now=now)
    answer = as_voc.post(at("decide", fresh, "no_messages"), {"value": "1", "no_messages-reason": "نه"})
    assert answer.status_code == 422
    assert [option.wanted for option in answer.context["options"]] == [False, True]
    assert answer.context["options"][1].form["reason"].value() == "نه"
    unknown = as_voc.post(at("decide", fresh, "is_superuser"), {"value": "1", "is_superuser-reason": REASON})
    assert unknown.status_code == 422


def test_records_of_the_same_customer_number_stand_ticked_and_colleagues_are_counted(
    as_voc, voc, sender, now
):
    contact = ContactFactory(
        customer_no="C-1", company="شرکت آفتاب", search_text="\nشرکت افتاب شرکتافتاب\nc-1\n"
    )
    same = ContactFactory(customer_no="c-1", name="شعبهٔ دوم")
    ContactFactory.create_batch(3, company="شرکت آفتاب", search_text="\nشرکت افتاب شرکتافتاب\n\n")
    call, _effect = open_call(contact=contact, by=sender, now=now)
    actions.take_call(call=call, by=voc, now=now)
    answer = as_voc.get(at("call", call))
    page = answer.content.decode()
    boxes = re.findall(
        r'<input class="form-check-input"\s+type="checkbox"\s+name="also".*?>', page, re.DOTALL
    )
    assert [("checked" in box, f'value="{same.pk}"' in box) for box in boxes] == [(True, True)] * 2
    assert answer.context["colleagues"] == 3
    done = as_voc.post(
        at("decide", call, "no_promotional"),
        {"value": "1", "no_promotional-reason": REASON, "also": [same.pk]},
        follow=True,
    )
    assert "۱ پروندهٔ دیگر" in told(done)[0]
    same.refresh_from_db()
    assert same.no_promotional


def test_not_ticked_is_not_decided(as_voc, voc, sender, now):
    contact, same = ContactFactory.create_batch(2, customer_no="C-1")
    call, _effect = open_call(contact=contact, by=sender, now=now)
    actions.take_call(call=call, by=voc, now=now)
    as_voc.post(at("decide", call, "no_promotional"), {"value": "1", "no_promotional-reason": REASON})
    same.refresh_from_db()
    assert not same.no_promotional


def test_a_customer_not_reached_goes_back_into_the_queue(as_voc, voc, fresh, now):
    actions.take_call(call=fresh, by=voc, now=now)
    missing = as_voc.post(at("not_reached", fresh), {"not_reached-next_try": "hour"})
    assert missing.status_code == 422
    [form] = re.findall(r'<details[^>]*id="form-not_reached"[^>]*>', missing.content.decode())
    assert "open" in form
    sent = {"not_reached-note": "پاسخ نداد", "not_reached-next_try": "day"}
    answer = as_voc.post(at("not_reached", fresh), sent)
    assert answer["Location"] == reverse("desk:queue")
    fresh.refresh_from_db()
    assert (fresh.attempts, fresh.taken_by) == (1, None)
    assert now < fresh.next_try_at
    assert as_voc.get(reverse("desk:queue")).context["next_call"] is None


def test_a_call_is_handed_back_and_closed_unchanged(as_voc, voc, fresh, now):
    actions.take_call(call=fresh, by=voc, now=now)
    as_voc.post(at("hand_back", fresh))
    fresh.refresh_from_db()
    assert fresh.taken_by is None
    assert told(as_voc.post(at("hand_back", fresh), follow=True))
    as_voc.post(at("take", fresh))
    as_voc.post(at("close", fresh), {"unchanged-reason": "فقط پرسشی داشت"})
    fresh.refresh_from_db()
    assert fresh.outcome == "unchanged"
    assert "فقط پرسشی داشت" in as_voc.get(at("call", fresh)).content.decode()


def test_a_press_on_the_card_keeps_the_call_and_says_who_has_it(as_voc, voc, other, fresh, now):
    actions.take_call(call=fresh, by=voc, now=now - timedelta(minutes=9))
    as_voc.post(at("press", fresh))
    fresh.refresh_from_db()
    assert fresh.pressed_at >= now
    actions.take_over_call(call=fresh, holder_id=voc.pk, reason=REASON, by=other, now=now)
    assert "نرگس" in as_voc.post(at("press", fresh)).content.decode()


def test_the_manager_sees_the_calls_that_cannot_end_and_ends_one(client, chief, voc, fresh, now):
    OptOutCall.objects.filter(pk=fresh.pk).update(attempts=3)
    monday = now - timedelta(days=(now.weekday() - 0) % 7 + 7)
    for days in (0, 0, 1):
        fresh.steps.create(kind="not_reached", at=monday + timedelta(days=days), by=voc, note="پاسخ نداد")
    client.force_login(chief)
    home = client.get("/").content.decode()
    assert reverse("desk:queue") + "?show=endless" in home
    queue = client.get(reverse("desk:queue"), {"show": "endless"})
    assert [row.call for row in queue.context["rows"]] == [fresh]
    assert at("end", fresh) in client.get(at("call", fresh)).content.decode()
    assert client.post(at("take", fresh)).status_code == 403
    assert client.post(at("end", fresh), {"end-outcome": "safe_side", "end-reason": ""}).status_code == 422
    client.post(at("end", fresh), {"end-outcome": "safe_side", "end-reason": "سه بار پاسخ نداد"})
    fresh.refresh_from_db()
    assert (fresh.outcome, fresh.contact.no_promotional) == ("safe_side", True)


def test_a_manager_of_another_department_does_not_see_the_desk(client, fresh):
    client.force_login(UserFactory(roles=["manager"]))
    assert client.get(reverse("desk:queue")).status_code == 403
    assert client.get(at("call", fresh)).status_code == 403
    assert (
        client.post(at("end", fresh), {"end-outcome": "safe_side", "end-reason": REASON}).status_code == 403
    )


def test_home_tells_the_expert_of_waiting_and_late_calls(as_voc, fresh, now):
    OptOutCall.objects.filter(pk=fresh.pk).update(late_at=now)
    answer = as_voc.get("/")
    counts = {str(task.label): task.count for task in answer.context["waiting"]}
    assert counts == {"تماس باز نزد کارشناس VOC": 1, "تماس VOC دیرشده": 1}
    assert "دیرشده" in as_voc.get(reverse("desk:queue")).content.decode()


def test_a_customers_own_page_names_the_effect_too_and_respects_who_has_the_call(as_voc, other, fresh, now):
    DeliveryFactory(contact=fresh.contact)
    card = reverse("contacts:card", args=[fresh.contact_id])
    assert "۱ پیام در انتظار متوقف می‌شود" in as_voc.get(card).content.decode()
    actions.take_call(call=fresh, by=other, now=now)
    address = reverse("contacts:consent", args=[fresh.contact_id, "no_messages"])
    refused = as_voc.post(address, {"value": "1", "no_messages-reason": REASON})
    assert refused.status_code == 422
    assert "نرگس" in refused.content.decode()
    closed = as_voc.post(reverse("contacts:close_call", args=[fresh.contact_id]), follow=True)
    assert "نرگس" in told(closed)[0]
    assert Contact.objects.get(pk=fresh.contact_id).voc_call_open


def test_a_number_of_somebody_who_refused_says_so_on_the_card(as_voc, voc, fresh, now):
    """The record had the number once; now a list brought it for another customer."""
    refuser = ContactFactory(name="کاظم", mobile="+989120000001", phone=fresh.contact.mobile)
    set_flag(refuser, "no_messages")
    page = as_voc.get(at("call", fresh)).content.decode()
    assert "کاظم" in page
