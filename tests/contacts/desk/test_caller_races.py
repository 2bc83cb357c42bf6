"""Several colleagues on the line at once, on real connections."""

import pytest

from contacts.desk.caller import Caller, open_for_caller
from contacts.desk.looking_up import look_up
from contacts.models import Contact, LookUp, OptOutCall
from staff.models import User
from tests.contacts.test_races import at_once
from tests.factories import NOW, ContactFactory, UserFactory, mobile

pytestmark = pytest.mark.django_db(transaction=True)


def opens(caller: Caller, by: User):
    return lambda: open_for_caller(caller=caller, way="call_back", by=by, now=NOW)


def test_two_colleagues_with_one_customer_open_one_call():
    contact = ContactFactory()
    users = [UserFactory() for _n in range(6)]
    caller = Caller(contact.address, contact.pk)
    opened = at_once(*[opens(caller, user) for user in users])
    call = OptOutCall.objects.get()
    assert {one.call.pk for one in opened} == {call.pk}
    assert [one.was_open for one in opened].count(False) == 1
    assert call.opened_by in users
    assert call.steps.count() == 1


def test_an_unknown_number_called_by_many_becomes_one_customer_with_one_call():
    users = [UserFactory() for _n in range(6)]
    opened = at_once(*[opens(Caller("+989121110010"), user) for user in users])
    assert Contact.objects.get().address == "+989121110010"
    assert OptOutCall.objects.count() == 1
    assert [one.was_open for one in opened].count(False) == 1


def test_look_ups_at_the_same_time_show_no_more_than_the_limit(settings):
    settings.OPT_OUT_LOOK_UPS_A_DAY = 3
    for n in range(12):
        ContactFactory(mobile=mobile(n))
    user = UserFactory()
    found = at_once(*[lambda n=n: look_up(typed=f"09120000{n:03}", by=user, now=NOW) for n in range(12)])
    assert sum(match.contact is not None for one in found for match in one.matches) == 3
    assert LookUp.objects.count() == 3
