import pytest
from django.db import connection

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


TERMS = [
    "%",
    "_",
    "\\",
    "100%",
    "a_b",
    "'",
    '"',
    "نمونه%",
    "كياني",
    "۰۹۳۵۵۵۵۰۲۵۰",
    "+98 935 555 0250",
    "0098935555",
    "٩٣٥٥٥٥٠٢٥٠",
    "0935-555-0250",
    "935 555 0250",
    "02155550230",
    "021-5555 0230",
    "بازگشت نمونه",
    "نمونه‌بازگشت",
    "s9@example.org",
    "hunt-re",
    "‏09355550250‏",
    "(0935) 5550250",
    "++98935",
    "0935555025",
    "۰۹۳۵ ۵۵۵ ۰۲۵۰",
]


@pytest.mark.parametrize("typed", TERMS)
def test_whatever_is_typed_finds_who_has_it_and_nobody_else(typed, write_csv):
    """The terms that were typed on the first day in the field."""
    path = write_csv(
        ("name", "mobile", "phone", "company", "customer_no"),
        ("نمونه بازگشت کیانی", "09355550250", "021-55550230", "", "HUNT-RE-1"),
        ("زهرا نوری", "09121112233", "", "دیگری", "D-1"),
    )
    import_file(path=path, by=None, now=NOW)
    found = [contact.name for contact in Contact.objects.search(typed)]
    nobodys = {"%", "_", "\\", "100%", "a_b", "'", '"', "نمونه%", "s9@example.org", "++98935"}
    assert found == ([] if typed in nobodys else ["نمونه بازگشت کیانی"])


def test_a_search_that_finds_nobody_reads_the_index_alone():
    """20,000 customers, as PostgreSQL itself chooses to look: no setting forbids it the whole table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (name, company, customer_no, email, mobile, tags, search_text,"
            " no_promotional, no_messages, voc_call_open, created_at, updated_at)"
            " SELECT 'کاظمی', '', '', '', '+98912' || to_char(n, 'FM0000000'), '{}',"
            " format(E'کاظمی %s\\n\\n\\n0912%s', n, to_char(n, 'FM0000000')),"
            " false, false, false, now(), now()"
            " FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE contacts_contact")
        # What waits in the index's pending list would be read with every look.
        cursor.execute("SELECT gin_clean_pending_list('contact_search')")
    for typed in ("ناپیدا", "کاظمی ناپیدا", "0919777"):
        nodes = _nodes(_plan(Contact.objects.search(typed).after(None)[:51]))
        looks = [node for node in nodes if node.get("Index Name") == "contact_search"]
        assert looks, typed
        assert not any(node["Node Type"] == "Seq Scan" for node in nodes)
        # The index itself finds nobody, instead of giving every row to be compared with the word.
        assert sum(node["Actual Rows"] for node in looks) < 100


def _plan(rows):
    statement, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
        return cursor.fetchone()[0][0]["Plan"]


def _nodes(plan):
    return [plan, *(node for part in plan.get("Plans", []) for node in _nodes(part))]
