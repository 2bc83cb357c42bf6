"""Who may open what: every address of the portal with every role, as one table.

The table is written by hand beside `staff/roles.py`, so that a slip in either shows. An address that is
not in it fails the suite.
"""

from dataclasses import dataclass, field

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from channels.models import Channel
from contacts.consent.actions import open_call
from contacts.desk.caller import OpenedCall, seal_opened
from contacts.hooks import StoppedDeliveries
from contacts.models import Contact, ContactImport
from staff.models import Holiday, User
from staff.roles import BACK_OFFICE, Role
from tests.factories import (
    NOW,
    BreachFactory,
    ContactFactory,
    DeliveryFactory,
    EmployeeFactory,
    ManagerFactory,
    MessageFactory,
    OutageFactory,
    UserFactory,
    WrittenWordFactory,
)

pytestmark = pytest.mark.django_db

ALL = frozenset(Role)
CUSTOMERS = ALL - {Role.IT, Role.HR}
IMPORTERS = frozenset({Role.SENDER, Role.VOC, Role.BRANDING, Role.ADMIN})
VOC = frozenset({Role.VOC})
HISTORY_READERS = frozenset({Role.VOC, Role.SENIOR, Role.AUDITOR, Role.ADMIN})
READERS = ALL - {Role.IT, Role.HR}
SENDERS = frozenset({Role.SENDER, Role.MANAGER, Role.BRANDING})
EVERY_DEPARTMENT = frozenset({Role.VOC, Role.SENIOR, Role.AUDITOR, Role.ADMIN})
STOPPERS = SENDERS | {Role.SENIOR}
DECIDERS = frozenset({Role.MANAGER, Role.SENIOR})
OUTAGES = frozenset({Role.SENIOR, Role.IT, Role.ADMIN})
OPERATORS = frozenset({Role.SENIOR, Role.IT, Role.AUDITOR, Role.ADMIN})
BREACH_READERS = frozenset({Role.MANAGER, Role.SENIOR, Role.AUDITOR, Role.ADMIN})
HOLIDAYS = frozenset({Role.HR, Role.ADMIN})
AUDITORS = frozenset({Role.SENIOR, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True)
class Row:
    """An address, the roles that may, and what a request that may is answered with."""

    roles: frozenset[Role]
    method: str = "get"
    answers: frozenset[int] = frozenset({200})
    data: dict[str, str] = field(default_factory=dict)


def posts(roles, *answers, **data):
    return Row(roles, "post", frozenset(answers or (302,)), data)


TABLE = {
    "home": Row(ALL),
    "home_now": Row(ALL),
    "channels:list": Row(ALL),
    "channels:detail": Row(ALL),
    "channels:declare_outage": posts(OUTAGES, 422),
    "channels:end_outage": posts(OUTAGES),
    "channels:windows": Row(frozenset({Role.SENIOR})),
    "reset_factor": Row(frozenset({Role.ADMIN})),
    "password_link": Row(frozenset({Role.ADMIN})),
    "lock_outs": Row(frozenset({Role.ADMIN})),
    "unlock": posts(frozenset({Role.ADMIN})),
    "staff:directory": Row(ALL),
    "staff:employee": Row(ALL),
    "desk:opt_out": Row(ALL),
    "desk:caller": posts(ALL, 422),
    "desk:open_call": posts(ALL, 422),
    "desk:opened": Row(ALL),
    "staff:holidays": Row(ALL),
    "staff:add_holiday": posts(HOLIDAYS, 422),
    "staff:remove_holiday": posts(HOLIDAYS),
    "staff:confirm_holidays": posts(HOLIDAYS),
    "contacts:list": Row(CUSTOMERS),
    "contacts:card": Row(CUSTOMERS),
    "contacts:as_of": Row(HISTORY_READERS),
    "contacts:open_call": posts(CUSTOMERS),
    "contacts:close_call": posts(VOC),
    "contacts:consent": posts(VOC, 302, 422, 200),
    "desk:queue": Row(VOC),
    "desk:call": Row(VOC),
    "desk:take": posts(VOC),
    "desk:take_over": posts(VOC, 422),
    "desk:hand_back": posts(VOC),
    "desk:not_reached": posts(VOC, 422),
    "desk:press": posts(VOC, 200),
    "desk:decide": posts(VOC, 422),
    "desk:close": posts(VOC, 422),
    # The VOC manager's alone, whom no role makes: tests/contacts/desk/test_pages.py.
    "desk:end": posts(frozenset(), 422),
    "desk:correct": posts(VOC, 422),
    "desk:words": Row(VOC),
    "desk:word_confirm": posts(VOC),
    "desk:word_decide": posts(VOC, 302, 422),
    "contacts:import": Row(IMPORTERS),
    "contacts:import_result": Row(IMPORTERS),
    "contacts:import_preview": Row(IMPORTERS, answers=frozenset({200, 302})),
    "contacts:import_report": Row(IMPORTERS),
    "desk:duty": Row(frozenset({Role.VOC, Role.MANAGER})),
    # The VOC manager's alone, whom no role makes: tests/contacts/duty/test_pages.py.
    "desk:add_shift": posts(frozenset(), 302, 422),
    "desk:end_shift": posts(frozenset()),
    "desk:set_duty_day": posts(frozenset(), 302, 422),
    "desk:end_duty_day": posts(frozenset()),
    "desk:set_fallbacks": posts(frozenset(), 302, 422),
    "messaging:list": Row(READERS),
    "messaging:inbound": Row(EVERY_DEPARTMENT),
    "messaging:detail": Row(READERS),
    "messaging:progress": Row(READERS),
    "messaging:rows_progress": Row(READERS),
    "messaging:recipients": Row(READERS),
    "messaging:why": Row(READERS),
    "messaging:why_number": posts(READERS, 200, 422),
    "messaging:unknown_outcomes": Row(DECIDERS),
    "messaging:unknown_outcome": Row(DECIDERS),
    "messaging:outcome_of_one": Row(DECIDERS),
    "messaging:decide": posts(DECIDERS, 422),
    "messaging:ask_provider": posts(DECIDERS),
    "messaging:compose": Row(SENDERS),
    "messaging:text_length": posts(SENDERS, 200),
    "messaging:foresight": posts(SENDERS, 200, 422),
    "messaging:confirm": posts(SENDERS, 200, 302, 400, 422),
    "messaging:operations": Row(OPERATORS),
    "messaging:operations_now": Row(OPERATORS),
    "messaging:pause": posts(STOPPERS),
    "messaging:resume": posts(STOPPERS),
    "messaging:cancel": Row(STOPPERS),
    "messaging:breaches": Row(BREACH_READERS),
    "messaging:breach": Row(BREACH_READERS),
    "audit:list": Row(AUDITORS),
}

# Addresses of other packages, and pages about one's own log-in: sign-in is tested in tests/portal.
# The providers' address has a secret of its own: tests/messaging/feedback/test_hooks.py.
OUTSIDE = ("admin/", "accounts/", "i18n/", "hooks/", "__debug__/")


def portal_addresses():
    """The name of every address of our own."""

    def walk(resolver, prefix, namespace):
        for item in resolver.url_patterns:
            address = prefix + str(item.pattern)
            if address.startswith(OUTSIDE):
                continue
            if isinstance(item, URLResolver):
                yield from walk(item, address, f"{item.namespace}:" if item.namespace else namespace)
            elif isinstance(item, URLPattern):
                yield f"{namespace}{item.name}"

    return set(walk(get_resolver(), "", ""))


def test_the_table_knows_every_address():
    assert portal_addresses() == set(TABLE)


@pytest.fixture
def world():
    """One of everything, in one department, with a colleague of each role."""
    call_command("load_procedure", quiet=True)
    manager = ManagerFactory()
    people = {
        role: EmployeeFactory(
            user=UserFactory(username=role, roles=[role], is_staff=role in BACK_OFFICE),
            department=manager.department,
            direct_manager=manager,
        )
        for role in Role
    }
    message = MessageFactory(
        running=True, sender=people[Role.SENDER], channel=Channel.objects.get(code="sms"), text="سلام"
    )
    contact = ContactFactory()
    called, _effect = open_call(contact=ContactFactory(), by=people[Role.SENDER].user, now=NOW)
    return {
        "call": called,
        "message": message,
        "called": OpenedCall(called, False, StoppedDeliveries()),
        "delivery": DeliveryFactory(message=message, contact=contact),
        "contact": contact,
        "employee": manager,
        "breach": BreachFactory(message=message),
        "outage": OutageFactory(channel=message.channel),
        "holiday": Holiday.objects.earliest("day"),
        "word": WrittenWordFactory(contact=contact),
    }


# Pages of the desk about one call.
OF_A_CALL = ("call", "take", "take_over", "hand_back", "not_reached", "press", "close", "end")


def _entry_of(user):
    """An entry of the consent history that the user made just now."""
    contact = ContactFactory()
    with transaction.atomic():
        Contact.objects.filter(pk=contact.pk).update(no_messages=True)
        given = {"flag": "no_messages", "before": False, "after": True, "source": "command"}
        return contact.ledger.create(at=timezone.now(), by=user, reason="خواست مشتری", **given)


def address_of(name, world, user):
    """The address of a row, about the things of the world; an import is the person's own."""
    if name.startswith("contacts:import_"):
        status = "previewed" if name.endswith("preview") else "done"
        own = ContactImport.objects.create(
            file_name="list.csv", sha256="0" * 64, by=user, created_at=NOW, finished_at=NOW, status=status
        )
        return reverse(name, args=[own.pk])
    if name == "desk:correct":
        return reverse(name, args=[_entry_of(user).pk])
    args = {
        "channels:detail": ["sms"],
        "channels:declare_outage": ["sms"],
        "channels:end_outage": ["sms", world["outage"].pk],
        "channels:windows": ["sms", "promotional"],
        "reset_factor": [user.pk],
        "unlock": [user.pk],
        "password_link": [user.pk],
        "staff:employee": [world["employee"].pk],
        "desk:opened": [seal_opened(world["called"], user)],
        "staff:remove_holiday": [world["holiday"].pk],
        "staff:confirm_holidays": [1405],
        "contacts:card": [world["contact"].pk],
        "contacts:as_of": [world["contact"].pk],
        "contacts:open_call": [world["contact"].pk],
        "contacts:close_call": [world["contact"].pk],
        "contacts:consent": [world["contact"].pk, "no_promotional"],
        **{f"desk:{name}": [world["call"].pk] for name in OF_A_CALL},
        "desk:decide": [world["call"].pk, "no_promotional"],
        "desk:end_shift": [1],
        "desk:end_duty_day": [1],
        "desk:word_confirm": [world["word"].pk],
        "desk:word_decide": [world["word"].pk],
        "messaging:outcome_of_one": [world["message"].pk, world["delivery"].pk],
        "messaging:breach": [world["breach"].pk],
        "messaging:why": [world["message"].pk, world["delivery"].pk],
    }
    about_a_message = {
        "detail",
        "progress",
        "row_progress",
        "recipients",
        "why_number",
        "pause",
        "resume",
        "cancel",
        "unknown_outcome",
        "decide",
        "ask_provider",
    }
    app, _, page = name.partition(":")
    default = [world["message"].pk] if app == "messaging" and page in about_a_message else []
    return reverse(name, args=args.get(name, default))


def ask(client, row, address):
    return getattr(client, row.method)(address, row.data)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_an_address_opens_for_its_roles_and_for_nobody_else(name, world):
    row = TABLE[name]
    wrong = {}
    for role in Role:
        client, user = Client(), User.objects.get(username=role)
        client.force_login(user)
        answer = ask(client, row, address_of(name, world, user))
        allowed = answer.status_code in row.answers
        if allowed != (role in row.roles) or (not allowed and answer.status_code != 403):
            wrong[role.value] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_stranger_is_sent_to_the_sign_in_whatever_the_method(name, world):
    address = address_of(name, world, User.objects.get(username="voc"))
    for method in ("GET", "POST", "DELETE"):
        answer = Client().generic(method, address)
        assert answer.status_code == 302, method
        assert answer["Location"].startswith(reverse("account_login")), method


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_method_that_no_page_knows_is_refused_to_those_who_may(name, world):
    user = UserFactory(roles=list(Role))
    client = Client()
    client.force_login(user)
    assert client.delete(address_of(name, world, user)).status_code == 405


@pytest.mark.parametrize("name", sorted(TABLE))
def test_without_any_role_there_is_what_every_colleague_may(name, world):
    client, user, row = Client(), UserFactory(), TABLE[name]
    client.force_login(user)
    answer = ask(client, row, address_of(name, world, user))
    assert answer.status_code in (row.answers if row.roles == ALL else {403})


# The back office: the tables that each role finds there, to look at or to change.
HR_TABLES = frozenset({"staff.employee", "staff.department"})
# Who sees every department's messages also sees what became of them.
EVERY_MESSAGE = frozenset(
    {
        "messaging.message",
        "messaging.delivery",
        "messaging.messagestop",
        "messaging.override",
        "messaging.doubtdecision",
        "messaging.inboundmessage",
    }
)
# Who reads the consent ledger also reads the calls that its entries came from.
CONSENTS = frozenset({"contacts.consententry", "contacts.optoutcall"})
BREACHES = frozenset({"messaging.breach", "messaging.comparison"})
BACK_OFFICE_TABLES = {
    Role.VOC: HR_TABLES | EVERY_MESSAGE | CONSENTS | {"channels.channel", "contacts.contact"},
    Role.IT: HR_TABLES | {"channels.channel", "messaging.unreadableinbound"},
    Role.HR: HR_TABLES | {"channels.channel"},
    Role.AUDITOR: HR_TABLES
    | EVERY_MESSAGE
    | CONSENTS
    | BREACHES
    | {
        "channels.channel",
        "channels.windowschange",
        "contacts.contact",
        "contacts.lookup",
        "messaging.unreadableinbound",
        "audit.entry",
    },
    Role.BRANDING: HR_TABLES | {"channels.channel", "contacts.contact", "messaging.message"},
    Role.ADMIN: HR_TABLES
    | EVERY_MESSAGE
    | CONSENTS
    | BREACHES
    | {
        "staff.user",
        "channels.channel",
        "channels.outage",
        "channels.windowschange",
        "contacts.contact",
        "contacts.contactimport",
        "contacts.lookup",
        "messaging.gatewaycall",
        "messaging.providercallback",
        "messaging.unreadableinbound",
        "audit.entry",
        "audit.link",
    },
}


@pytest.mark.parametrize("role", list(Role))
def test_the_back_office_shows_a_role_its_tables_and_no_other(role):
    client = Client()
    client.force_login(UserFactory(roles=[role], is_staff=role in BACK_OFFICE))
    seen = set()
    for model in admin.site._registry:
        meta = model._meta
        answer = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))
        assert answer.status_code in {200, 302, 403}
        if answer.status_code == 200:
            seen.add(meta.label_lower)
    assert seen == BACK_OFFICE_TABLES.get(role, frozenset())


@pytest.mark.parametrize("role", sorted(BACK_OFFICE))
def test_nothing_is_deleted_in_the_back_office(role):
    user = UserFactory(roles=[role], is_staff=True)
    client = Client()
    client.force_login(user)
    request = client.get(reverse("admin:index")).wsgi_request
    deletable = [
        model._meta.label
        for model, table in admin.site._registry.items()
        if table.has_delete_permission(request)
    ]
    assert deletable == []


def test_every_table_of_ours_is_in_the_back_office_or_left_out_on_purpose():
    ours = {
        model._meta.label_lower
        for name in ("audit", "staff", "channels", "contacts", "messaging")
        for model in apps.get_app_config(name).get_models()
    }
    shown = {model._meta.label_lower for model in admin.site._registry}
    # Parts of something that is shown with it.
    parts = {
        "channels.sendingwindow",
        "contacts.callstep",
        "contacts.importchange",
        "contacts.importedcustomers",
        "contacts.number",
        "contacts.refusedrow",
        "contacts.restriction",
        "messaging.audiencemember",
        "messaging.decideddelivery",
    }
    # On pages of their own.
    parts |= {"staff.holiday", "staff.holidayyear"}
    parts |= {"contacts.dutyday", "contacts.dutyfallback", "contacts.dutyshift", "contacts.writtenword"}
    # On the operations page, and on the trail's own.
    parts |= {"messaging.workerbeat", "staff.outgoingmail", "audit.seal", "audit.verification"}
    # Where the machine keeps its place.
    parts |= {"messaging.failurecount", "messaging.inboundcursor"}
    parts |= {"messaging.linebudget", "messaging.messageprogress"}
    parts |= {"contacts.searchword"}
    assert ours - shown <= parts
