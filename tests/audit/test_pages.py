"""The audit trail on screen."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from audit.actions import record
from audit.sealing import seal_entries
from contacts.consent.actions import set_consent
from persian.jalali import format_datetime
from tests.factories import DAY, NOW, ContactFactory, EmployeeFactory, UserFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/audit/"


@pytest.fixture
def auditor(client):
    client.force_login(UserFactory(roles=["auditor"]))
    return client


def tell(action="channel.outage_declared", *, by=None, now=NOW, object_id=1, **data):
    with transaction.atomic():
        return record(
            by=by, action=action, object_type="channels.channel", object_id=object_id, data=data, now=now
        )


def shown(answer):
    return [row.entry.pk for row in answer.context["rows"]]


def test_the_newest_stands_first_with_who_when_and_what(auditor):
    somebody = UserFactory(username="k.sharifi")
    first = tell(by=somebody, reason="قطعی مخابرات")
    second = tell("something.unknown")
    answer = auditor.get(ADDRESS)
    assert shown(answer) == [second.pk, first.pk]
    page = answer.content.decode()
    for text in ("k.sharifi", "قطعی مخابرات", "۲ آذر ۱۴۰۵، ۱۲:۰۰", "something.unknown"):
        assert text in page


def test_sealed_entries_are_marked(auditor):
    tell()
    seal_entries(now=NOW)
    tell()
    assert [row.is_sealed for row in auditor.get(ADDRESS).context["rows"]] == [False, True]


def test_filters_leave_what_was_asked_for(auditor):
    somebody = UserFactory(username="k.sharifi")
    outage = tell(by=somebody, object_id=1)
    ended = tell("channel.outage_ended", by=somebody, object_id=2, now=NOW + 2 * DAY)
    machine = tell("channel.outage_detected", object_id=1, now=NOW + 4 * DAY)
    for query, expected in (
        ({"action": "channel.outage_ended"}, [ended]),
        ({"actor": "K.SHARIFI"}, [ended, outage]),
        ({"actor": "system"}, [machine]),
        ({"object_type": "channels.channel", "object_id": "1"}, [machine, outage]),
        ({"since": "۱۴۰۵/۰۹/۰۴"}, [machine, ended]),
        ({"until": "2026-11-25"}, [ended, outage]),
        ({"since": "1405/09/03", "until": "1405/09/05"}, [ended]),
    ):
        assert shown(auditor.get(ADDRESS, query)) == [entry.pk for entry in expected], query


def test_a_day_ends_at_midnight_in_tehran(auditor):
    last = NOW.replace(hour=23, minute=59, second=59)
    inside = tell(now=last)
    tell(now=last + timedelta(seconds=1))
    assert shown(auditor.get(ADDRESS, {"until": "2026-11-23"})) == [inside.pk]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "1405/13/01"},
        {"action": "no.such"},
        {"before": "x"},
        {"after": "9" * 40},
        {"actor": "\x00"},
    ],
)
def test_a_strange_question_does_no_harm(auditor, query):
    tell()
    assert auditor.get(ADDRESS, query).status_code == 200


def test_pages_follow_one_another_by_key(auditor):
    entries = [tell(object_id=number).pk for number in range(120)]
    seen, address = [], ADDRESS
    while address:
        answer = auditor.get(address)
        seen += shown(answer)
        address = answer.context["page"].next and ADDRESS + answer.context["page"].next
    assert seen == entries[::-1]


def test_nothing_found_and_nothing_there_are_two_different_pages(auditor):
    empty = auditor.get(ADDRESS).content.decode()
    assert 'class="empty"' in empty
    assert auditor.get(ADDRESS, {"actor": "nobody"}).content.decode() != empty


def test_the_back_office_only_shows_the_trail(client):
    client.force_login(UserFactory(roles=["admin"], is_staff=True))
    entry = tell()
    seal_entries(now=NOW)
    for name in ("entry", "link"):
        assert client.get(reverse(f"admin:audit_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:audit_{name}_add")).status_code == 403
    page = reverse("admin:audit_entry_change", args=[entry.pk])
    assert format_datetime(entry.at, "fa") in client.get(page).content.decode()
    assert client.post(page, {"actor": "x"}).status_code == 403
    assert (
        client.post(reverse("admin:audit_entry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    )


def test_people_stand_by_name_and_keys_are_folded(auditor):
    """An auditor read “sender: 3” and user names."""
    somebody = UserFactory(username="k.sharifi", first_name="کاوه", last_name="شریفی")
    manager = EmployeeFactory(first_name="مریم", last_name="صالحی")
    tell(by=somebody, sender_manager=manager.pk, entry=7)
    [row] = auditor.get(ADDRESS).context["rows"]
    assert row.by == "کاوه شریفی"
    assert [value for _name, value in row.details] == ["مریم صالحی"]
    assert [value for _name, value in row.technical] == ["۷"]


@pytest.mark.parametrize("role", ["voc", "admin"])
def test_the_back_offices_history_is_the_audit_trail_of_the_object(client, role):
    """Django's own said “no history yet” of a customer whose flags were changed three times."""
    voc, contact = UserFactory(roles=["voc"]), ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason="تلفنی گفت", by=voc, now=NOW)
    client.force_login(UserFactory(roles=[role], is_staff=True))
    page = client.get(reverse("admin:contacts_contact_history", args=[contact.pk]))
    assert [row.entry.action for row in page.context["rows"]] == ["contact.opt_out_set"]
    assert client.get(reverse("admin:contacts_contact_history", args=[contact.pk + 1])).status_code == 404


def test_who_may_not_see_an_object_does_not_see_its_history(client):
    client.force_login(UserFactory(roles=["it"], is_staff=True))
    address = reverse("admin:contacts_contact_history", args=[ContactFactory().pk])
    assert client.get(address).status_code == 403
