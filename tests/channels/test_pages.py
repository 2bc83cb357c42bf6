"""The register on screen."""

from datetime import datetime

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from amoot_comms.management.commands.load_procedure import add_departments, add_missing
from amoot_comms.procedure import CHANNELS
from channels.models import Channel, Outage, SendingWindow
from persian.jalali import TEHRAN
from tests.factories import ChannelFactory, UserFactory
from tests.guards import as_owner

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=TEHRAN)
NIGHT = datetime(2026, 11, 22, 23, 30, tzinfo=TEHRAN)


@pytest.fixture
def register():
    """Everything that the procedure names."""
    call_command("load_procedure", "--quiet")


@pytest.fixture
def sending():
    """Of the procedure the channels that have hours, and one that has none."""
    add_departments(NOON)
    for row in CHANNELS:
        if row.windows or row.code == "hub":
            add_missing(row, NOON)


@pytest.fixture
def signed_in(client):
    def sign_in(role):
        user = UserFactory(roles=[role], is_staff=role == "admin")
        client.force_login(user)
        return client

    return sign_in


def text_of(response):
    return response.content.decode()


def test_the_register_names_every_channel_with_its_owner_and_rule(register, signed_in):
    page = text_of(signed_in("sender").get(reverse("channels:list")))
    for channel in Channel.objects.select_related("owner"):
        assert channel.name in page
        assert not channel.owner or channel.owner.name in page
    assert "C9.5" in page


def test_the_register_says_until_when_a_window_is_open(register, signed_in):
    with time_machine.travel(NOON, tick=False):
        page = text_of(signed_in("sender").get(reverse("channels:list")))
    assert "۱ آذر ۱۴۰۵، ۲۲:۰۰" in page
    assert "۱ آذر ۱۴۰۵، ۲۳:۰۰" in page


def test_the_hours_stand_in_the_reading_direction_of_the_page(sending, signed_in, settings):
    client = signed_in("sender")
    address = reverse("channels:detail", args=["sms"])
    assert "۰۸:۰۰ تا ۲۲:۰۰" in text_of(client.get(address)) or "۰۸:۰۰ to ۲۲:۰۰" in text_of(
        client.get(address)
    )
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "08:00 to 22:00" in text_of(client.get(address))


def test_the_register_says_when_a_closed_window_opens(register, signed_in):
    with time_machine.travel(NIGHT, tick=False):
        page = text_of(signed_in("sender").get(reverse("channels:list")))
    assert "۲ آذر ۱۴۰۵، ۸:۰۰" in page or "۲ آذر ۱۴۰۵، ۰۸:۰۰" in page


def test_an_it_expert_declares_and_ends_an_outage(sending, signed_in):
    client = signed_in("it")
    answer = client.post(reverse("channels:declare_outage", args=["sms"]), {"reason": "قطعی مخابرات"})
    assert answer.status_code == 302
    outage = Outage.objects.get()
    assert "قطعی مخابرات" in text_of(client.get(reverse("channels:detail", args=["sms"])))

    assert client.post(reverse("channels:end_outage", args=["sms", outage.pk])).status_code == 302
    outage.refresh_from_db()
    assert outage.ended_at


def test_an_outage_without_a_reason_shows_the_fault_and_declares_nothing(sending, signed_in):
    answer = signed_in("it").post(reverse("channels:declare_outage", args=["sms"]), {"reason": "  "})
    assert answer.status_code == 422
    assert not Outage.objects.exists()


def test_an_outage_belongs_to_its_channel(sending, signed_in):
    client = signed_in("it")
    client.post(reverse("channels:declare_outage", args=["sms"]), {"reason": "قطعی"})
    wrong = reverse("channels:end_outage", args=["avanak", Outage.objects.get().pk])
    assert client.post(wrong).status_code == 404


def test_a_sender_sees_no_button_and_is_refused(sending, signed_in):
    client = signed_in("sender")
    address = reverse("channels:declare_outage", args=["sms"])
    assert address not in text_of(client.get(reverse("channels:detail", args=["sms"])))
    assert client.post(address, {"reason": "x"}).status_code == 403


def test_senior_management_edits_a_week_of_windows(sending, signed_in):
    client = signed_in("senior")
    address = reverse("channels:windows", args=["sms", "promotional"])
    assert "۰۸:۰۰ تا ۲۲:۰۰" in text_of(client.get(address))

    days = {f"day_{day}": "۹ تا ۱۲، ۱۶:۰۰-۲۱:۰۰" for day in range(7)} | {"day_4": "", "every_day": ""}
    days["reason"] = "ماه رمضان"
    assert client.post(address, days).status_code == 302
    stored = SendingWindow.objects.filter(channel__code="sms", purpose="promotional")
    assert set(stored.filter(weekday=3).values_list("opens", "closes")) == {(540, 720), (960, 1260)}
    assert not stored.filter(weekday=4).exists()
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        {"every_day": "8 to"},
        {"every_day": "08:00-12:00, 11:00-13:00"},
        {"every_day": "08:00-22:00", "day_0": "08:00-09:00"},
        {"every_day": "08:00-22:00", "without": "on"},
        {"every_day": ""},
        {},
        {"every_day": "09:00-12:00", "reason": " "},
    ],
)
def test_wrong_hours_are_named_and_change_nothing(sending, signed_in, typed):
    typed = {"reason": "ماه رمضان", **typed}
    answer = signed_in("senior").post(reverse("channels:windows", args=["sms", "promotional"]), typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert SendingWindow.objects.filter(channel__code="sms").count() == 7


def test_an_empty_form_says_that_nothing_was_changed(sending, signed_in):
    address = reverse("channels:windows", args=["sms", "promotional"])
    page = text_of(signed_in("senior").post(address, {"every_day": "", "reason": "x"}))
    assert "بازه‌ای نوشته نشد؛ چیزی تغییر نکرد." in page


def test_hours_that_exceed_the_procedures_are_refused_at_their_field_and_the_limit_is_named(
    sending, signed_in
):
    address = reverse("channels:windows", args=["sms", "promotional"])
    client, typed = signed_in("senior"), {"day_0": "07:30-12:00", "day_2": "09:00-12:00", "reason": "عید"}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"day_0"}
    assert "«۰۷:۳۰ تا ۱۲:۰۰»" in text_of(answer)
    assert "۰۸:۰۰ تا ۲۲:۰۰" in str(answer.context["form"].errors["day_0"])
    survey = reverse("channels:windows", args=["sms", "survey"])
    assert client.post(survey, {"every_day": "22:00-02:00", "reason": "عید"}).status_code == 302


def test_no_windows_at_all_are_asked_for_by_name(sending, signed_in):
    address = reverse("channels:windows", args=["sms", "promotional"])
    assert signed_in("senior").post(address, {"without": "on", "reason": "تعطیلی"}).status_code == 302
    assert not SendingWindow.objects.filter(channel__code="sms", purpose="promotional").exists()


@pytest.mark.parametrize("role", ["branding", "sender", "admin", "manager", "it", "auditor"])
def test_nobody_else_opens_the_page_of_the_hours(sending, signed_in, role):
    client, address = signed_in(role), reverse("channels:windows", args=["sms", "promotional"])
    assert client.get(address).status_code == 403
    assert client.post(address, {"every_day": "09:00-10:00", "reason": "x"}).status_code == 403
    assert address not in text_of(client.get(reverse("channels:detail", args=["sms"])))


def test_rows_that_are_wider_than_the_procedure_are_shown_as_they_bind(sending, signed_in):
    """Rows from before the limit open nothing (reading 11)."""
    with as_owner():
        SendingWindow.objects.filter(channel__code="sms").update(opens=0, closes=1440)
    page = text_of(signed_in("sender").get(reverse("channels:detail", args=["sms"])))
    assert "۰۸:۰۰ تا ۲۲:۰۰" in page
    assert "۲۴:۰۰" not in page


@pytest.mark.parametrize("where", [("sms", "nonsense"), ("hub", "promotional"), ("nowhere", "promotional")])
def test_windows_of_nothing_are_not_found(sending, signed_in, where):
    assert signed_in("senior").get(reverse("channels:windows", args=where)).status_code == 404


def test_the_register_does_not_ask_the_database_once_a_channel(
    register, signed_in, django_assert_max_num_queries
):
    client = signed_in("sender")
    client.get(reverse("channels:list"))
    with django_assert_max_num_queries(14):
        client.get(reverse("channels:list"))


def test_in_english_the_rule_is_english(sending, signed_in, settings):
    client = signed_in("sender")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = text_of(client.get(reverse("channels:detail", args=["sms"])))
    assert "Promotional SMS every day" in page


class TestAdmin:
    def test_a_channel_that_no_gateway_serves_can_be_taken_out_of_use_and_not_back(self, signed_in):
        client, old = signed_in("admin"), ChannelFactory(code="old", kind="sms")
        address = reverse("admin:channels_channel_change", args=[old.pk])
        data = {"name": old.name, "usage_rule": old.usage_rule, "owner": "", "address": "", "name_en": ""}
        week = {"windows-TOTAL_FORMS": "0", "windows-INITIAL_FORMS": "0"}
        assert client.post(address, data | week).status_code == 302
        old.refresh_from_db()
        assert not old.is_active
        refused = client.post(address, data | week | {"is_active": "on"})
        assert "«old»" in text_of(refused)
        old.refresh_from_db()
        assert not old.is_active

    def test_the_hours_are_to_read_there(self, sending, signed_in):
        client, channel = signed_in("admin"), Channel.objects.get(code="sms")
        address = reverse("admin:channels_channel_change", args=[channel.pk])
        assert "22:00" in text_of(client.get(address))
        data = {
            "name": "پیامک",
            "usage_rule": channel.usage_rule,
            "owner": channel.owner_id,
            "is_active": "on",
        }
        week = {"windows-TOTAL_FORMS": "1", "windows-INITIAL_FORMS": "1"}
        week |= {"windows-0-id": str(SendingWindow.objects.filter(channel=channel).latest("id").pk)}
        week |= {"windows-0-opens": "0", "windows-0-closes": "1440"}
        assert client.post(address, data | week).status_code == 302
        assert set(channel.windows.values_list("opens", "closes")) == {(480, 1320)}


def test_the_hours_to_edit_are_written_in_persian_and_read_back_alike(sending, signed_in):
    client = signed_in("senior")
    address = reverse("channels:windows", args=["sms", "promotional"])
    shown = client.get(address).context["form"]["every_day"].value()
    assert shown == "۰۸:۰۰ تا ۲۲:۰۰"
    before = set(SendingWindow.objects.values_list("channel", "weekday", "opens", "closes"))
    assert client.post(address, {"every_day": shown, "reason": "بازبینی"}).status_code == 302
    assert set(SendingWindow.objects.values_list("channel", "weekday", "opens", "closes")) == before
    assert "«۲۲:۰۰» بازه نیست" in text_of(client.post(address, {"every_day": "22:00"}))
