"""What the providers' words say on screen."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from gateways.amootsms.deliveries import DELIVERY_TYPES
from gateways.statuses import STATUSES, StatusKind
from messaging.actions.stop import pause
from messaging.models import Delivery, MessageStop
from messaging.web.status_labels import meaning_of
from tests.factories import ContactFactory
from tests.messaging.pages import colleague, planned, put, signed_in, sms, user_of


def in_both_languages(word: str) -> tuple[str, str]:
    with translation.override("en"):
        english = str(meaning_of(word))
    with translation.override("fa"):
        return english, str(meaning_of(word))


@pytest.mark.parametrize("word", [word for word, _meaning in DELIVERY_TYPES.values()])
def test_every_type_of_a_report_is_said_in_words(word):
    english, persian = in_both_languages(word)
    assert english
    assert english != persian


@pytest.mark.parametrize("word", [name for name, kind in STATUSES.values() if kind is not StatusKind.VAGUE])
def test_every_status_is_said_in_words(word):
    english, persian = in_both_languages(word)
    assert english
    assert english != persian


@pytest.mark.parametrize("word", ["", "1234", "<b>"])
def test_a_word_that_nobody_documented_says_nothing(word):
    assert meaning_of(word) == ""


@pytest.mark.django_db
class TestOnThePages:
    @pytest.fixture(autouse=True)
    def a_planned_message(self):
        self.sender = colleague("sender")
        ContactFactory()
        self.message = planned(self.sender, channel=sms())
        self.client = signed_in(user_of(self.sender))

    def page(self, name: str, *args: int) -> str:
        return self.client.get(reverse(f"messaging:{name}", args=[self.message.pk, *args])).content.decode()

    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("Length_Exceeded", "متن بیش از اندازه بلند است"),
            ("Tries_Invalid", "سرویس‌دهنده درخواست را به این شکل"),
        ],
    )
    def test_a_message_that_the_provider_refused_says_why_it_is_paused(self, word, said):
        pause(message=self.message, by=None, now=timezone.now(), reason=f"content: {word}")
        for name in ("detail", "progress"):
            page = self.page(name)
            assert said in page, name
            assert word in page, name
            assert f"content: {word}" not in page, name

    def test_what_a_person_gave_as_the_reason_stays_as_it_was_written(self):
        user = user_of(self.sender)
        MessageStop.objects.create(
            message=self.message, kind="pause", at=timezone.now(), by=user, reason="content: Length_Exceeded"
        )
        page = self.page("detail")
        assert "content: Length_Exceeded" in page
        assert "متن بیش از اندازه بلند است" not in page

    def test_why_says_what_the_report_means(self):
        put(self.message, "accepted")
        Delivery.objects.filter(message=self.message).update(provider_status="blacklist")
        page = self.page("why", Delivery.objects.get(message=self.message).pk)
        assert "لیست سیاه" in page
        assert "blacklist" in page
