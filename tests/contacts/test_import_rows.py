"""What of a row is taken, and what an import does to customers whom we know."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Entry
from contacts.actions.imports import import_file
from contacts.consent.actions import set_consent
from contacts.imports.columns import recognise
from contacts.imports.rows import Person, Problem, RowReader
from contacts.imports.stage import staged
from contacts.imports.table import TableRow
from contacts.models import ConsentEntry, Contact
from contacts.reasons import REASONS
from tests.contacts.conftest import HEADER
from tests.factories import NOW, ContactFactory, UserFactory


def read(*cells: str, header: tuple[str, ...] = HEADER):
    return RowReader(recognise(header, 1)).read(TableRow(2, list(cells)))


@pytest.mark.parametrize(
    "header",
    [
        ("نام و نام خانوادگی", "موبایل", "تلفن ثابت", "ایمیل", "شرکت", "کد مشتری", "برچسب"),
        ("نام", "شماره همراه", "تلفن", "پست الکترونیکی", "سازمان", "شماره مشتری", "گروه"),
        ("Name", "MOBILE", "Phone", "E-Mail", "Company", "Customer No", "Tags"),
        ("نام ", "شماره‌همراه", "تلفن", "ايميل", "شركت", "کد_مشتری", "برچسب‌ها"),
    ],
)
def test_headers_are_known_in_persian_and_english(header):
    assert list(recognise(header, 1).position) == list(HEADER)


def test_unknown_columns_are_left_out_and_named():
    columns = recognise(("mobile", "رنگ", "", "name"), 1)
    assert columns.ignored == ("رنگ",)
    assert columns.position == {"mobile": 0, "name": 3}


def test_first_and_last_name_in_two_columns_are_one_name():
    person = read("علي", "کاظمی", "09123456789", header=("نام", "نام خانوادگی", "موبایل"))
    assert isinstance(person, Person)
    assert person.name == "علی کاظمی"


def test_a_row_is_stored_in_one_spelling():
    person = read(
        " علي  كاظمى ", "۰۹۱۲-۳۴۵ ۶۷۸۹", "(021) 88123456", " a@b.ir ", "شرکت ي", "ق۱۲", "تهران، ویژه;تهران|x"
    )
    assert person == Person(
        row=2,
        name="علی کاظمی",
        company="شرکت ی",
        customer_no="ق12",
        email="a@b.ir",
        mobile="+989123456789",
        phone="+982188123456",
        tags=("تهران", "ویژه", "x"),
    )


@pytest.mark.parametrize(
    ("mobile", "phone", "stored"),
    [
        ("", "02188123456", (None, "+982188123456")),
        ("", "09123456789", ("+989123456789", None)),
        ("09123456789", "09123456789", ("+989123456789", None)),
        ("09123456789", "09351112233", ("+989123456789", "+989351112233")),
    ],
)
def test_a_mobile_in_the_landlines_column_is_understood(mobile, phone, stored):
    person = read("", mobile, phone)
    assert isinstance(person, Person)
    assert (person.mobile, person.phone) == stored


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        (("علی", "", ""), [("mobile", "number_missing")]),
        (("علی", "021 88123456"), [("mobile", "number_not_mobile")]),
        (("علی", "0912"), [("mobile", "number_wrong")]),
        (("علی", "9.12E+09"), [("mobile", "number_scientific")]),
        (("علی", "09123456789 داخلی 2"), [("mobile", "number_letters")]),
        (("علی", "+49 170 1234567"), [("mobile", "number_foreign")]),
        (("علی", "09123456789", "88"), [("phone", "number_wrong")]),
        (("علی", "09123456789", "", "nobody@"), [("email", "email_wrong")]),
        (("علی", "09123456789", "", "a b@c.ir"), [("email", "email_wrong")]),
        (("x" * 201, "09123456789"), [("name", "too_long")]),
        (("", "09123456789", "", "", "", "9" * 41), [("customer_no", "too_long")]),
        (("", "09123456789", "", "", "", "", "t" * 41), [("tags", "too_long")]),
        (("", "09123456789", "", "", "", "", ",".join(map(str, range(21)))), [("tags", "too_many_tags")]),
        (("=HYPERLINK()", "09123456789"), [("name", "formula")]),
        (("علی", "#N/A"), [("mobile", "error_value")]),
        (("علی", "09123456789", "", "", "", "", "", "زیاد"), [("", "too_many_cells")]),
        (("x" * 201, "1", "2", "3"),
         [("mobile", "number_wrong"), ("phone", "number_wrong"), ("email", "email_wrong"),
          ("name", "too_long")]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_row_is_said(cells, problems):
    found = read(*cells)
    assert [(problem.field, problem.code) for problem in found] == problems
    assert all(problem.code in REASONS and problem.row == 2 for problem in found)


def test_a_blank_row_says_nothing():
    assert read("", " ", "") is None


def test_a_repeated_number_or_customer_number_costs_the_later_row():
    reader = RowReader(recognise(("mobile", "customer_no"), 1))
    assert isinstance(reader.read(TableRow(2, ["09123456789", "7"])), Person)
    assert reader.read(TableRow(3, ["+98 912 345 6789", "8"])) == [
        Problem(3, "mobile", "+989123456789", "duplicate")
    ]
    assert reader.read(TableRow(4, ["09351112233", "۷"])) == [
        Problem(4, "customer_no", "7", "customer_no_repeated")
    ]


@pytest.mark.django_db
class TestKnownCustomers:
    def test_importing_twice_changes_nothing_twice(self, write_csv):
        path = write_csv(HEADER, ("علی", "09123456789", "", "a@b.ir", "آموت", "7", "تهران"))
        assert import_file(path=path, by=None, now=NOW).created == 1
        before = Contact.objects.values().get()
        again = import_file(path=path, by=None, now=NOW.replace(year=2027))
        assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
        assert Contact.objects.values().get() == before

    def test_an_empty_cell_clears_nothing_and_tags_are_added(self, write_csv):
        import_file(
            path=write_csv(HEADER, ("علی", "09123456789", "02188123456", "a@b.ir", "آموت", "7", "تهران")),
            by=None,
            now=NOW,
        )
        done = import_file(
            path=write_csv(HEADER, ("علی رضایی", "09123456789", "", "", "", "", "ویژه,تهران")),
            by=None,
            now=NOW,
        )
        contact = Contact.objects.get()
        assert (done.created, done.updated) == (0, 1)
        assert (contact.name, contact.email, contact.company) == ("علی رضایی", "a@b.ir", "آموت")
        assert (contact.phone, contact.customer_no, contact.tags) == ("+982188123456", "7", ["تهران", "ویژه"])
        for typed in ("رضایی", "آموت", "88123456", "7"):
            assert list(Contact.objects.search(typed)) == [contact]

    def test_what_an_import_finds_by_search_is_what_an_edit_would(self, write_csv):
        from contacts.search import search_text

        for company in ("الف", "ب"):
            row = ("علی رضا", "09123456789", "021 88123456", "", company, "7", "")
            import_file(path=write_csv(HEADER, row), by=None, now=NOW)
        contact = Contact.objects.get()
        assert contact.search_text == search_text(
            contact.name, contact.company, contact.customer_no, contact.mobile, contact.phone
        )

    def test_an_import_never_touches_what_a_customer_refused(self, voc, write_csv):
        contact = ContactFactory(mobile="+989123456789")
        for flag in ("no_promotional", "no_messages"):
            set_consent(contact=contact, flag=flag, value=True, reason="نخواست", by=voc, now=NOW)
        header = (*HEADER, "no_messages")
        import_file(path=write_csv(header, ("نو", "09123456789", "", "", "", "", "", "0")), by=None, now=NOW)
        contact.refresh_from_db()
        assert contact.name == "نو"
        assert contact.no_promotional
        assert contact.no_messages
        assert ConsentEntry.objects.count() == 2

    def test_a_landline_customer_is_found_by_the_landline(self, write_csv):
        ContactFactory(mobile=None, phone="+982188123456", name="کهنه")
        done = import_file(path=write_csv(("name", "phone"), ("نو", "021-88123456")), by=None, now=NOW)
        assert (done.created, done.updated) == (0, 1)
        assert Contact.objects.get().name == "نو"

    def test_a_customer_number_of_another_customer_costs_the_row(self, write_csv):
        ContactFactory(mobile="+989121111111", customer_no="7")
        done = import_file(
            path=write_csv(("mobile", "customer_no"), ("09122222222", "7"), ("09121111111", "")),
            by=None,
            now=NOW,
        )
        line = done.refused_rows.get()
        assert (line.row, line.field, line.value, line.code) == (2, "customer_no", "7", "customer_no_taken")
        assert (done.rows, done.created, done.unchanged, done.refused) == (2, 0, 1, 1)

    def test_a_row_with_two_faults_is_one_refused_row(self, write_csv):
        done = import_file(path=write_csv(HEADER, ("", "1", "2", "3")), by=None, now=NOW)
        assert (done.rows, done.refused, done.refused_rows.count()) == (1, 1, 3)

    def test_quotes_and_backslashes_survive(self, write_csv):
        tag = 'a"b\\c{}'
        name = 'O\'Neil \\. "x" \t%s'
        path = write_csv(("name", "mobile", "tags"), (name, "09123456789", tag))
        import_file(path=path, by=None, now=NOW)
        contact = Contact.objects.get()
        assert contact.tags == [tag]
        assert contact.name == 'O\'Neil \\. "x" %s'
        assert import_file(path=path, by=None, now=NOW).unchanged == 1

    def test_an_import_is_audited_once_with_its_counts(self, write_csv, sender):
        path = write_csv(("mobile",), ("09123456789",), ("1",))
        done = import_file(path=path, by=sender, now=NOW)
        entry = Entry.objects.get(action="contacts.imported")
        assert (entry.actor, entry.object_id) == ("sender", str(done.pk))
        assert (entry.data["created"], entry.data["refused"]) == (1, 1)
        assert len(done.sha256) == 64

    def test_without_the_permission_nobody_imports(self, write_csv):
        with pytest.raises(PermissionDenied):
            import_file(path=write_csv(("mobile",), ("09123456789",)), by=UserFactory(roles=["hr"]), now=NOW)
        assert not Contact.objects.exists()

    def test_the_look_tells_new_changed_and_unchanged_apart(self, write_csv):
        ContactFactory(mobile="+989121111111", name="الف")
        ContactFactory(mobile="+989122222222", name="ب")
        path = write_csv(
            ("name", "mobile"), ("الف", "09121111111"), ("پ", "09122222222"), ("ت", "09123333333")
        )
        with staged(path) as stage:
            assert [row.verdict for row in stage.sample(10)] == ["unchanged", "changed", "new"]
            counts = stage.look()
        assert (counts.created, counts.updated, counts.unchanged, counts.refused) == (1, 1, 1, 0)


def test_a_tag_that_grows_beyond_its_length_when_folded_is_refused():
    (problem,) = read("", "09123456789", "", "", "", "", "ۀ" * 21)
    assert (problem.field, problem.code) == ("tags", "too_long")
