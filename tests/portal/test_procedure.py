"""`load_procedure` and `load_demo`: the register of PR_MA_04, and data to try the portal with."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from amoot_comms.demo.staff import PASSWORD, PEOPLE
from audit.models import Entry
from audit.signing import public_keys
from audit.verifying import verify_trail
from channels.models import Channel, SendingWindow
from contacts.models import Contact, DutyFallback, DutyShift
from contacts.selectors import out_of_step_with_ledger
from staff.models import Department, Employee, User
from staff.roles import BACK_OFFICE, Role
from tests.guards import as_owner

pytestmark = pytest.mark.django_db


def run(command):
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_every_channel_and_address_of_the_procedure_is_in_the_register():
    run("load_procedure")
    addresses = set(Channel.objects.exclude(address="").values_list("address", flat=True))
    assert addresses == {
        "www.amootsoft.com",
        "www.avanak.ir",
        "www.owj.io",
        "www.amootsms.com",
        "hub.amootsoft.com",
        *(
            f"{name}@amootsoft.com"
            for name in ("info", "crm", "manager", "sms", "avanak", "o.movahed", "owj", "jobs", "noreply")
        ),
    }
    clauses = set(Channel.objects.values_list("clause", flat=True))
    assert clauses >= {"C1", "C3", "C4", "C6", "C7", "C8", "C9.1", "C9.2", "C9.3", "C9.4", "C9.5"}
    assert not Channel.objects.filter(usage_rule="").exists()
    assert not Channel.objects.filter(usage_rule_en="").exists()
    branding = set(Channel.objects.filter(owner__code="branding").values_list("code", flat=True))
    assert branding >= {"screen-entrance", "screen-floor-4", "site-amootsoft", "site-avanak", "site-owj"}


@pytest.mark.parametrize(
    ("code", "kind", "hours"), [("sms", "sms", (480, 1320)), ("avanak", "voice", (420, 1380))]
)
def test_promotional_messages_have_the_procedures_hours_every_day(code, kind, hours):
    run("load_procedure")
    assert Channel.objects.get(code=code).kind == kind
    windows = SendingWindow.objects.filter(channel__code=code)
    assert {(w.purpose, w.weekday, w.opens, w.closes) for w in windows} == {
        ("promotional", day, *hours) for day in range(7)
    }


def test_loading_again_changes_nothing():
    run("load_procedure")
    before = (Channel.objects.count(), SendingWindow.objects.count(), Entry.objects.count())
    run("load_procedure")
    assert (Channel.objects.count(), SendingWindow.objects.count(), Entry.objects.count()) == before


def test_what_people_changed_stays_and_what_is_missing_comes_back():
    run("load_procedure")
    Channel.objects.filter(code="sms").update(name="نام تازه")
    SendingWindow.objects.filter(channel__code="sms").delete()
    Department.objects.filter(code="owj").update(name="اوج نو")
    with as_owner():
        Channel.objects.get(code="hub").delete()
    run("load_procedure")
    assert Channel.objects.get(code="sms").name == "نام تازه"
    assert not SendingWindow.objects.filter(channel__code="sms").exists()
    assert Department.objects.get(code="owj").name == "اوج نو"
    assert Channel.objects.filter(code="hub").exists()


class TestDemo:
    def test_one_log_in_a_role_and_thousands_of_customers_whose_flags_agree_with_the_ledger(self, settings):
        settings.DEMO = True
        told = run("load_demo")

        assert PASSWORD in told
        for role in Role:
            user = User.objects.get(username=role)
            assert role in told
            assert user.check_password(PASSWORD)
            assert set(user.groups.values_list("name", flat=True)) == {role}
            assert user.is_staff == (role in BACK_OFFICE)
            assert not user.is_superuser
            assert user.employee.extension
        sender = User.objects.get(username="sender").employee
        assert sender.direct_manager == User.objects.get(username="manager").employee
        assert sender.department.manager == sender.direct_manager
        assert Employee.objects.filter(left_on__isnull=False).count() == 1
        assert not Department.objects.filter(manager=None).exists()

        assert Contact.objects.count() == 5_400
        assert 150 <= Contact.objects.opted_out().count() <= 220
        assert Contact.objects.filter(mobile=None).count() > 100
        assert not out_of_step_with_ledger().exists()
        assert verify_trail(now=timezone.now(), keys=public_keys(), file=None, history=True).fault is None

        entries = Entry.objects.count()
        assert PASSWORD in run("load_demo")
        assert (Entry.objects.count(), User.objects.count()) == (entries, len(Role) + 2)

    def test_the_voc_manager_planned_the_experts_and_is_none(self, settings):
        settings.DEMO = True
        run("load_demo")
        manager = User.objects.get(employee__manages__code="voc")
        assert set(manager.groups.values_list("name", flat=True)) == {Role.MANAGER}
        assert not manager.may("contacts.set_consent")
        planned = {shift.expert.username for shift in DutyShift.objects.all()}
        assert planned == {"voc", "voc-2"}
        names = [row.expert.username for row in DutyFallback.objects.order_by("place")]
        assert names == ["voc-2", "voc"]

    def test_without_demo_nothing_is_made(self, settings):
        settings.DEMO = False
        with pytest.raises(CommandError, match="DEMO"):
            run("load_demo")
        assert not User.objects.exists()

    def test_the_demos_people_stand_above_those_they_manage(self):
        known = set()
        for person in PEOPLE:
            assert person.manager == "" or person.manager in known
            known.add(person.key)
