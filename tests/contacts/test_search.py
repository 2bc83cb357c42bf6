import pytest

from contacts.actions.imports import import_file
from contacts.models import Contact
from contacts.presenting import PAGE_SIZE, page_of
from contacts.search import search_text
from contacts.selectors import known_tags
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db


def test_the_search_text_has_a_line_a_value():
    text = search_text("محمد رضا", "شرکتِ آموت", "ق-۱۲", "+989123456789", "+982188123456")
    assert text.split("\n") == [
        "محمد رضا محمدرضا",
        "شرکت اموت شرکتاموت",
        "ق-12",
        "09123456789 02188123456",
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "محمدرضا كاظمي",
        "کاظمی",
        "محمد‌رضا",
        "کاظمی محمد",
        "0912 345",
        "+98 912 345 67 89",
        "00989123456789",
        "989123456789",
        "۳۴۵۶۷۸۹",
        "٠٩١٢٣",
        "آموت",
        "AMOOT",
        "c-77",
        "8812",
    ],
)
def test_a_customer_is_found_by_any_spelling(typed, write_csv):
    path = write_csv(
        ("name", "mobile", "phone", "company", "customer_no"),
        ("محمد رضا کاظمی", "09123456789", "021-88123456", "آموت Amoot", "C-77"),
        ("زهرا نوری", "09351112233", "", "دیگری", "D-1"),
    )
    import_file(path=path, by=None, now=NOW)
    assert [contact.name for contact in Contact.objects.search(typed)] == ["محمد رضا کاظمی"]


@pytest.mark.parametrize("typed", ["نیست", "0919999", "%", "_", "\\", "' OR 1=1 --"])
def test_what_nobody_has_finds_nobody(typed, write_csv):
    import_file(path=write_csv(("name", "mobile"), ("علی", "09123456789")), by=None, now=NOW)
    assert not Contact.objects.search(typed).exists()


def test_an_empty_search_finds_all():
    ContactFactory.create_batch(2)
    assert Contact.objects.search(" \u200c ").count() == 2


def test_pages_by_key_lead_there_and_back():
    ids = sorted((contact.pk for contact in ContactFactory.create_batch(2 * PAGE_SIZE + 3)), reverse=True)
    first = page_of(Contact.objects.all(), {"q": "x"})
    assert [row.pk for row in first.rows] == ids[:PAGE_SIZE]
    assert (first.previous, first.next) == ("", f"?q=x&before={ids[PAGE_SIZE - 1]}")
    second = page_of(Contact.objects.all(), {"before": ids[PAGE_SIZE - 1]})
    assert [row.pk for row in second.rows] == ids[PAGE_SIZE : 2 * PAGE_SIZE]
    last = page_of(Contact.objects.all(), {"before": ids[2 * PAGE_SIZE - 1]})
    assert (len(last.rows), last.next) == (3, "")
    back = page_of(Contact.objects.all(), {"after": ids[PAGE_SIZE]})
    assert [row.pk for row in back.rows] == ids[:PAGE_SIZE]
    assert back.previous == ""


def test_tags_are_offered_most_frequent_first():
    ContactFactory(tags=["تهران", "نمایندگی"])
    ContactFactory(tags=["تهران"])
    assert known_tags() == ["تهران", "نمایندگی"]
