"""The opt-out call on screen: the box, the introduction, the presses and what is true then."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from contacts.consent.actions import close_call, set_consent
from contacts.desk.caller import Caller, OpenedCall, seal_caller, seal_opened, unseal_caller, unseal_opened
from contacts.desk.introducing import introduction_of
from contacts.duty.selectors import OnDuty
from contacts.hooks import StoppedDeliveries
from contacts.models import Contact, LookUp, OptOutCall
from contacts.search import search_text
from tests.factories import ContactFactory, DeliveryFactory, MessageFactory, UserFactory, landline

pytestmark = pytest.mark.django_db

NUMBER = "+989121110010"
BOX, CALLER, OPEN = "/opt-out/", "/opt-out/caller/", "/opt-out/call/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def customer():
    return ContactFactory(
        name="زهرا احمدی", mobile=NUMBER, search_text=search_text("زهرا احمدی", "", "", NUMBER, None)
    )


@pytest.fixture
def colleague(client):
    user = UserFactory(username="owj-1", first_name="الهام", last_name="چگینی")
    client.force_login(user)
    return user


@pytest.fixture
def expert():
    return UserFactory(username="sara", first_name="سارا", last_name="رضایی", roles=["voc"])


def on_duty(expert) -> OnDuty:
    return OnDuty(user=expert, name=expert.display_name, extension="118", is_fallback=False)


def sealed_in(answer) -> str:
    """What the first form of the answer would send."""
    first: str
    [first, *_rest] = re.findall(r'name="sealed" value="([^"]+)"', answer.content.decode())
    return first


def chosen(client, typed="09121110010"):
    """Type, choose the first one: the page with the introduction."""
    found = client.post(BOX, {"q": typed}, headers=HTMX)
    return client.post(CALLER, {"sealed": sealed_in(found)}, headers=HTMX)


def pressed(client, way, typed="09121110010"):
    return client.post(OPEN, {"sealed": sealed_in(chosen(client, typed)), "way": way})


def test_a_colleague_without_any_role_finds_the_page_first_in_the_menu(client, colleague):
    page = client.get("/").content.decode()
    assert re.findall(r'class="sidebar-link[^"]*"\s+href="([^"]+)"', page)[:2] == ["/", BOX]
    assert client.get(BOX).status_code == 200


def test_typing_is_answered_by_a_fragment_with_the_least_of_the_customer(client, colleague, customer):
    Contact.objects.filter(pk=customer.pk).update(email="z@example.com", customer_no="C-77", tags=["تهران"])
    answer = client.post(BOX, {"q": "احمدی"}, headers=HTMX).content.decode()
    assert "<html" not in answer
    assert "زهرا احمدی" in answer
    assert "۰۹۱۲۱۱۱۰۰۱۰" in answer
    for more in ("z@example.com", "C-77", "تهران", reverse("contacts:card", args=[customer.pk])):
        assert more not in answer
    assert LookUp.objects.get().contact == customer


def test_without_scripts_the_same_comes_as_a_whole_page(client, colleague, customer):
    page = client.post(BOX, {"q": "09121110010"})
    assert "<html" in page.content.decode()
    introduction = client.post(CALLER, {"sealed": sealed_in(page)})
    assert "<html" in introduction.content.decode()
    assert "زهرا احمدی" in introduction.content.decode()


def test_no_number_stands_in_an_address(client, colleague, customer):
    page = pressed(client, "call_back")
    pages = [client.post(BOX, {"q": "09121110010"}), chosen(client), client.get(page.url)]
    addresses = [
        a for p in pages for a in re.findall(r'(?:href|action|hx-post)="([^"]*)"', p.content.decode())
    ]
    assert addresses
    for address in [*addresses, page.url]:
        assert "9121110010" not in address


def test_a_company_stands_for_a_name_that_is_not_known(client, colleague, customer):
    Contact.objects.filter(pk=customer.pk).update(name="", company="شرکت آفتاب")
    assert "شرکت آفتاب" in client.post(BOX, {"q": "09121110010"}, headers=HTMX).content.decode()


@pytest.mark.parametrize("typed", ["", "\x00\x00\x00\x00", "ی" * 101])
def test_what_cannot_be_looked_for_is_said_in_the_answer(client, colleague, typed):
    answer = client.post(BOX, {"q": typed}, headers=HTMX)
    assert answer.status_code == 200
    assert "field-errors" in answer.content.decode()


def test_a_name_from_a_file_is_text_not_markup(client, colleague, customer):
    Contact.objects.filter(pk=customer.pk).update(name="<script>alert(1)</script>")
    for answer in (client.post(BOX, {"q": "09121110010"}), chosen(client)):
        assert "<script>alert" not in answer.content.decode()


def test_with_nobody_on_duty_the_request_is_taken(client, colleague, customer):
    page = chosen(client).content.decode()
    assert "کسی نوبت ندارد" in page
    assert 'value="call_back"' in page
    assert 'value="transferred"' not in page
    opened = client.get(pressed(client, "call_back").url).content.decode()
    call = OptOutCall.objects.get()
    assert (call.contact, call.handover, call.number, call.named) == (customer, "call_back", NUMBER, None)
    assert (call.opened_by, call.steps.get().kind) == (colleague, "opened")
    customer.refresh_from_db()
    assert customer.voc_call_open
    assert "از این لحظه" in opened
    assert "زهرا احمدی" in opened


def test_the_expert_on_duty_is_named_with_the_extension_and_a_sentence(customer, colleague, expert):
    caller = Caller(NUMBER, customer.pk)
    introduction = introduction_of(caller, on_duty(expert), colleague)
    assert "سارا رضایی" in introduction.words
    assert "۱۱۸" in introduction.words
    sealed = unseal_caller(introduction.sealed, colleague)
    assert (sealed.named_id, sealed.extension) == (expert.pk, "118")


def test_a_transfer_keeps_whom_the_page_named(client, colleague, customer, expert):
    sealed = seal_caller(Caller(NUMBER, customer.pk, expert.pk, "118"), colleague)
    someone = UserFactory()
    answer = client.post(
        OPEN, {"sealed": sealed, "way": "transferred", "named": someone.pk, "extension": "9"}
    )
    call = OptOutCall.objects.get()
    assert (call.handover, call.named, call.named_extension) == ("transferred", expert, "118")
    page = client.get(answer.url).content.decode()
    assert "سارا رضایی" in page
    assert "۱۱۸" in page


@pytest.mark.parametrize("way", ["transferred", "", "none", "decided"])
def test_a_transfer_to_nobody_and_an_unknown_way_open_nothing(client, colleague, customer, way):
    answer = pressed(client, way)
    assert answer.status_code == 422
    assert "field-errors" in answer.content.decode()
    assert not OptOutCall.objects.exists()


class TestSealed:
    """Only what the portal showed to this person, lately."""

    def refused(self, client, sealed):
        for address in (CALLER, OPEN):
            answer = client.post(address, {"sealed": sealed, "way": "call_back"})
            assert answer.status_code == 422
            assert "field-errors" in answer.content.decode()
        assert not OptOutCall.objects.exists()

    def test_another_customers_key_is_not_taken(self, client, colleague, customer):
        other = ContactFactory()
        for data in ({"contact": other.pk}, {"sealed": other.pk}, {"sealed": f"{other.pk}:x:y"}, {}):
            assert client.post(OPEN, {"way": "call_back", **data}).status_code == 422
        assert not OptOutCall.objects.exists()

    def test_what_was_shown_to_another_is_not_taken(self, client, colleague, customer):
        self.refused(client, seal_caller(Caller(NUMBER, customer.pk), UserFactory()))

    def test_what_was_changed_is_not_taken(self, client, colleague, customer):
        sealed = seal_caller(Caller(NUMBER, customer.pk), colleague)
        self.refused(client, sealed[:-1] + ("A" if sealed[-1] != "A" else "B"))

    def test_another_seal_of_the_portal_is_not_taken(self, client, colleague, customer):
        self.refused(client, signing.dumps([colleague.pk, NUMBER, customer.pk, None, ""], salt="other"))

    def test_a_tab_left_open_is_asked_to_type_again(self, client, colleague, customer):
        with time_machine.travel(timezone.now() - timedelta(minutes=61)):
            sealed = seal_caller(Caller(NUMBER, customer.pk), colleague)
        self.refused(client, sealed)

    def test_the_page_of_a_call_is_its_openers_alone(self, client, colleague, customer):
        url = pressed(client, "call_back").url
        assert client.get(url).status_code == 200
        client.force_login(UserFactory())
        assert client.get(url).status_code == 404
        assert client.get(url[:-2] + "/").status_code == 404

    def test_a_call_that_is_gone_by_its_key_opens_nothing(self, colleague):
        ghost = OpenedCall(OptOutCall(pk=999_999), False, StoppedDeliveries())
        assert unseal_opened(seal_opened(ghost, colleague), colleague) is None


def test_a_second_press_is_the_same_call(client, colleague, customer):
    sealed = sealed_in(chosen(client))
    pages = [client.post(OPEN, {"sealed": sealed, "way": "call_back"}, follow=True) for _n in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert OptOutCall.objects.count() == 1
    assert Entry.objects.filter(action="contact.call_opened").count() == 1
    assert not Entry.objects.filter(action="contact.called_again").exists()


def test_a_customer_who_calls_again_meets_the_open_call(client, colleague, customer):
    pressed(client, "call_back")
    second = UserFactory(first_name="پویا", last_name="ژیان")
    client.force_login(second)
    page = chosen(client).content.decode()
    assert "الهام چگینی" in page
    opened = client.get(pressed(client, "call_back").url).content.decode()
    assert "الهام چگینی" in opened
    call = OptOutCall.objects.get()
    assert call.opened_by == colleague
    [again] = Entry.objects.filter(action="contact.called_again")
    assert (again.actor_id, again.object_id) == (second.pk, str(customer.pk))
    assert again.data == {"call": call.pk, "handover": "call_back"}


def test_what_waits_is_held_and_the_page_counts_it(client, colleague, customer):
    waiting = DeliveryFactory(contact=customer, message=MessageFactory(running=True, promotional=True))
    left = DeliveryFactory(
        contact=customer,
        message=MessageFactory(running=True, promotional=True),
        state="accepted",
        updated_at=timezone.now(),
    )
    page = client.get(pressed(client, "call_back").url).content.decode()
    waiting.refresh_from_db()
    left.refresh_from_db()
    assert (waiting.state, waiting.reason, left.state) == ("queued", "voc_call_open", "accepted")
    assert "۱ پیام" in page
    assert "شاید هنوز برسد" in page


def test_an_unknown_number_is_added_with_the_press_and_not_before(client, colleague):
    assert "هیچ مشتری" in client.post(BOX, {"q": "09121110010"}, headers=HTMX).content.decode()
    chosen(client)
    assert not Contact.objects.exists()
    pressed(client, "call_back")
    contact = Contact.objects.get()
    assert (contact.address, contact.name, contact.voc_call_open) == (NUMBER, "", True)


def test_a_number_that_became_a_customers_meanwhile_is_that_customers_call(client, colleague):
    sealed = sealed_in(chosen(client))
    contact = ContactFactory(mobile="+989121110099", phone=landline(1))
    number = ContactFactory(mobile=NUMBER)
    client.post(OPEN, {"sealed": sealed, "way": "call_back"})
    assert OptOutCall.objects.get().contact == number
    assert not contact.calls.exists()


def test_over_the_limit_a_call_is_opened_by_the_number_and_no_name_is_shown(
    client, colleague, customer, settings
):
    settings.OPT_OUT_LOOK_UPS_A_DAY = 0
    answer = client.post(BOX, {"q": "09121110010"}, headers=HTMX).content.decode()
    page = pressed(client, "call_back")
    shown = answer + chosen(client).content.decode() + client.get(page.url).content.decode()
    assert "زهرا" not in shown
    assert OptOutCall.objects.get().contact == customer
    assert not LookUp.objects.exists()


def test_a_customer_who_refused_everything_is_said_to_have_and_may_call(client, colleague, customer, expert):
    set_consent(
        contact=customer, flag="no_messages", value=True, reason="نخواست", by=expert, now=timezone.now()
    )
    assert "tag-danger" in client.post(BOX, {"q": "09121110010"}, headers=HTMX).content.decode()
    assert "دیگر هیچ پیامی نمی‌گیرد" in chosen(client).content.decode()
    pressed(client, "call_back")
    assert OptOutCall.objects.filter(closed_at=None).exists()


def test_a_call_that_was_ended_meanwhile_is_said_to_be(client, colleague, customer, expert):
    url = pressed(client, "call_back").url
    close_call(contact=customer, by=expert, now=timezone.now())
    page = client.get(url).content.decode()
    assert "سارا رضایی" in page
    assert "caller-effect" not in page


class TestExpert:
    def test_an_expert_decides_without_a_transfer(self, client, customer, expert):
        client.force_login(expert)
        page = chosen(client).content.decode()
        assert 'value="answered"' in page
        assert 'value="transferred"' not in page
        done = pressed(client, "answered")
        call = OptOutCall.objects.get()
        assert (call.handover, call.named, call.opened_by) == ("answered", None, expert)
        assert call.taken_by == expert
        assert done.url == reverse("desk:call", args=[call.pk])
        assert client.get(done.url).status_code == 200

    def test_a_call_that_another_expert_has_stays_that_experts(self, client, customer, expert):
        client.force_login(expert)
        pressed(client, "answered")
        client.force_login(UserFactory(roles=["voc"]))
        page = client.get(pressed(client, "answered").url)
        assert OptOutCall.objects.get().taken_by == expert
        assert any(
            "سارا رضایی" in str(told) and told.level_tag == "warning" for told in page.context["messages"]
        )

    def test_nobody_else_says_to_have_answered(self, client, colleague, customer):
        assert pressed(client, "answered").status_code == 403
        assert not OptOutCall.objects.exists()


def test_a_disabled_account_and_a_stranger_open_nothing(client, colleague, customer):
    sealed = seal_caller(Caller(NUMBER, customer.pk), colleague)
    type(colleague).objects.filter(pk=colleague.pk).update(is_active=False)
    for address in (BOX, CALLER, OPEN):
        answer = client.post(address, {"q": NUMBER, "sealed": sealed, "way": "call_back"})
        assert answer.status_code == 302
        assert answer.url.startswith("/accounts/login/")
    assert not OptOutCall.objects.exists()


def test_in_english_the_page_speaks_english(client, colleague, customer):
    client.cookies["django_language"] = "en"
    assert "Read aloud" in chosen(client).content.decode()
