"""The staff directory: found by any spelling, in alphabetical order."""

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from common.paging import page_of
from persian.alphabet import sort_key
from staff.directory import alphabetical, directory
from staff.models import Employee
from staff.views import PAGE_SIZE
from tests.factories import DAY, NOW, DepartmentFactory, ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def colleague(client):
    client.force_login(UserFactory(roles=["sender"]))
    return client


def names(people):
    return [person.last_name for person in people]


def test_persian_letters_stand_in_their_order():
    mixed = ["یوسفی", "پارسا", "احمدی", "ژیان", "گودرزی", "کریمی", "هاشمی", "آذری", "چگینی", "بهرامی"]
    in_order = ["آذری", "احمدی", "بهرامی", "پارسا", "چگینی", "ژیان", "کریمی", "گودرزی", "هاشمی", "یوسفی"]
    assert sorted(mixed, key=sort_key) == in_order
    for name in mixed:
        ManagerFactory(last_name=name)
    assert names(directory(today=TODAY)) == in_order


@pytest.mark.parametrize("typed", ["كاظمي", "نیک نام", "نیکنام", "۱۲۳", "علی کاظ", "owj", "K.NIK"])
def test_a_colleague_is_found_by_any_spelling(typed):
    found = ManagerFactory(
        first_name="علی",
        last_name="کاظمی نیک‌نام",
        extension="123",
        email="k.nik@amootsoft.com",
        department=DepartmentFactory(name_en="Owj"),
    )
    ManagerFactory(last_name="دیگری")
    assert list(directory(typed=typed, today=TODAY)) == [found]


def test_leavers_are_left_out_unless_asked_for():
    ManagerFactory(last_name="رفته", left_on=TODAY)
    ManagerFactory(last_name="مانده")
    assert names(directory(today=TODAY)) == ["مانده"]
    assert names(directory(today=TODAY, with_leavers=True)) == ["رفته", "مانده"]


def test_pages_follow_one_another_without_gap_or_repetition():
    department = DepartmentFactory()
    for number in range(2 * PAGE_SIZE + 3):
        ManagerFactory(last_name=f"کارشناس {number % 7}", department=department)
    people = directory(today=TODAY)
    seen: list[Employee] = []
    address, pages = "", 0
    while True:
        page = page_of(people, QueryDict(address), size=PAGE_SIZE)
        seen += page.rows
        pages += 1
        if not page.next:
            break
        address = page.next.removeprefix("?")
    back = page_of(people, QueryDict(page.previous.removeprefix("?")), size=PAGE_SIZE)
    assert pages == 3
    assert back.rows == people[PAGE_SIZE : 2 * PAGE_SIZE]
    assert (
        page_of(people, QueryDict(back.previous.removeprefix("?")), size=PAGE_SIZE).rows == people[:PAGE_SIZE]
    )
    assert len(seen) == 2 * PAGE_SIZE + 3
    assert seen == alphabetical(seen)
    assert len(set(seen)) == len(seen)


def test_the_page_shows_the_extension_and_the_direct_manager(colleague):
    boss = ManagerFactory(last_name="مدیریان")
    ManagerFactory(last_name="کریمی", extension="118", direct_manager=boss)
    page = colleague.get(reverse("staff:directory"), {"q": "کریمی"}).content.decode()
    assert "۱۱۸" in page
    assert "مدیریان" in page


def test_a_filter_by_department(colleague):
    here = ManagerFactory(last_name="اینجایی")
    ManagerFactory(last_name="آنجایی")
    page = colleague.get(reverse("staff:directory"), {"department": here.department.code}).content.decode()
    assert "اینجایی" in page
    assert "آنجایی" not in page


@pytest.mark.parametrize(
    "query", [{"department": "no-such"}, {"after": "x"}, {"after": "9" * 30}, {"q": "\x00"}]
)
def test_a_strange_address_does_no_harm(colleague, query):
    ManagerFactory(last_name="کریمی")
    assert colleague.get(reverse("staff:directory"), query).status_code == 200


def test_nobody_found_says_what_to_do(colleague):
    page = colleague.get(reverse("staff:directory"), {"q": "نیست"}).content.decode()
    assert reverse("staff:directory") in page
    assert 'class="empty"' in page


def test_the_page_of_a_colleague_shows_the_present_team_only(colleague):
    boss = ManagerFactory(last_name="مدیریان")
    ManagerFactory(last_name="حاضر", direct_manager=boss)
    ManagerFactory(last_name="رفته", direct_manager=boss, left_on=timezone.localdate() - DAY)
    page = colleague.get(reverse("staff:employee", args=[boss.pk])).content.decode()
    assert "حاضر" in page
    assert "رفته" not in page


def test_a_colleague_who_does_not_exist_is_not_found(colleague):
    assert colleague.get(reverse("staff:employee", args=[10**9])).status_code == 404


def test_the_directory_asks_the_database_a_fixed_number_of_times(colleague, django_assert_max_num_queries):
    for number in range(12):
        ManagerFactory(last_name=f"کارشناس {number}", direct_manager=ManagerFactory())
    with django_assert_max_num_queries(11):
        colleague.get(reverse("staff:directory"))
