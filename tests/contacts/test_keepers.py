"""The triggers of numbers and restrictions on many rows, whatever their session did before."""

import time

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

_INSERT = """
    INSERT INTO contacts_contact (name, company, customer_no, email, mobile, tags, search_text,
                                  no_promotional, no_messages, voc_call_open, created_at, updated_at)
    SELECT '', '', '', '', '+98912' || to_char(n, 'FM0000000'), '{}', '', false, false, false, now(), now()
      FROM generate_series(1, 4000) n
    ON CONFLICT (address) DO UPDATE SET name = 'x'
"""
_CHANGE = """
    UPDATE contacts_contact SET phone = '+98218' || to_char(substr(mobile, 7)::int, 'FM0000000')
     WHERE mobile BETWEEN '+989120000001' AND %s
"""


def test_twenty_times_the_rows_do_not_take_the_square_of_it():
    """An import of new customers calls the trigger of changed ones with none; the plan for none was kept, and
    the next import compared each row with each."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute(_INSERT)
        one = _seconds(cursor, 200)
        twenty = _seconds(cursor, 4_000)
        cursor.execute("SELECT count(*) FROM contacts_number WHERE kind = 'landline'")
        assert cursor.fetchone() == (4_000,)
    assert twenty < 100 * one


def _seconds(cursor, last: int) -> float:
    started = time.perf_counter()
    cursor.execute(_CHANGE, [f"+98912{last:07}"])
    return time.perf_counter() - started
