"""The box of the opt-out call: who is found, how little is shown, and how often."""

from datetime import timedelta

import pytest

from audit.models import Entry
from contacts.actions.search_words import refresh_search_words
from contacts.consent.actions import open_call
from contacts.desk.looking_up import MATCHES, look_up, was_shown
from contacts.models import Contact, LookUp
from contacts.search import search_text
from tests.factories import NOW, ContactFactory, UserFactory, landline, mobile

pytestmark = pytest.mark.django_db


def stored(name="", number=None, phone=None, customer_no="", company="", **fields) -> Contact:
    number = number or (None if phone else mobile(4_000_000 + Contact.objects.count()))
    contact: Contact = ContactFactory(
        name=name,
        mobile=number,
        phone=phone,
        customer_no=customer_no,
        company=company,
        search_text=search_text(name, company, customer_no, number, phone),
        **fields,
    )
    return contact


@pytest.fixture
def colleague():
    return UserFactory(username="owj-1")


@pytest.fixture
def find(colleague):
    return lambda typed, by=colleague, now=NOW: look_up(typed=typed, by=by, now=now)


def people(found) -> list[int | None]:
    return [match.contact.pk if match.contact else None for match in found.matches]


@pytest.mark.parametrize(
    "typed",
    [
        *("09121110010", "+989121110010", "00989121110010", "9121110010", "0912 111 00 10"),
        *("۰۹۱۲۱۱۱۰۰۱۰", "٠٩١٢ ١١١ ٠٠١٠", "0912-111-0010", " \u200e۰۹۱۲\u200c۱۱۱۰۰۱۰ "),
    ],
)
def test_a_whole_number_in_any_spelling_finds_exactly_that_number_first(find, typed):
    wanted = stored("زهرا احمدی", "+989121110010")
    same_digits = stored("علی کاظمی", customer_no="09121110010")
    stored("نزدیک", "+989121110011")
    found = find(typed)
    assert people(found)[0] == wanted.pk
    assert set(people(found)[1:]) <= {same_digits.pk}
    assert found.matches[0].number == "+989121110010"
    assert not found.is_unknown


def test_a_second_and_a_former_number_find_their_customer(find):
    contact = stored("زهرا", "+989121110010", landline(1))
    Contact.objects.filter(pk=contact.pk).update(phone=landline(2))
    second, former = find("021 2200 0002"), find("021 2200 0001")
    assert people(second) == people(former) == [contact.pk]
    assert [second.matches[0].is_former, former.matches[0].is_former] == [False, True]
    assert former.matches[0].number == landline(1)


def test_a_number_that_two_customers_have_shows_both_and_says_so(find):
    reached = stored("فروشگاه", phone=landline(1))
    other = stored("مدیر فروشگاه", "+989121110010", landline(1))
    found = find("02122000001")
    assert people(found) == [reached.pk, other.pk]
    assert found.owners == 2


def test_a_number_that_a_crowd_has_shows_the_first_few_and_counts_them_all(find):
    for n in range(MATCHES + 3):
        stored(f"همکار {n}", mobile(n), landline(1))
    found = find("02122000001")
    assert len(found.matches) == MATCHES
    assert found.has_more
    assert found.owners == MATCHES + 3


@pytest.mark.parametrize("typed", ["كاظمي", "کاظمی", "کاظمی\u200c", "علی کاظمی", "  علي   كاظمي "])
def test_names_are_found_by_their_folded_parts(find, typed):
    wanted = stored("علی کاظمی", "+989121110010")
    stored("زهرا نوری", "+989121110011")
    assert people(find(typed)) == [wanted.pk]


def test_a_misspelled_name_is_found_and_said_to_be_similar(find):
    wanted = stored("علی کاظمی", "+989121110010")
    refresh_search_words()
    found = find("کاضمی")
    assert people(found) == [wanted.pk]
    assert found.matches[0].is_similar


def test_at_most_five_are_shown_and_the_answer_says_that_there_are_more(find):
    for n in range(MATCHES + 1):
        stored(f"احمدی {n}")
    found = find("احمدی")
    assert len(found.matches) == MATCHES
    assert found.has_more


@pytest.mark.parametrize("typed", ["", " ", "اح", "0912", "12 34", "a1", "\u200c\u200c", "!!!!!!", "–"])
def test_too_little_looks_for_nobody(find, typed):
    stored("احمدی", "+989121234567")
    found = find(typed)
    assert found.is_short
    assert found.matches == ()
    assert not LookUp.objects.exists()


@pytest.mark.parametrize("typed", ["1" * 40, "۹" * 40, "09121110010 09121110011", "091211100101"])
def test_digits_that_are_no_number_find_nobody_and_say_why(find, typed):
    stored("احمدی", "+989121110010", customer_no="C-1")
    found = find(typed)
    assert found.matches == ()
    assert found.problem


@pytest.mark.parametrize("typed", ["10010", "۱۰۰۱۰", "1110010"])
def test_the_last_digits_find_the_number(find, typed):
    wanted = stored("احمدی", "+989121110010")
    stored("دیگری", "+989121110011")
    assert people(find(typed)) == [wanted.pk]


@pytest.mark.parametrize("typed", ["09123", "0912 345 678", "+98912345", "۰۹۱۲۳۴", "0098 912 3"])
def test_a_number_that_is_being_dictated_shows_no_strangers_until_it_is_whole(find, typed):
    for n in range(3):
        stored(f"غریبه {n}", f"+9891234567{n}0")
    assert find(typed).is_short
    assert not LookUp.objects.exists()


def test_an_unknown_whole_number_is_offered_and_typing_adds_nobody(find):
    found = find("0912 111 0010")
    [match] = found.matches
    assert (match.number, match.contact, found.is_unknown) == ("+989121110010", None, True)
    assert not Contact.objects.exists()
    assert not LookUp.objects.exists()


def test_what_is_refused_already_shows_by_whosever_word(find, colleague):
    own = stored("خود", "+989121110010", no_promotional=True)
    stored("دیگری", "+989121110099", landline(1), no_messages=True)
    shared = stored("شریک", phone=landline(1))
    [match] = find("09121110010").matches
    assert (match.stops_all, match.stops_promotional) == (False, True)
    first = find("02122000001").matches[0]
    assert first.contact == shared
    assert first.stops_all
    open_call(contact=own, by=colleague, now=NOW)
    [match] = find("09121110010").matches
    assert match.contact is not None
    assert match.contact.voc_call_open


class TestLimit:
    @pytest.fixture(autouse=True)
    def _three_a_day(self, settings):
        settings.OPT_OUT_LOOK_UPS_A_DAY = 3

    @pytest.fixture
    def customers(self):
        return [stored(f"مشتری {n}", mobile(n)) for n in range(5)]

    def test_each_customer_counts_once_a_day(self, find, colleague, customers):
        for _turn in range(5):
            assert people(find("09120000000")) == [customers[0].pk]
        assert LookUp.objects.filter(by=colleague).count() == 1
        assert was_shown(customers[0], colleague, NOW)
        assert not was_shown(customers[1], colleague, NOW)

    def test_beyond_it_a_whole_number_is_answered_without_saying_whose_it_is(self, find, customers):
        for n in range(3):
            assert people(find(f"0912000000{n}")) == [customers[n].pk]
        hidden, unknown = find("09120000003"), find("09129999999")
        for found in (hidden, unknown):
            assert people(found) == [None]
            assert found.is_used_up
            assert (found.is_unknown, found.owners, found.has_more) == (False, 0, False)
        # Whoever was shown already is shown again.
        assert people(find("09120000001")) == [customers[1].pk]

    def test_a_name_shows_as_many_as_are_left(self, find, colleague, customers):
        found = find("مشتری")
        assert len(found.matches) == 3
        assert found.is_used_up
        assert people(find("09120000000")) == [None]
        assert LookUp.objects.filter(by=colleague).count() == 3

    def test_a_customer_of_two_owners_shows_whom_it_may_and_the_bare_number(self, find, customers):
        stored("یک", phone=landline(1))
        stored("دو", "+989121110099", landline(1))
        find("09120000000")
        find("09120000001")
        found = find("02122000001")
        assert [bool(match.contact) for match in found.matches] == [True, False]
        assert found.is_used_up

    def test_reaching_it_is_on_record_once_a_day(self, find, colleague, customers):
        for n in range(5):
            find(f"0912000000{n}")
        [entry] = Entry.objects.filter(action="contact.look_ups_used_up")
        assert (entry.actor, entry.data) == ("owj-1", {"look_ups": 3})
        tomorrow = NOW + timedelta(days=1)
        assert people(find("09120000004", now=tomorrow)) == [customers[4].pk]
        assert Entry.objects.filter(action="contact.look_ups_used_up").count() == 1

    def test_another_colleague_has_look_ups_of_their_own(self, find, customers):
        for n in range(4):
            find(f"0912000000{n}")
        assert people(find("09120000004", by=UserFactory())) == [customers[4].pk]

    @pytest.mark.parametrize("role", ["voc", "sender", "auditor"])
    def test_who_sees_the_customers_anyway_is_not_bound_and_is_recorded(self, find, customers, role):
        user = UserFactory(roles=[role])
        assert len(find("مشتری", by=user).matches) == 5
        assert LookUp.objects.filter(by=user).count() == 5
        assert not Entry.objects.filter(action="contact.look_ups_used_up").exists()

    def test_none_at_all_still_answers_a_whole_number(self, find, settings, customers):
        settings.OPT_OUT_LOOK_UPS_A_DAY = 0
        assert people(find("09120000000")) == [None]
        assert people(find("مشتری")) == []
