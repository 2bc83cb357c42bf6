import csv
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from contacts import hooks
from contacts.hooks import Event, StoppedDeliveries
from contacts.models import ConsentEntry, Contact, ContactImport, Restriction
from tests.factories import ContactFactory, landline

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with override("en"):
        yield


def run(capsys, *arguments):
    call_command(*arguments)
    return capsys.readouterr().out


def test_a_list_is_imported_and_counted(write_csv, capsys):
    path = write_csv(("name", "mobile"), ("علی", "09123456789"), ("بد", "1"))
    out = run(capsys, "import_contacts", str(path))
    assert "2 rows: 1 new, 0 changed, 0 unchanged, 1 refused." in out
    assert "--report" in out
    assert Contact.objects.count() == 1


def test_machines_get_json(write_csv, capsys):
    path = write_csv(("mobile",), ("09123456789",))
    answer = json.loads(run(capsys, "import_contacts", str(path), "--json"))
    imported = ContactImport.objects.get()
    assert answer == {
        "id": imported.pk,
        "dry_run": False,
        "rows": 1,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
    }


def test_a_dry_run_writes_nothing_but_the_report(write_csv, capsys, tmp_path):
    path = write_csv(("mobile",), ("09123456789",), ("+4917012345678",), ("=1+1",))
    report = tmp_path / "out.csv"
    out = run(capsys, "import_contacts", str(path), "--dry-run", "--report", str(report))
    assert "Nothing was written" in out
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()
    with report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["mobile", "refused row", "column at fault", "why refused"]
    assert rows[1] == ["'+4917012345678", "3", "mobile", "The number is not Iranian."]
    assert rows[2][:3] == ["'=1+1", "4", "mobile"]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_the_report_never_takes_the_place_of_the_imported_file(write_csv, dry):
    path = write_csv(("name", "mobile"), ("علی", "1"))
    before = path.read_bytes()
    with pytest.raises(CommandError, match="itself"):
        call_command("import_contacts", str(path), *dry, "--report", f"{path.parent}/./{path.name}")
    assert path.read_bytes() == before


def test_a_report_that_cannot_be_written_imports_nothing(write_csv, tmp_path):
    path = write_csv(("mobile",), ("09123456789",))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_contacts", str(path), "--report", str(tmp_path / "no" / "out.csv"))
    assert not Contact.objects.exists()


def test_a_bad_file_is_one_sentence_that_names_it(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"MZ\x90\x00")
    with pytest.raises(CommandError, match=r"list\.csv: This is a program"):
        call_command("import_contacts", str(path))


def opt_out(*more, phone="0912 345 6789", kind="promotional", by="voc", reason="نخواست"):
    call_command("set_opt_out", phone, "--kind", kind, "--by", by, "--reason", reason, *more)


@pytest.mark.parametrize(("kind", "flag"), [("promotional", "no_promotional"), ("all", "no_messages")])
def test_an_expert_opts_a_customer_out_and_in_again(voc, capsys, kind, flag):
    contact = ContactFactory(mobile="+989123456789")
    opt_out(kind=kind)
    contact.refresh_from_db()
    assert getattr(contact, flag)
    assert ConsentEntry.objects.get().source == "command"
    assert "From now on" in capsys.readouterr().out
    opt_out("--clear", kind=kind)
    contact.refresh_from_db()
    assert not getattr(contact, flag)
    assert "No longer active" in capsys.readouterr().out


def test_the_effect_names_what_was_stopped(voc, capsys):
    def hook(event, contact_id, now):
        return StoppedDeliveries(stopped=2, in_flight=1) if event is Event.TIGHTENED else StoppedDeliveries()

    hooks.register(hook)
    try:
        opt_out()
    finally:
        hooks.unregister(hook)
    out = capsys.readouterr().out
    assert "2 waiting messages were stopped." in out
    assert "1 message is with the provider already" in out


def test_an_unknown_number_becomes_a_customer_so_that_the_opt_out_holds(voc, capsys):
    opt_out("--json", kind="all")
    answer = json.loads(capsys.readouterr().out)
    contact = Contact.objects.get()
    assert contact.no_messages
    assert answer == {
        "contact": contact.pk,
        "number": "+989123456789",
        "no_promotional": False,
        "no_messages": True,
        "changed": True,
        "stopped": 0,
        "in_flight": 0,
        "shared_with": [],
    }


def test_a_refusal_by_a_second_number_is_the_customers_own(voc, capsys, write_csv):
    """Field report A3."""
    path = write_csv(("نام", "موبایل", "تلفن"), ("نمونه سوم", "09355550232", "02155550232"))
    call_command("import_contacts", str(path))
    opt_out(phone="02155550232", kind="all")
    contact = Contact.objects.get()
    assert contact.no_messages
    assert contact.address == "+989355550232"
    assert set(Restriction.objects.values_list("address", flat=True)) == {"+989355550232", "+982155550232"}


def test_a_refusal_by_a_number_that_several_have_or_had_is_each_ones(voc, capsys):
    first = ContactFactory(phone=landline(1), name="یک")
    second = ContactFactory(phone=landline(1), name="دو")
    gone = ContactFactory(phone=landline(1), name="سه")
    Contact.objects.filter(pk=gone.pk).update(phone=None)
    other = ContactFactory(phone=landline(2))
    opt_out("--json", phone=landline(1))
    answer = json.loads(capsys.readouterr().out)
    assert [answer["contact"], *(one["contact"] for one in answer["shared_with"])] == [
        first.pk,
        second.pk,
        gone.pk,
    ]
    assert not Contact.objects.filter(pk=other.pk, no_promotional=True).exists()
    assert Contact.objects.filter(no_promotional=True).count() == 3
    opt_out(phone=landline(1))
    assert "Several customers have this number" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Several customers have this number"):
        opt_out("--clear", phone=landline(1))
    assert Contact.objects.filter(no_promotional=True).count() == 3
    opt_out("--clear", phone=second.mobile)
    assert set(Contact.objects.filter(no_promotional=True)) == {first, gone}


def test_whoever_is_reached_at_a_shared_number_takes_back_the_own_refusal_alone(voc, capsys):
    sharer = ContactFactory(phone=landline(1))
    own = ContactFactory(mobile=None, phone=landline(1))
    opt_out(phone=landline(1))
    opt_out("--clear", phone=landline(1))
    assert set(Contact.objects.filter(no_promotional=True)) == {sharer}
    assert Restriction.objects.filter(address=landline(1)).count() == 1
    assert own.ledger.count() == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"phone": "12"}, "12"),
        ({"phone": "abc"}, "not a digit"),
        ({"by": "nobody"}, "no active user “nobody”"),
        ({"by": "sender"}, "only a VOC expert"),
        ({"reason": " \u200c "}, "Write the reason"),
        ({"kind": "some"}, "invalid choice"),
    ],
)
def test_bad_input_is_refused_and_makes_nobody(voc, sender, wrong, sentence):
    with pytest.raises(CommandError, match=sentence):
        opt_out(**wrong)
    assert not Contact.objects.exists()
    assert not ConsentEntry.objects.exists()
