"""How sending goes, on screen; and an outage wherever something waits for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from channels.models import Channel, Outage
from messaging.actions.stop import pause
from messaging.dispatch.clock import database_clock
from messaging.dispatch.heartbeat import Heart
from messaging.dispatch.pump_report import PumpReport
from messaging.models import Delivery, UnreadableInbound
from tests.factories import ChannelFactory, ContactFactory, OutageFactory, OverrideFactory, UserFactory
from tests.messaging.helpers import campaign, seconds
from tests.messaging.pages import colleague, planned, signed_in, sms, user_of
from tests.portal.helpers import inline_code

pytestmark = pytest.mark.django_db

EMPTY_ACCOUNT = "اعتبار سرویس‌دهنده تمام شده است."
UNREACHED = "ارتباط با سرویس‌دهنده برقرار نمی‌شود."


@pytest.fixture
def it():
    return signed_in(UserFactory(roles=["it"]))


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


def report(worker="host:7", off=0.0, ago=0.0):
    Heart().note(
        worker,
        "sms",
        PumpReport(sent=1250, calls=13, failures=["timeout"]),
        clock_difference=seconds(off),
        now=database_clock() - seconds(ago),
    )


def outage(channel, minutes=5, **fields):
    return OutageFactory(channel=channel, started_at=timezone.now() - timedelta(minutes=minutes), **fields)


def test_a_channel_out_of_use_is_shown_with_what_still_waits_for_it(it):
    message = campaign(3, now=database_clock())
    assert "خارج از استفاده" not in text_of(it.get(reverse("messaging:operations")))
    cache.clear()
    Channel.objects.filter(pk=message.channel_id).update(is_active=False)
    answer = it.get(reverse("messaging:operations"))
    assert "خارج از استفاده" in text_of(answer)
    (shown,) = answer.context["seen"].channels
    assert shown.waiting.messages == 1


def test_what_customers_wrote_and_nobody_could_read_is_an_alarm(it):
    message, now = campaign(1, now=database_clock()), database_clock()
    assert "خوانده نشد" not in text_of(it.get(reverse("messaging:operations")))
    cache.clear()
    UnreadableInbound.objects.create(
        channel=message.channel, since=now, until=now, code="not_json", found_at=now
    )
    page = text_of(it.get(reverse("messaging:operations")))
    assert "۱ بخش از پیام‌های مشتریان" in page
    assert "خوانده نشد" in page


@pytest.mark.parametrize(("role", "shown"), [("it", False), ("auditor", True)])
def test_the_back_office_shows_a_customers_words_to_those_alone_who_may_read_them(role, shown):
    part = UnreadableInbound.objects.create(
        channel=sms(),
        since=timezone.now(),
        until=timezone.now(),
        code="x",
        raw="secret",
        found_at=timezone.now(),
    )
    client = signed_in(UserFactory(roles=[role], is_staff=True))
    page = text_of(client.get(reverse("admin:messaging_unreadableinbound_change", args=[part.pk])))
    assert ("secret" in page) is shown


def test_the_page_shows_workers_what_waits_and_the_gateways(it):
    campaign(3, now=database_clock())
    report()
    page = text_of(it.get(reverse("messaging:operations")))
    assert "وضعیت ارسال" in page
    assert "host:7" in page
    assert "۱٬۲۵۰" in page
    assert "آمادهٔ ارسال" in page
    assert 'hx-trigger="every 3s"' in page
    assert "data-poll" in page
    assert inline_code(page) == []
    fragment = text_of(it.get(reverse("messaging:operations_now")))
    assert "<html" not in fragment
    assert 'id="operations"' in fragment


def test_without_any_worker_it_says_that_nothing_is_sent(it):
    sms()
    assert "هیچ پردازشگری در کار نیست" in text_of(it.get(reverse("messaging:operations")))


def test_a_worker_that_is_gone_is_grey(it):
    report("here:1")
    report("gone:1", ago=60)
    page = text_of(it.get(reverse("messaging:operations")))
    assert page.count('class="is-gone"') == 1


def test_a_wrong_clock_is_told_on_the_page_and_at_home_to_those_who_look_after_it(it):
    sms()
    report(off=-7.5)
    told = "پیام تبلیغاتی نمی‌فرستد"
    assert "۷٫۵" in text_of(it.get(reverse("messaging:operations")))
    assert told in text_of(it.get(reverse("home_now")))
    sender = signed_in(UserFactory(roles=["sender"]))
    assert told not in text_of(sender.get(reverse("home_now")))


def test_counting_is_shared_for_some_seconds(it, django_assert_max_num_queries):
    campaign(3, now=database_clock())
    report()
    it.get(reverse("messaging:operations_now"))
    with django_assert_max_num_queries(14):
        it.get(reverse("messaging:operations_now"))
    cache.clear()


def test_english_is_left_to_right_and_says_the_same():
    sms()
    report(off=5)
    page = text_of(signed_in(UserFactory(roles=["it"]), "en").get(reverse("messaging:operations")))
    assert "Sending status" in page
    assert "sends nothing promotional" in page


class TestOutages:
    def test_home_says_what_is_down_since_when_why_and_what_waits(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        outage(message.channel, cause="credit", code="CreditNotEnough")
        page = text_of(signed_in(user_of(sender)).get(reverse("home")))
        assert EMPTY_ACCOUNT in page
        assert "۵ دقیقه پیش" in page
        assert "۱ پیام منتظر است" in page
        assert "CreditNotEnough" in page
        assert "پایان قطعی" not in page, "a sender does not end it"
        assert page.count(EMPTY_ACCOUNT) == 1, "home tells it once"

    def test_home_ends_an_outage_for_those_who_may(self, it):
        by = UserFactory(roles=["senior"], first_name="بهرام", last_name="کیانی")
        open_one = outage(sms(), origin="declared", declared_by=by, reason="قطعی مخابرات")
        page = text_of(it.get(reverse("home")))
        assert "قطعی مخابرات" in page
        assert "بهرام کیانی" in page
        address = reverse("channels:end_outage", args=["sms", open_one.pk])
        assert address in page
        assert it.post(address).status_code == 302
        assert "قطعی مخابرات" not in text_of(it.get(reverse("home_now")))

    def test_every_page_of_those_who_see_messages_has_a_banner(self):
        outage(sms())
        for role, sees in (("sender", True), ("it", True), ("hr", False)):
            page = text_of(signed_in(UserFactory(roles=[role])).get(reverse("staff:directory")))
            assert (UNREACHED in page) is sees

    def test_a_waiting_message_says_which_outage_it_waits_for(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        outage(message.channel)
        client = signed_in(user_of(sender))
        delivery = Delivery.objects.get(message=message)
        for name, args, query in (
            ("detail", [message.pk], {}),
            ("progress", [message.pk], {}),
            ("rows_progress", [], {"of": message.pk}),
            ("recipients", [message.pk], {}),
            ("why", [message.pk, delivery.pk], {}),
        ):
            page = text_of(client.get(reverse(f"messaging:{name}", args=args), query))
            assert page.count(UNREACHED) == 1, f"{name} tells it once, and not in a banner as well"
            assert "۵ دقیقه پیش" in page, name

    def test_a_paused_message_says_both_that_it_is_paused_and_what_is_down(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        outage(message.channel)
        pause(message=message, by=user_of(sender), now=timezone.now())
        page = text_of(signed_in(user_of(sender)).get(reverse("messaging:detail", args=[message.pk])))
        assert page.count(UNREACHED) == 1
        assert "ارسال متوقف است؛ ۱ نفر هنوز نگرفته‌اند." in page

    def test_a_message_that_awaits_its_approval_says_what_is_down(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        OverrideFactory(message=message, pending=True)
        outage(message.channel)
        page = text_of(signed_in(user_of(sender)).get(reverse("messaging:detail", args=[message.pk])))
        assert page.count(UNREACHED) == 1
        assert "در انتظار تأیید" in page

    def test_a_messages_page_has_the_banner_of_another_channels_outage(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        outage(ChannelFactory(code="avanak", kind="voice"))
        for name in ("detail", "recipients"):
            page = text_of(signed_in(user_of(sender)).get(reverse(f"messaging:{name}", args=[message.pk])))
            assert UNREACHED in page, name

    def test_after_the_outage_the_message_says_that_it_goes_slowly_at_first(self):
        sender = colleague("sender")
        ContactFactory()
        message = planned(sender, channel=sms())
        over = outage(message.channel)
        Outage.objects.filter(pk=over.pk).update(ended_at=timezone.now())
        client = signed_in(user_of(sender))
        page = text_of(client.get(reverse("messaging:progress", args=[message.pk])))
        assert UNREACHED not in page
        assert "اندک‌اندک" in page

    def test_the_channels_page_lists_past_outages_with_their_length(self, it):
        over = outage(sms(), minutes=125, cause="provider", code="http_502")
        Outage.objects.filter(pk=over.pk).update(ended_at=over.started_at + timedelta(minutes=65))
        page = text_of(it.get(reverse("channels:detail", args=["sms"])))
        assert "۱ ساعت و ۵ دقیقه" in page
        assert "اختلال در سرویس‌دهنده" in page
        assert "http_502" in page
