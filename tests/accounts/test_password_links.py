"""A password is chosen by its owner alone; what is done to a log-in is told to its owner and the auditors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from staff import outbox
from staff.actions.accounts import change_account, open_account, set_roles
from staff.actions.passwords import send_password_link
from staff.models import OutgoingMail, User
from tests.factories import NOW
from tests.portal.helpers import PASSWORD, is_signed_in, person, sign_in

pytestmark = pytest.mark.django_db

NEW = "another-long-password-1406"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def admin() -> User:
    person("auditor", email="auditor@example.com")
    return person("admin", is_staff=True, first_name="رضا", last_name="مدیری")


def office_of(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def letters() -> list[tuple[str, str]]:
    """To whom, and with what subject, mails went."""
    mail.outbox.clear()
    outbox.deliver(now=timezone.now())
    return sorted((letter.to[0], str(letter.subject)) for letter in mail.outbox)


def link_to(address: str) -> str:
    """The path of the link in the last mail to `address`."""
    letter = next(one for one in reversed(mail.outbox) if one.to == [address])
    found = re.search(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", str(letter.body))
    assert found
    return found[1]


def choose(link: str, password: str = NEW) -> bool:
    """Follow the link and choose a password; whether it was taken."""
    client = Client()
    page = client.get(link, follow=True)
    if not page.redirect_chain:
        return False
    answer = client.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})
    return answer.status_code == 302


def test_a_new_log_in_gets_a_link_and_its_owner_alone_knows_the_password(admin: User) -> None:
    fields = {"username": "n.nouri", "email": "n.nouri@example.com", "roles": ["voc"]}
    page = office_of(admin).get("/admin/staff/user/add/").content.decode()
    assert 'type="password"' not in page
    assert office_of(admin).post("/admin/staff/user/add/", fields).status_code == 302
    user = User.objects.get(username="n.nouri")
    assert not user.has_usable_password()
    assert letters() == [
        ("auditor@example.com", "نقش‌های n.nouri تغییر کرد"),
        ("n.nouri@example.com", "انتخاب گذرواژه"),
        ("n.nouri@example.com", "نقش‌های n.nouri تغییر کرد"),
    ]
    link = link_to("n.nouri@example.com")
    assert choose(link)
    assert sign_in(Client(), user, NEW).status_code == 302
    assert not choose(link, "a-third-long-password-1407")
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_a_log_in_without_an_address_is_not_opened_in_the_back_office(admin: User) -> None:
    answer = office_of(admin).post("/admin/staff/user/add/", {"username": "n.nouri", "roles": ["voc"]})
    assert "email" in answer.context["adminform"].form.errors
    assert not User.objects.filter(username="n.nouri").exists()


def test_a_person_gives_no_password_by_an_action_either(admin: User) -> None:
    with pytest.raises(PermissionDenied):
        open_account(username="n.nouri", password="a long enough one", by=admin, now=NOW)
    assert not User.objects.filter(username="n.nouri").exists()


def test_a_link_leaves_the_present_password_and_is_recorded(admin: User) -> None:
    user = person("sender", email="negar@example.com")
    page = reverse("password_link", args=[user.pk])
    office = office_of(admin)
    assert "negar@example.com" in office.get(page).content.decode()
    assert office.post(page, {}).status_code == 302
    entry = Entry.objects.get(action="user.password_link_sent")
    assert (entry.actor_id, entry.object_id) == (admin.pk, str(user.pk))
    assert entry.data == {"to": "negar@example.com", "password_ended": False}
    assert letters() == [("negar@example.com", "انتخاب گذرواژه")]
    assert "رضا مدیری" in str(mail.outbox[0].body)
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    assert choose(link_to("negar@example.com"))
    assert not User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_password_that_became_known_ends_at_once(admin: User) -> None:
    user = person("sender", email="negar@example.com")
    at_work = Client()
    at_work.force_login(user)
    office_of(admin).post(reverse("password_link", args=[user.pk]), {"end_password": "on"})
    assert not is_signed_in(at_work)
    assert sign_in(Client(), user).status_code == 200
    letters()
    assert choose(link_to("negar@example.com"))


def test_a_link_is_of_no_use_a_day_later(admin: User) -> None:
    user = person("sender", email="negar@example.com")
    send_password_link(user=user, by=admin, now=NOW)
    letters()
    with time_machine.travel(NOW + timedelta(hours=24, seconds=1), tick=False):
        assert not choose(link_to("negar@example.com"))


def test_who_gets_no_link(admin: User) -> None:
    root = person(is_superuser=True, email="root@example.com")
    with pytest.raises(PermissionDenied):
        send_password_link(user=root, by=admin, now=NOW)
    with pytest.raises(PermissionDenied):
        send_password_link(user=person("sender", email="a@example.com"), by=person("hr"), now=NOW)
    for user in (person("sender"), person("sender", email="b@example.com", is_active=False)):
        if user.is_active:
            User.objects.filter(pk=user.pk).update(email="")
        with pytest.raises(ValidationError):
            send_password_link(user=user, by=admin, now=NOW)
    assert not OutgoingMail.objects.exists()


def test_changed_roles_are_told_to_their_holder_and_the_auditors(admin: User) -> None:
    user = person("sender", email="negar@example.com", first_name="نگار", last_name="نوری")
    assert set_roles(user=user, roles=["voc", "senior"], by=admin, now=NOW)
    subject = "نقش‌های نگار نوری تغییر کرد"
    assert letters() == [("auditor@example.com", subject), ("negar@example.com", subject)]
    body = str(mail.outbox[0].body)
    assert all(word in body for word in ("ارسال‌کننده", "کارشناس VOC", "مدیریت ارشد", "رضا مدیری"))
    assert not set_roles(user=user, roles=["voc", "senior"], by=admin, now=NOW)
    assert letters() == []


def test_a_changed_address_is_told_to_the_former_one_and_the_auditors(admin: User) -> None:
    user = person("senior", email="negar@example.com", first_name="نگار", last_name="نوری")
    names = {"first_name": "نگار", "last_name": "نوری"}
    assert change_account(user=user, **names, email="thief@example.com", by=admin, now=NOW)
    subject = "نشانی ایمیل نگار نوری تغییر کرد"
    assert letters() == [("auditor@example.com", subject), ("negar@example.com", subject)]
    assert "thief@example.com" in str(mail.outbox[0].body)
