from random import Random

import pytest
from django.db import connection

from common.paging import PAGE_ROWS
from contacts.actions.imports import import_file
from contacts.models import Contact
from contacts.presenting import page_of
from contacts.search import search_text
from contacts.selectors import known_tags
from tests.factories import NOW, ContactFactory
from tests.guards import as_owner

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


def stored(
    name: str = "", mobile: str | None = None, phone: str | None = None, customer_no: str = ""
) -> Contact:
    """A customer as the actions store one: with the text that the search looks in."""
    text = search_text(name, "", customer_no, mobile, phone)
    numbers = {"mobile": mobile, "phone": phone} if mobile or phone else {}
    contact: Contact = ContactFactory(
        name=name, company="", customer_no=customer_no, search_text=text, **numbers
    )
    return contact


WHOLE = [
    "0912 000 0010",
    "۰۹۱۲ ۰۰۰ ۰۰۱۰",
    "0912 000 00 10",
    "0912-000-0010",
    "+98 912 000 00 10",
    "9120000010",
]


@pytest.mark.parametrize("typed", WHOLE)
def test_a_whole_number_finds_its_customer_alone(typed):
    """The parts of a number stand in many others; on the phone the flag went to the wrong person."""
    wanted = stored(name="", mobile="+989120000010")
    stored(name="0912 000", mobile="+989120010000")
    stored(name="", mobile="+989100009120")
    stored(name="", mobile="+989120000010"[:-2] + "01", customer_no="0010")
    assert list(Contact.objects.search(typed)) == [wanted]


def test_a_whole_number_finds_whose_second_number_it_is():
    wanted = stored(mobile="+989120000010", phone="+982188776655")
    stored(mobile="+989120000011")
    assert list(Contact.objects.search("021 8877 6655")) == [wanted]


def test_a_customer_number_of_ten_digits_is_found_though_a_number_could_look_so():
    wanted = stored(customer_no="2188776655")
    assert list(Contact.objects.search("2188776655")) == [wanted]


def test_random_whole_numbers_find_nobody_else():
    random = Random(7)
    numbers = sorted({f"+989{random.randrange(10**9):09}" for _ in range(400)})
    for number in numbers:
        stored(name="", mobile=number)
    for number in numbers[::20]:
        local = "0" + number[3:]
        for spelling in (
            f"{local[:4]} {local[4:7]} {local[7:]}",
            f"{local[:4]} {local[4:7]} {local[7:9]} {local[9:]}",
        ):
            assert [contact.mobile for contact in Contact.objects.search(spelling)] == [number]


def test_numbers_that_end_with_the_digits_come_first_on_every_page():
    """Newest first otherwise: the right one of seven stood last."""
    ends = stored(mobile="+989121110010").pk
    holds = [stored(mobile=f"+9891{n:02}001077").pk for n in range(20, 20 + PAGE_ROWS + 2)]
    expected = [ends, *reversed(holds)]
    first = page_of(Contact.objects.all(), {"q": "0010"})
    assert [row.pk for row in first.rows] == expected[:PAGE_ROWS]
    second = page_of(Contact.objects.all(), {"q": "0010", "before": expected[PAGE_ROWS - 1]})
    assert [row.pk for row in second.rows] == expected[PAGE_ROWS:]
    back = page_of(Contact.objects.all(), {"q": "0010", "after": expected[PAGE_ROWS]})
    assert [row.pk for row in back.rows] == expected[:PAGE_ROWS]


def test_pages_by_key_lead_there_and_back():
    ids = sorted((contact.pk for contact in ContactFactory.create_batch(2 * PAGE_ROWS + 3)), reverse=True)
    first = page_of(Contact.objects.all(), {"refused": "x"})
    assert [row.pk for row in first.rows] == ids[:PAGE_ROWS]
    assert (first.previous, first.next) == ("", f"?refused=x&before={ids[PAGE_ROWS - 1]}")
    second = page_of(Contact.objects.all(), {"before": ids[PAGE_ROWS - 1]})
    assert [row.pk for row in second.rows] == ids[PAGE_ROWS : 2 * PAGE_ROWS]
    last = page_of(Contact.objects.all(), {"before": ids[2 * PAGE_ROWS - 1]})
    assert (len(last.rows), last.next) == (3, "")
    back = page_of(Contact.objects.all(), {"after": ids[PAGE_ROWS]})
    assert [row.pk for row in back.rows] == ids[:PAGE_ROWS]
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
        with as_owner():
            cursor.execute("ANALYZE contacts_contact")
            # What waits in the index's pending list would be read with every look.
            cursor.execute("SELECT gin_clean_pending_list('contact_search')")
    for typed in ("ناپیدا", "کاظمی ناپیدا", "0919777"):
        nodes = _nodes(_plan(Contact.objects.search(typed).best_first("-pk")[:51]))
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
