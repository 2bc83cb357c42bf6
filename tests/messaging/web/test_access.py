"""Who sees which message: pages, the customer's card, the back office."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone

from contacts.models import Contact
from messaging.models import Delivery, Message, MessageStop
from messaging.states import MessageStatus
from staff.models import Employee, User
from tests.factories import (
    ContactFactory,
    DeliveryFactory,
    GatewayCallFactory,
)
from tests.messaging.pages import boss_of, colleague, planned, signed_in, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender() -> Employee:
    return colleague("sender")


@pytest.fixture
def client(sender: Employee) -> Client:
    return signed_in(user_of(sender))


class TestAccess:
    def pages(self, message: Message) -> list[str]:
        row = Delivery.objects.filter(message=message).first()
        assert row is not None
        root = f"/messages/{message.pk}/"
        return [root, *(root + p for p in ("progress/", "recipients/", f"recipients/{row.pk}/"))]

    @pytest.mark.parametrize("role", ["sender", "manager", "branding"])
    def test_another_departments_message_does_not_exist(self, sender: Employee, role: str) -> None:
        ContactFactory()
        message = planned(sender)
        other = signed_in(user_of(colleague(role)))
        for page in self.pages(message):
            assert other.get(page).status_code == 404
        for press in ("pause", "resume", "cancel", "why"):
            assert other.post(f"/messages/{message.pk}/{press}/").status_code == 404
        assert message.pk not in [m.pk for m in other.get("/messages/").context["page"].rows]
        assert other.get(f"/messages/rows/?of={message.pk}").context["rows"] == []
        message.refresh_from_db()
        assert message.status == MessageStatus.RUNNING

    def test_a_colleague_of_the_department_sees_it(self, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        other = signed_in(user_of(colleague("sender", department=sender.department)))
        for page in self.pages(message):
            assert other.get(page).status_code == 200

    def test_the_direct_manager_sees_it_from_any_department(self, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        manager = boss_of(sender, "manager")
        manager.department = colleague("sender").department
        manager.save()
        for page in self.pages(message):
            assert signed_in(user_of(manager)).get(page).status_code == 200

    @pytest.mark.parametrize("role", ["voc", "senior", "auditor", "admin"])
    def test_who_sees_all_sees_it(self, sender: Employee, role: str) -> None:
        ContactFactory()
        message = planned(sender)
        reader = signed_in(user_of(colleague(role)))
        for page in self.pages(message):
            assert reader.get(page).status_code == 200

    @pytest.mark.parametrize("role", ["it", "hr"])
    def test_who_has_nothing_to_do_with_messages_is_kept_out(self, sender: Employee, role: str) -> None:
        ContactFactory()
        message = planned(sender)
        stranger = signed_in(user_of(colleague(role)))
        for page in ["/messages/", *self.pages(message)]:
            assert stranger.get(page).status_code == 403

    def test_a_superuser_who_may_not_write_is_offered_no_button_for_it(self) -> None:
        auditor = user_of(colleague("auditor"))
        auditor.is_superuser = True
        auditor.save()
        client = signed_in(auditor)
        page = client.get("/messages/")
        assert client.get("/messages/compose/").status_code == 403
        assert "/messages/compose/" not in page.content.decode()

    def test_a_stranger_is_sent_to_sign_in(self, sender: Employee) -> None:
        response = Client().get(f"/messages/{planned(sender).pk}/")
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


class TestCustomersCard:
    def shown(self, contact: Contact, user: User) -> str:
        request = RequestFactory().get("/")
        request.user = user
        template = Template("{% include 'messaging/_contact_deliveries.html' %}")
        return template.render(Context({"contact": contact, "request": request}))

    def test_it_shows_what_was_sent_lately_and_why_not(self, sender: Employee) -> None:
        contact = ContactFactory(no_messages=True)
        message = planned(sender, text="جشنوارهٔ پاییزی")
        row = Delivery.objects.get(message=message)
        shown = self.shown(contact, user_of(sender))
        assert "جشنوارهٔ پاییزی" in shown
        assert f"/messages/{message.pk}/recipients/{row.pk}/" in shown
        assert "C7.3" in shown

    def test_the_text_of_another_department_stays_there(self, sender: Employee) -> None:
        contact = ContactFactory()
        planned(sender, text="محرمانه")
        assert "محرمانه" not in self.shown(contact, user_of(colleague("sender")))

    def test_a_customer_without_messages_has_an_empty_card(self, sender: Employee) -> None:
        assert self.shown(ContactFactory(), user_of(sender)).strip()


class TestBackOffice:
    @pytest.fixture
    def office(self) -> Client:
        admin = user_of(colleague("admin"))
        admin.is_staff = True
        admin.save()
        return signed_in(admin)

    def test_everything_is_there_to_look_at_only(self, office: Client, sender: Employee) -> None:
        ContactFactory()
        message = planned(sender)
        call = GatewayCallFactory(message=message)
        stop = MessageStop.objects.create(message=message, kind="pause", at=timezone.now())
        row = Delivery.objects.get(message=message)
        for name, pk in (
            ("message", message.pk),
            ("delivery", row.pk),
            ("gatewaycall", call.pk),
            ("messagestop", stop.pk),
        ):
            root = f"/admin/messaging/{name}/"
            assert office.get(root).status_code == 200
            assert office.get(f"{root}{pk}/change/").status_code == 200
            assert office.get(f"{root}add/").status_code == 403
            assert office.post(f"{root}{pk}/change/", {}).status_code == 403
            assert office.post(f"{root}{pk}/delete/", {"post": "yes"}).status_code == 403

    def test_a_delivery_is_found_by_the_whole_number(self, office: Client) -> None:
        row, _other = DeliveryFactory(), DeliveryFactory()
        response = office.get("/admin/messaging/delivery/", {"q": "0" + row.address[3:]})
        assert [found.pk for found in response.context["cl"].result_list] == [row.pk]
        nothing = office.get("/admin/messaging/delivery/", {"q": "abc"})
        assert not nothing.context["cl"].result_list

    def test_another_departments_message_is_not_there_for_branding(self, sender: Employee) -> None:
        message = planned(sender)
        branding = user_of(colleague("branding"))
        branding.is_staff = True
        branding.save()
        office = signed_in(branding)
        assert office.get(f"/admin/messaging/message/{message.pk}/change/").status_code in (302, 404)
        assert office.get("/admin/messaging/delivery/").status_code == 403
