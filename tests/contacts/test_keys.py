"""Tags and customer numbers are compared by one key, in the database and in Python."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.actions.imports import import_file
from contacts.models import Contact
from contacts.selectors import known_tags
from messaging.audience.members import tag_counts, with_tag
from persian.keys import compare_key, sql_tables
from persian.text import fold_line
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db


def in_database(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT contacts_key(%s)", [text])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("نمایشگاه ۱۴۰۵", "نمايشگاه 1405"),
        ("نمایشگاه ۱۴۰۵", "نمایشگاه ١٤٠٥"),
        ("علاقه\u200cمند", "علاقهمند"),
        ("VIP", "vip"),
        ("C-777", "c–777"),
        ("C-777", "C‑777"),
        ("شركة", "شرکه"),
        ("مُهم", "مهم"),
    ],
)
def test_two_spellings_have_one_key(one, other):
    assert compare_key(one) == compare_key(other)
    assert in_database(fold_line(one)) == in_database(fold_line(other)) == compare_key(one)


def test_what_differs_stays_different():
    assert len({compare_key(text) for text in ("C-777", "C-778", "C777", "تهران", "تهران ۱")}) == 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(alphabet="".join(sql_tables()[0]) + "abcXYZ äÄاب ", max_size=60))
def test_the_databases_key_is_pythons(text):
    assert in_database(fold_line(text)) == compare_key(text)


def test_a_tag_typed_in_any_spelling_reaches_all_who_have_it(write_csv):
    tags = ("نمایشگاه ۱۴۰۵", "نمایشگاه 1405", "نمايشگاه ١٤٠٥")
    rows = [(f"0912345678{n}", tag) for n, tag in enumerate(tags)]
    import_file(path=write_csv(("mobile", "tags"), *rows), by=None, now=NOW)
    for typed in ("نمایشگاه ۱۴۰۵", "نمايشگاه 1405"):
        assert Contact.objects.tagged(typed).count() == 3
        source = with_tag(typed).source()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {source.from_sql}", dict(source.params))  # noqa: S608
            assert cursor.fetchone()[0] == 3
    assert len(known_tags()) == 1
    assert [(count.count, count.is_more) for count in tag_counts()] == [(3, False)]


def test_a_tag_in_another_spelling_is_no_second_tag(write_csv):
    ContactFactory(mobile="+989123456789", tags=["نمایشگاه ۱۴۰۵"])
    done = import_file(path=write_csv(("mobile", "tags"), ("09123456789", "نمایشگاه 1405")), by=None, now=NOW)
    assert (done.updated, done.unchanged) == (0, 1)
    import_file(
        path=write_csv(("mobile", "tags"), ("09123456789", "نمايشگاه 1405، VIP، vip")), by=None, now=NOW
    )
    assert Contact.objects.get().tags == ["نمایشگاه ۱۴۰۵", "VIP"]


@pytest.mark.parametrize("typed", ["c-777", "C–777", "C-۷۷۷", "C-٧٧٧"])
def test_a_customer_number_in_another_spelling_is_taken(write_csv, typed):
    ContactFactory(mobile="+989123456789", customer_no="C-777")
    done = import_file(path=write_csv(("mobile", "customer_no"), ("09351112233", typed)), by=None, now=NOW)
    assert [line.code for line in done.refused_rows.all()] == ["customer_no_taken"]


def test_a_customer_number_in_another_spelling_is_repeated(write_csv):
    rows = [
        ("09351112233", "C-777"),
        ("09351112234", "c–777"),
        ("09351112235", "127.0"),
        ("09351112236", "127"),
    ]
    done = import_file(path=write_csv(("mobile", "customer_no"), *rows), by=None, now=NOW)
    assert [line.code for line in done.refused_rows.all()] == ["customer_no_repeated"] * 2


def test_the_index_serves_the_audience():
    ContactFactory(tags=["الف"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        query = str(Contact.objects.tagged("الف").explain())
    assert "contact_tag_keys" in query
