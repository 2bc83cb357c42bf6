"""The search of customers: whole numbers, parts, and misspelled names where there is nothing else."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from common.paging import PAGE_ROWS
from contacts.actions.people import edit_contact
from contacts.actions.search_words import refresh_search_words
from contacts.finding import Found, find_customers
from contacts.models import Contact
from contacts.presenting import page_of
from contacts.search import search_text
from contacts.vocabulary import SearchWord, similar_words
from tests.factories import NOW, ContactFactory, UserFactory
from tests.guards import as_owner

pytestmark = pytest.mark.django_db


def stored(name="", mobile=None, phone=None, customer_no="", company="", **fields) -> Contact:
    text = search_text(name, company, customer_no, mobile, phone)
    numbers = {"mobile": mobile, "phone": phone} if mobile or phone else {}
    values = {"name": name, "company": company, "customer_no": customer_no, "search_text": text}
    contact: Contact = ContactFactory(**values, **numbers, **fields)
    return contact


def find(typed: str, size: int = PAGE_ROWS, **keys) -> Found:
    return find_customers(Contact.objects.all(), typed, size=size, **keys)


def walked(typed: str, size: int) -> tuple[list[int], list[int]]:
    """The keys of all pages there, and of all of them on the way back."""
    there, pages = [], []
    found = find(typed, size)
    while True:
        pages.append([row.pk for row in found.rows])
        there += pages[-1]
        if not found.has_next:
            break
        assert len(pages) < 100
        found = find(typed, size, before=there[-1])
        assert found.has_previous
    back = list(pages[-1])
    for page in reversed(pages[:-1]):
        found = find(typed, size, after=back[0])
        assert [row.pk for row in found.rows] == page
        assert found.has_next
        back = [row.pk for row in found.rows] + back
    assert not found.has_previous or len(pages) == 1
    return there, back


@pytest.mark.parametrize("typed", ["C-77", "c–77", "C_77", " c-۷۷ "])
def test_a_whole_customer_number_comes_before_those_that_hold_it(typed):
    wanted = stored(name="علی", customer_no="C-77")
    longer = stored(name="زهرا", customer_no="C-770")
    rows = [row.pk for row in find(typed).rows]
    assert rows[0] == wanted.pk
    assert rows[1:] in ([], [longer.pk])  # another dash is no part of the text


def test_a_customer_number_of_digits_comes_before_telephone_numbers_that_end_with_it():
    wanted = stored(customer_no="0010")
    ends = stored(mobile="+989121110010")
    holds = stored(mobile="+989120010777")
    assert [row.pk for row in find("0010").rows] == [wanted.pk, ends.pk, holds.pk]
    assert [row.pk for row in find("۰۰۱۰").rows] == [wanted.pk, ends.pk, holds.pk]


def test_a_number_that_the_record_ceased_to_carry_does_not_find_it():
    contact = stored(mobile="+989121110010", phone="+982188776655")
    Contact.objects.filter(pk=contact.pk).update(
        phone="+982188776644",
        search_text=search_text("", "", "", "+989121110010", "+982188776644"),
        updated_at=NOW,
    )
    assert find("02188776655").rows == []
    assert [row.pk for row in find("02188776644").rows] == [contact.pk]


def test_a_whole_number_that_nobody_has_finds_no_stranger():
    stored(mobile="+989121110010")
    refresh_search_words()
    found = find("0912 111 0011")
    assert (found.rows, found.similar) == ([], [])


@pytest.mark.parametrize("typed", ["0911119", "1" * 40, "۹" * 40, "0912 111 0010 0912 111 0010"])
def test_digits_are_never_similar(typed):
    stored(name="علی", mobile="+989121110010")
    refresh_search_words()
    found = find(typed)
    assert (found.rows, found.similar) == ([], [])


@pytest.mark.parametrize("typed", ["نو", "نو رز", "رز"])
def test_a_word_of_two_letters_begins_a_word(typed):
    wanted = stored(name="نوری رزاق", mobile="+989121110010", company="رزنو")
    stored(name="بانو فیروز", mobile="+989121110011")
    assert [row.pk for row in find(typed).rows] == [wanted.pk]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "!؟", "–"])
def test_a_sign_alone_finds_nobody_and_beside_a_word_says_nothing(typed):
    wanted = stored(name="علی کاظمی", mobile="+989121110010")
    assert find(typed).rows == []
    assert [row.pk for row in find(f"علی {typed} کاظمی").rows] == [wanted.pk]


def test_percent_and_underscore_are_no_wildcards():
    stored(name="علیم", mobile="+989121110010")
    wanted = stored(name="100%", mobile="+989121110011")
    assert [row.pk for row in find("100%").rows] == [wanted.pk]
    assert find("عل_م").rows == []
    assert find("ع%م").rows == []


@pytest.mark.parametrize("typed", ["", "   ", "\u200c"])
def test_an_empty_query_is_everybody_and_nobody_similar(typed):
    keys = [stored(mobile=f"+98912111001{n}").pk for n in range(3)]
    refresh_search_words()
    found = find(typed)
    assert ([row.pk for row in found.rows], found.similar) == (keys[::-1], [])


@pytest.mark.parametrize(
    "typed", ["کاضمی", "كاضمی", "کاظیم", "کاظمیی", "ک‌اضمی", "مهدی کاضمی", "کاضمی 0912", "مه کاضمی"]
)
def test_a_misspelled_name_is_found_as_similar(typed):
    wanted = stored(name="مهدی كاظمي", mobile="+989121110010")
    stored(name="زهرا نوری", mobile="+989351110010")
    refresh_search_words()
    found = find(typed)
    assert (found.rows, [row.pk for row in found.similar]) == ([], [wanted.pk])


def test_similar_ones_follow_what_holds_the_word_and_are_told_apart():
    holds = stored(name="حسین", company="حسین کاظمیانی", mobile="+989121110010")
    similar = stored(name="حسین کاظمی", mobile="+989121110011")
    stored(name="حسین ناصری", mobile="+989121110012")
    refresh_search_words()
    found = find("حسین کاظمیان")
    assert [row.pk for row in found.rows] == [holds.pk]
    assert [row.pk for row in found.similar] == [similar.pk]


def test_words_that_customers_have_are_misspelled_only_where_nobody_has_them_together():
    both = stored(name="زهره کریمی", mobile="+989121110010")
    stored(name="زهرا کریمی", mobile="+989121110011")
    other = stored(name="زهرا رحیمی", mobile="+989121110012")
    refresh_search_words()
    found = find("زهره کریمی")
    assert ([row.pk for row in found.rows], found.similar) == ([both.pk], [])
    found = find("زهره رحیمی")
    assert (found.rows, [row.pk for row in found.similar]) == ([], [other.pk])


def test_the_most_similar_word_comes_first():
    stored(name="گودرزیان", mobile="+989121110010")
    best = stored(name="گودرزی", mobile="+989121110011")
    stored(name="گودرزیپور", mobile="+989121110012")
    refresh_search_words()
    assert similar_words("گدرزی")[0] == "گودرزی"
    assert best.pk in [row.pk for row in find("گدرزی").similar]


def test_nobody_is_similar_where_parts_fill_the_page():
    for n in range(3):
        stored(name="کاظمیانی", mobile=f"+98912111001{n}")
    similar = stored(name="کاظمی", mobile="+989121110019")
    refresh_search_words()
    assert find("کاظمیان", size=3).similar == []
    assert [row.pk for row in find("کاظمیان", size=4).similar] == [similar.pk]


def test_similar_ones_have_one_page_and_no_more():
    for n in range(5):
        stored(name="کاظمی", mobile=f"+98912111001{n}")
    refresh_search_words()
    found = find("کاضمی", size=3)
    assert (len(found.similar), found.has_next, found.has_previous) == (3, False, False)


def test_a_page_that_is_not_the_first_has_nobody_similar():
    keys = [stored(name="کاظمیانی", mobile=f"+98912111001{n}").pk for n in range(4)]
    stored(name="کاظمی", mobile="+989121110019")
    refresh_search_words()
    found = find("کاظمیان", size=3, before=keys[1])
    assert ([row.pk for row in found.rows], found.similar) == ([keys[0]], [])


def test_similar_ones_pass_the_same_filters():
    stored(name="کاظمی", mobile="+989121110010")
    tagged = stored(name="کاظمی", mobile="+989121110011", tags=["تهران"])
    refresh_search_words()
    found = find_customers(Contact.objects.all().tagged("تهران"), "کاضمی", size=5)
    assert [row.pk for row in found.similar] == [tagged.pk]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_lead_through_all_groups_there_and_back(size):
    exact = stored(customer_no="0010").pk
    ends = [stored(mobile=f"+9891{n}110010").pk for n in range(20, 25)]
    holds = [stored(mobile=f"+9891{n}001077").pk for n in range(20, 25)]
    expected = [exact, *reversed(ends), *reversed(holds)]
    there, back = walked("0010", size)
    assert there == expected
    assert back == expected


def test_a_key_that_is_in_no_group_any_more_is_no_error():
    keys = [stored(name="کاظمی", mobile=f"+98912111001{n}").pk for n in range(3)]
    gone = stored(name="نوری", mobile="+989121110019").pk
    assert [row.pk for row in find("کاظمی", before=gone).rows] == keys[::-1]
    assert find("کاظمی", before=10**15).has_previous
    assert find("0912111", after=10**15).rows == []


def test_words_follow_the_customers_and_are_kept_apart_from_numbers():
    contact = stored(name="محمد رضا كاظمي", mobile="+989121110010", company="آموت ۲۴ ق", customer_no="ق-زرد")
    assert refresh_search_words() == 4
    assert set(SearchWord.objects.values_list("word", flat=True)) == {"محمد", "رضا", "کاظمی", "اموت"}
    assert refresh_search_words() == 0
    admin = UserFactory(roles=["voc", "admin"])
    edit_contact(contact=contact, changes={"name": "نوری"}, by=admin, now=NOW)
    assert refresh_search_words() == 1
    assert set(SearchWord.objects.values_list("word", flat=True)) == {"نوری", "اموت"}


def test_the_list_marks_who_is_only_similar(client, sender):
    stored(name="مهدی کاظمی", mobile="+989121110010")
    stored(name="رضا کاظمیانی", mobile="+989121110011")
    refresh_search_words()
    client.force_login(sender)
    with translation.override("fa"):
        exact = client.get(reverse("contacts:list"), {"q": "کاظمیان"}).content.decode()
        similar = client.get(reverse("contacts:list"), {"q": "کاضمی"}).content.decode()
    assert exact.index("رضا کاظمیانی") < exact.index("موارد شبیه") < exact.index("مهدی کاظمی")
    assert similar.index("موارد شبیه") < similar.index("مهدی کاظمی")
    assert "با این املا کسی یافت نشد" in similar


def test_page_of_a_search_keeps_the_query_in_its_links():
    keys = [stored(name="کاظمی", mobile=f"+98912111{n:04}").pk for n in range(PAGE_ROWS + 1)]
    page = page_of(Contact.objects.all(), {"q": "کاظمی"})
    assert page.next.endswith(f"&before={keys[1]}")
    assert page.previous == ""


WAYS = ["کاظمی ناپیدا", "کا", "0919 700 7000", "02199700070", "7007", "C-900", "کاضمی ناپیدا"]


@pytest.fixture
def _many(db: None) -> None:
    """20,000 customers, and the statistics of a table that was there for a while."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (name, company, customer_no, email, mobile, tags, search_text,"
            " no_promotional, no_messages, voc_call_open, created_at, updated_at)"
            " SELECT 'نوری', '', 'C-' || n, '', '+98912' || to_char(n, 'FM0000000'), '{}',"
            " format(E'نوری %s\\n\\nc-%s\\n0912%s', n, n, to_char(n, 'FM0000000')),"
            " false, false, false, now(), now()"
            " FROM generate_series(1, 20000) n"
        )
        with as_owner():
            cursor.execute("ANALYZE contacts_contact, contacts_number, contacts_searchword")
            # What waits in the index's pending list would be read with every look.
            cursor.execute("SELECT gin_clean_pending_list('contact_search')")


@pytest.mark.usefixtures("_many")
@pytest.mark.parametrize("typed", WAYS)
def test_no_search_for_what_few_have_reads_the_whole_table(typed, django_assert_max_num_queries):
    """As PostgreSQL itself chooses to look: no setting forbids it the whole table."""
    with django_assert_max_num_queries(8) as asked:
        find(typed)
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            nodes = _nodes(cursor.fetchone()[0][0]["Plan"])
        read = [node for node in nodes if node.get("Relation Name") == "contacts_contact"]
        assert all(node["Node Type"] != "Seq Scan" for node in read), query["sql"]
        passed = [node.get("Rows Removed by Filter", 0) for node in read]
        assert sum(passed) < 5_000, query["sql"]


def _nodes(plan):
    return [plan, *(node for part in plan.get("Plans", []) for node in _nodes(part))]
