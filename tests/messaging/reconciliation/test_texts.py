"""The breaches' texts: what was really sent, however near it is to a text of the portal."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from gateways.base import Listed
from messaging.models import Breach
from messaging.reconciliation.tables import DayTables, TextDigests, digest_of
from tests.factories import ChannelFactory, MessageFactory, open_every_day
from tests.messaging.dispatching import Dispatch, by_day
from tests.messaging.helpers import people, states
from tests.messaging.reconciliation.shadows import STRANGERS, at, by_the_panel, compare, happened, yesterday

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("compared_for_years")]


def portal_sends(sms: Dispatch, count: int, text: str, **fields: object) -> None:
    people(count)
    message = MessageFactory(text=text, **fields)
    open_every_day(sms.channel)
    sms.clock = by_day()
    sms.run()
    assert states(message) == {"accepted": count}
    open_every_day(sms.channel)


@pytest.mark.parametrize("ours", ["سلام", "سلام، حراج آخر سال؛ فقط امروز"])
def test_a_breach_shows_what_the_panel_sent_and_not_the_portals_text_that_begins_alike(
    sms: Dispatch, ours: str
):
    portal_sends(sms, 2, ours)
    by_the_panel(sms, STRANGERS, "سلام، حراج آخر سال")
    happened(sms, at(12))
    compare(sms)
    assert Breach.objects.get().text == "سلام، حراج آخر سال"


def test_texts_of_the_panel_that_go_on_from_one_of_the_portal_are_breaches_of_their_own(sms: Dispatch):
    portal_sends(sms, 2, "سلام")
    by_the_panel(sms, STRANGERS[:2], "سلام، حراج آخر سال")
    by_the_panel(sms, STRANGERS[2:], "سلام، جشنوارهٔ پاییز")
    happened(sms, at(12))
    assert compare(sms).shadow == 3
    assert set(Breach.objects.values_list("text", "recipients")) == {
        ("سلام، حراج آخر سال", 2),
        ("سلام، جشنوارهٔ پاییز", 1),
    }


def test_a_message_of_the_portal_that_the_provider_cut_off_for_some_is_one_breach_with_its_own_text(
    sms: Dispatch,
):
    portal_sends(sms, 20, "تخفیف ویژه کتاب", promotional=True)
    known = sms.server.gateway.ledgers["sms"].campaigns
    known[0].text = "تخفیف"
    happened(sms, at(23))
    assert compare(sms).outside_hours == 20
    assert list(Breach.objects.values_list("text", "recipients")) == [("تخفیف ویژه کتاب", 20)]


def test_a_text_keeps_its_own_digest_beside_the_one_it_stands_for():
    digests = TextDigests(["سلام"])
    assert digests("سلام، حراج") == (digest_of("سلام، حراج"), digest_of("سلام"))


def test_what_the_database_cannot_hold_of_a_row_is_left_out_and_the_row_is_kept():
    tables = DayTables(ChannelFactory().pk, yesterday())
    with transaction.atomic(), connection.cursor() as cursor:
        tables.open()
        tables.load([Listed("7", "9121234567", "30\ud800\x0000", "حر\ud83d\x00اج", at(12), None)])
        cursor.execute("SELECT line, text FROM shadow_raw, shadow_text")
        assert cursor.fetchall() == [("3000", "حراج")]
