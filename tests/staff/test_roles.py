"""The groups in the database are the table in the code."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from staff import roles
from staff.roles import COLLEAGUE, PERMISSIONS, ROLE_NAMES, Role, sync_roles
from tests.factories import UserFactory
from tests.guards import as_owner

pytestmark = pytest.mark.django_db


def granted(role):
    rows = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{name}" for app, name in rows}


@pytest.mark.parametrize("role", list(Role))
def test_after_a_migrate_each_group_holds_exactly_its_roles_permissions(role):
    assert granted(role) == PERMISSIONS[role]
    assert PERMISSIONS[role] >= COLLEAGUE
    assert ROLE_NAMES[role]


def test_a_right_given_by_hand_is_gone_after_the_next_migrate():
    group = Group.objects.get(name="sender")
    with as_owner():
        group.permissions.add(Permission.objects.get(codename="set_consent"))
        call_command("migrate", verbosity=0)
    assert granted("sender") == PERMISSIONS[Role.SENDER]


def test_a_permission_that_does_not_exist_is_an_error(monkeypatch):
    monkeypatch.setitem(roles.PERMISSIONS, Role.SENDER, frozenset({"messaging.no_such_thing"}))
    with pytest.raises(LookupError, match="no_such_thing"):
        sync_roles()


def test_only_a_voc_expert_sets_what_a_customer_refused():
    holders = {role for role, names in PERMISSIONS.items() if "contacts.set_consent" in names}
    assert holders == {Role.VOC}


def test_a_superuser_without_roles_may_what_every_colleague_may():
    superuser = UserFactory(is_superuser=True)
    held = {name for names in PERMISSIONS.values() for name in names if superuser.may(name)}
    assert held == COLLEAGUE
