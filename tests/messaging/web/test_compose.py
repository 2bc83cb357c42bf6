"""Compose, look ahead, send."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from messaging.models import AudienceMember, Delivery, Message
from messaging.states import MessageStatus
from persian.digits import to_persian
from persian.jalali import TEHRAN, numeric_date
from staff.models import Employee
from tests.factories import NOW, ChannelFactory, ContactFactory, landline, mobile, open_every_day
from tests.messaging.pages import (
    FORM,
    boss_of,
    colleague,
    look_ahead,
    send,
    signed_in,
    sms,
    templates_of,
    typed,
)
from tests.processes import ROOT

pytestmark = pytest.mark.django_db

COMPOSE = "/messages/compose/"
CONFIRM = "/messages/compose/confirm/"
INPUTS = ROOT / "tests" / "contacts" / "inputs"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path / "audiences"


@pytest.fixture
def by_day() -> Iterator[None]:
    """It is a Monday noon in Tehran."""
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def sender() -> Employee:
    sms()
    return colleague("sender")


@pytest.fixture
def client(sender: Employee) -> Client:
    assert sender.user is not None
    return signed_in(sender.user)


def numbers(*lines: str, name: str = "numbers.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(lines).encode())


def faults_of(client: Client, **fields: Any) -> dict[str, list[str]]:
    response = client.post(COMPOSE, typed(**fields))
    assert FORM in templates_of(response)
    assert response.status_code == 422
    return dict(response.context["form"].errors)


def test_the_form_opens_for_a_sender(client: Client) -> None:
    ContactFactory(tags=["مشتری"])
    response = client.get(COMPOSE)
    assert response.status_code == 200
    assert "مشتری" in response.content.decode()


def test_nobody_is_chosen_beforehand(client: Client) -> None:
    """All customers, the most dangerous choice, was the default."""
    form = client.get("/messages/compose/").context["form"]
    assert form["audience"].value() is None
    fields = typed()
    del fields["audience"]
    answer = client.post("/messages/compose/", fields)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"audience"}


def test_an_untouched_form_is_met_without_complaints(client: Client) -> None:
    panel = client.post("/messages/compose/foresight/", {"key": typed()["key"], "text": ""}).content.decode()
    assert "<strong>" not in panel


def test_the_look_ahead_writes_nothing(client: Client) -> None:
    ContactFactory()
    response = look_ahead(client)
    assert response.context["counts"].plan.total == 1
    assert not Message.objects.exists()


@pytest.mark.usefixtures("by_day")
def test_the_look_ahead_says_who_does_not_get_it_and_why(client: Client) -> None:
    open_every_day(sms())
    ContactFactory.create_batch(3)
    ContactFactory(no_promotional=True)
    ContactFactory(mobile=None, phone=landline(1))
    counts = look_ahead(client, purpose="promotional").context["counts"]
    assert (counts.go_now, counts.on_hold, counts.refused) == (3, 0, 2)
    assert {row.code: row.label.clause for row in counts.refused_reasons} == {
        "no_promotional": "C7.3",
        "landline": "C7.1",
    }


@pytest.mark.usefixtures("by_day")
def test_outside_the_hours_the_look_ahead_says_until_when_everything_waits(client: Client) -> None:
    opens = 15 * 60
    open_every_day(sms(), opens, opens + 30)
    ContactFactory()
    response = look_ahead(client, purpose="promotional")
    counts = response.context["counts"]
    assert counts.on_hold == 1
    assert counts.held.clause == "C7.6"
    until = counts.plan.held_until.astimezone(TEHRAN)
    assert (until.hour, until.minute) == divmod(opens, 60)
    assert to_persian(f"{until:%H:%M}") in response.content.decode()


@pytest.mark.usefixtures("by_day")
def test_a_chosen_time_outside_the_hours_warns_at_the_field_and_offers_the_last_minute(
    client: Client,
) -> None:
    """C7.7: the sender, who answers for the hours, is told before pressing send."""
    open_every_day(sms())
    ContactFactory()
    evening = {"scheduled_on": numeric_date(NOW.date(), "fa"), "scheduled_time": "۲۳:۳۰"}
    page = client.post("/messages/compose/foresight/", typed(purpose="promotional", **evening))
    content = page.content.decode()
    assert 'id="chosen-time"' in content
    assert "۲۳:۳۰ خارج از ساعت مجاز است (۰۸:۰۰ تا ۲۲:۰۰)" in content
    assert 'data-take-time="۲۱:۵۹"' in content
    preview = look_ahead(client, purpose="promotional", **evening)
    assert preview.context["counts"].plan.by_reason == {"window_closed": 1}
    assert "زمان‌بندی‌شده برای بعد" not in preview.content.decode()
    assert (
        "data-take-time" not in client.post("/messages/compose/foresight/", typed(**evening)).content.decode()
    )


@pytest.mark.usefixtures("by_day")
def test_the_last_seconds_of_a_window_promise_nothing(sender: Employee) -> None:
    """Nothing is claimed then, so the forecast says that it waits for the morning."""
    open_every_day(sms())
    ContactFactory()
    with time_machine.travel(NOW.replace(hour=21, minute=59, second=50), tick=False):
        assert sender.user is not None
        counts = look_ahead(signed_in(sender.user), purpose="promotional").context["counts"]
    assert (counts.go_now, counts.on_hold) == (0, 1)
    assert counts.plan.held_by == "window_closed"


def test_a_draft_that_was_looked_at_is_sent_and_planned(
    client: Client, sender: Employee, django_capture_on_commit_callbacks: Any
) -> None:
    ContactFactory.create_batch(2)
    preview = look_ahead(client)
    with django_capture_on_commit_callbacks(execute=True):
        message = send(client, preview)
    message.refresh_from_db()
    assert message.status == MessageStatus.RUNNING
    assert (message.sender, message.sender_manager) == (sender, sender.direct_manager)
    assert Delivery.objects.filter(message=message).count() == 2


def test_pressing_send_twice_is_one_message(client: Client) -> None:
    ContactFactory()
    preview = look_ahead(client)
    assert send(client, preview) == send(client, preview)
    assert Message.objects.count() == 1


def test_two_tabs_with_one_form_are_one_message(client: Client) -> None:
    ContactFactory()
    form = typed()
    first = client.post(COMPOSE, form)
    second = client.post(COMPOSE, form)
    assert send(client, first) == send(client, second)


def test_nobody_can_alter_a_draft_after_the_look_ahead(client: Client) -> None:
    ContactFactory()
    sealed = look_ahead(client).context["sealed"]
    response = client.post(CONFIRM, {"sealed": sealed[:-3] + "abc"})
    assert response.status_code == 422
    assert response.context["faults"]
    assert not Message.objects.exists()


def test_nobody_can_send_the_draft_of_somebody_else(client: Client) -> None:
    ContactFactory()
    sealed = look_ahead(client).context["sealed"]
    other = colleague("sender")
    assert other.user is not None
    response = signed_in(other.user).post(CONFIRM, {"sealed": sealed})
    assert response.status_code == 422
    assert not Message.objects.exists()


def test_a_file_survives_from_the_form_to_the_message_and_is_then_cleaned_away(
    client: Client, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    known = ContactFactory()
    preview = look_ahead(
        client, audience="file", upload=numbers("موبایل", known.mobile, mobile(77), mobile(77), "نادرست")
    )
    assert len(list(media.iterdir())) == 1
    with django_capture_on_commit_callbacks(execute=True):
        message = send(client, preview)
    assert list(media.iterdir()) == []
    assert AudienceMember.objects.filter(message=message).count() == 4
    assert Contact.objects.filter(address=mobile(77)).exists()
    reasons = Delivery.objects.filter(message=message).values_list("reason", flat=True)
    assert sorted(reasons) == ["", "", "duplicate", "invalid_address"]


def test_a_file_whose_draft_was_sent_already_leads_to_the_message(client: Client) -> None:
    preview = look_ahead(client, audience="file", upload=numbers(mobile(1)))
    assert send(client, preview) == send(client, preview)


def test_a_good_file_need_not_be_chosen_again_when_something_else_is_wrong(client: Client) -> None:
    response = client.post(COMPOSE, typed(audience="file", upload=numbers(mobile(1)), text=""))
    form = response.context["form"]
    assert set(form.errors) == {"text"}
    again = look_ahead(client, audience="file", kept_file=form["kept_file"].value())
    assert again.context["counts"].plan.total == 1


def test_a_draft_comes_back_to_be_changed(client: Client) -> None:
    ContactFactory(tags=["ویژه"])
    sealed = look_ahead(client, audience="tag", tag="ویژه").context["sealed"]
    response = client.post(COMPOSE, {"sealed": sealed})
    form = response.context["form"]
    assert form["tag"].value() == "ویژه"
    assert form["text"].value() == typed()["text"]


def test_a_file_that_is_no_longer_kept_is_asked_for_again(client: Client, media: Path) -> None:
    preview = look_ahead(client, audience="file", upload=numbers(mobile(1)))
    for path in media.iterdir():
        path.unlink()
    response = client.post(CONFIRM, {"sealed": preview.context["sealed"]})
    assert response.status_code == 422
    assert not Message.objects.exists()


def test_files_that_were_never_sent_are_cleared_away(client: Client, media: Path) -> None:
    look_ahead(client, audience="file", upload=numbers(mobile(1)))
    (old,) = media.iterdir()
    day_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(old, (day_ago, day_ago))
    look_ahead(client, audience="file", upload=numbers(mobile(2)))
    assert old not in list(media.iterdir())
    assert len(list(media.iterdir())) == 1


def test_a_time_is_read_in_jalali_and_tehran(client: Client) -> None:
    ContactFactory()
    day = timezone.now().astimezone(TEHRAN).date() + timedelta(days=3)
    response = look_ahead(client, scheduled_on=numeric_date(day, "fa"), scheduled_time="۰۹:۳۰")
    at = response.context["draft"].scheduled_at
    assert at.astimezone(TEHRAN).date() == day
    assert (at.hour, at.minute, str(at.tzinfo)) == (9, 30, "Asia/Tehran")
    assert response.context["counts"].held.name
    assert send(client, response).scheduled_at == at


class TestBadInput:
    def test_an_empty_text(self, client: Client) -> None:
        ContactFactory()
        assert set(faults_of(client, text=" \n ")) == {"text"}

    def test_a_text_of_5000_characters(self, client: Client) -> None:
        ContactFactory()
        assert "text" in faults_of(client, text="س" * 5_000)

    def test_no_customer_at_all(self, client: Client) -> None:
        assert set(faults_of(client)) == {"audience"}

    def test_a_tag_that_nobody_has(self, client: Client) -> None:
        ContactFactory()
        assert set(faults_of(client, audience="tag", tag="نیست")) == {"tag"}

    def test_no_tag(self, client: Client) -> None:
        assert set(faults_of(client, audience="tag")) == {"tag"}

    def test_no_file(self, client: Client) -> None:
        assert set(faults_of(client, audience="file")) == {"upload"}

    @pytest.mark.parametrize(
        "content",
        [b"MZ\x00\x01\x02", "۰۹۱۲۱۲۳۴۵۶۷ سلام".encode("cp1256", "ignore") + b"\xe1\n", b"", b"\n\n"],
        ids=["binary", "not UTF-8", "empty", "blank lines"],
    )
    def test_a_file_that_holds_no_list(self, client: Client, content: bytes) -> None:
        upload = SimpleUploadedFile("list.csv", content)
        faults = faults_of(client, audience="file", upload=upload)
        assert set(faults) == {"upload"}
        assert "list.csv" in faults["upload"][0]

    def test_a_file_that_is_too_large(self, client: Client) -> None:
        upload = SimpleUploadedFile("list.csv", b"0912\n" * (4 * 1024 * 1024))
        assert set(faults_of(client, audience="file", upload=upload)) == {"upload"}

    def test_a_time_in_the_past(self, client: Client) -> None:
        ContactFactory()
        faults = faults_of(client, scheduled_on="۱۴۰۰/۰۱/۰۱", scheduled_time="10:00")
        assert set(faults) == {"scheduled_on"}

    def test_an_expiry_before_the_schedule(self, client: Client) -> None:
        ContactFactory()
        day = timezone.now().astimezone(TEHRAN).date() + timedelta(days=3)
        earlier, later = (numeric_date(d, "fa") for d in (day, day + timedelta(days=1)))
        faults = faults_of(
            client, scheduled_on=later, scheduled_time="10:00", expires_on=earlier, expires_time="10:00"
        )
        assert set(faults) == {"expires_on"}

    @pytest.mark.parametrize("day", ["۱۴۰۵/۱۲/۳۰", "فردا", "1405-13-01", "۱۴۰۵/۰۹"])
    def test_a_day_that_is_none(self, client: Client, day: str) -> None:
        ContactFactory()
        assert set(faults_of(client, scheduled_on=day, scheduled_time="10:00")) == {"scheduled_on"}

    def test_a_day_without_a_time_and_the_other_way_round(self, client: Client) -> None:
        ContactFactory()
        assert set(faults_of(client, scheduled_on="۱۴۰۹/۰۱/۰۱")) == {"scheduled_time"}
        assert set(faults_of(client, expires_time="10:00")) == {"expires_on"}

    def test_neither_channel_nor_purpose(self, client: Client) -> None:
        assert set(faults_of(client, channel="", purpose="x", text="")) == {"channel", "purpose", "text"}

    def test_a_key_that_is_none(self, client: Client) -> None:
        ContactFactory()
        assert set(faults_of(client, key="1 OR 1=1")) == {"key"}


def test_a_sender_who_left_is_told_so_and_sends_nothing(client: Client, sender: Employee) -> None:
    ContactFactory()
    preview = look_ahead(client)
    sender.left_on = timezone.now().astimezone(TEHRAN).date()
    sender.save()
    assert client.get(COMPOSE).context["sender_faults"]
    response = client.post(COMPOSE, typed())
    assert response.context["sender_faults"]
    response = client.post(CONFIRM, {"sealed": preview.context["sealed"]})
    assert response.status_code == 422
    assert not Message.objects.exists()


def test_a_sender_without_a_direct_manager_is_told_so(client: Client, sender: Employee) -> None:
    sender.direct_manager = None
    sender.save()
    assert client.get(COMPOSE).context["sender_faults"]


def test_a_manager_may_send_too() -> None:
    sms()
    manager = boss_of(colleague("sender"), "manager")
    manager.direct_manager = colleague("senior")
    manager.save()
    assert manager.user is not None
    ContactFactory()
    client = signed_in(manager.user)
    assert send(client, look_ahead(client)).sender == manager


def test_nobody_in_reach_means_nothing_to_send(client: Client) -> None:
    ContactFactory(no_messages=True)
    content = look_ahead(client).content.decode()
    assert 'action="/messages/compose/confirm/"' not in content


def test_the_length_is_counted_while_one_types(client: Client) -> None:
    response = client.post("/messages/compose/length/", {"text": "س" * 71, "channel": "sms"})
    length = response.context["length"]
    assert (length.characters, length.sms.parts, length.sms.left) == (71, 2, 63)


def test_the_length_of_a_line_break_is_one_character(client: Client) -> None:
    response = client.post("/messages/compose/length/", {"text": "a\r\nb", "channel": "sms"})
    assert response.context["length"].characters == 3


def test_the_panel_beside_the_form_needs_no_text_yet(client: Client) -> None:
    ContactFactory.create_batch(2)
    response = client.post("/messages/compose/foresight/", typed(text=""))
    assert response.context["counts"].plan.total == 2
    assert not Message.objects.exists()


def test_a_phone_shows_the_foresight_in_one_line_that_leads_to_the_panel(client: Client) -> None:
    ContactFactory.create_batch(2)
    ContactFactory(no_messages=True)
    page = client.get(COMPOSE).content.decode()
    assert page.count('id="foresight-bar"') == page.count('id="foresight-panel"') == 1
    panel = client.post("/messages/compose/foresight/", typed(text="")).content.decode()
    [line] = re.findall(r'<a class="foresight-bar".*?</a>', panel, re.DOTALL)
    assert 'href="#foresight-panel"' in line
    assert " hidden" not in line
    assert re.findall("<span>(.*?)</span>", line) == ["۳ گیرنده", "۱ نفر نمی‌گیرد", "همین حالا"]
    nothing = client.post("/messages/compose/foresight/", typed(audience="tag")).content.decode()
    [line] = re.findall(r'<a class="foresight-bar".*?</a>', nothing, re.DOTALL)
    assert " hidden" in line


@pytest.mark.parametrize(("channel", "several"), [("sms", 0), ("avanak", 1)])
def test_a_customer_with_two_numbers_in_the_file_is_named_and_not_refused(
    client: Client, channel: str, several: int
) -> None:
    if channel == "avanak":
        ChannelFactory(code="avanak", kind="voice")
    ContactFactory(mobile="+989355550431", phone="+982155550240")
    ContactFactory(mobile=mobile(7))
    file = SimpleUploadedFile("aud_both_numbers.txt", INPUTS.joinpath("aud_both_numbers.txt").read_bytes())
    panel = client.post(
        "/messages/compose/foresight/", typed(audience="file", upload=file, channel=channel, text="سلام")
    )
    plan = panel.context["counts"].plan
    assert (plan.total, plan.at_several) == (2, several)
    assert plan.waiting == 1 + several
    assert ("مشتری با چند شماره" in panel.content.decode()) == bool(several)


def test_the_panel_says_what_is_missing(client: Client) -> None:
    response = client.post("/messages/compose/foresight/", typed(audience="tag"))
    assert "counts" not in response.context


@pytest.mark.parametrize("role", ["voc", "senior", "it", "hr", "auditor", "admin"])
def test_roles_that_do_not_send_are_kept_out(role: str) -> None:
    user = colleague(role).user
    assert user is not None
    client = signed_in(user)
    assert client.get(COMPOSE).status_code == 403
    for url in (COMPOSE, CONFIRM, "/messages/compose/length/", "/messages/compose/foresight/"):
        assert client.post(url, typed()).status_code == 403


@pytest.mark.parametrize("typed_tag", ["كمپين", " کمپین "])
def test_a_tag_is_found_by_any_keyboard(client: Client, typed_tag: str) -> None:
    ContactFactory(tags=["کمپین"])
    assert look_ahead(client, audience="tag", tag=typed_tag).context["counts"].plan.total == 1


def test_the_hour_is_asked_in_persian_and_shown_in_persian_digits(client: Client) -> None:
    assert 'type="time"' not in client.get(COMPOSE).content.decode()
    page = client.post(COMPOSE, typed(text="", scheduled_on="1499/01/01", scheduled_time="08:30"))
    assert 'value="۰۸:۳۰"' in page.content.decode()


def test_an_hour_that_is_none_is_named_with_an_example(client: Client) -> None:
    ContactFactory()
    faults = faults_of(client, scheduled_on="1499/01/01", scheduled_time="25:00")
    assert faults["scheduled_time"] == ["«25:00» ساعت نیست. آن را به شکل ۰۸:۳۰ بنویسید."]
