import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from contacts.actions import imports
from contacts.consent.actions import open_call, set_consent
from contacts.imports.columns import recognise, titles
from contacts.models import ConsentEntry, Contact, ContactImport
from persian.jalali import format_datetime
from tests.factories import NOW, ContactFactory, UserFactory, landline

pytestmark = pytest.mark.django_db

LIST = "name,mobile\nعلی,09123456789\nبد,1\n"


@pytest.fixture
def as_voc(client, voc):
    client.force_login(voc)
    return client


@pytest.fixture
def as_sender(client, sender):
    client.force_login(sender)
    return client


def upload(client, content=LIST, name="list.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(reverse("contacts:import"), {"file": SimpleUploadedFile(name, data)})


def test_an_empty_list_says_what_to_do_next(as_sender):
    page = as_sender.get(reverse("contacts:list")).content.decode()
    assert reverse("contacts:import") in page
    assert "<table" not in page


def test_the_list_finds_filters_and_links_to_the_card(as_sender, voc, write_csv):
    path = write_csv(("name", "mobile", "tags"), ("علی", "09123456789", "تهران"), ("زهرا", "09351112233", ""))
    imports.import_file(path=path, by=None, now=NOW)
    ali = Contact.objects.get(name="علی")
    set_consent(contact=ali, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    for query in ({"q": "۰۹۱۲"}, {"tag": "تهران"}, {"refused": "any"}, {"refused": "no_messages"}):
        page = as_sender.get(reverse("contacts:list"), query).content.decode()
        assert reverse("contacts:card", args=[ali.pk]) in page
        assert "زهرا" not in page
    nobody = as_sender.get(reverse("contacts:list"), {"q": "نیست", "refused": "no_promotional"})
    assert "<table" not in nobody.content.decode()


@pytest.mark.parametrize(
    "query", [{"before": "x"}, {"after": "-1"}, {"refused": "is_superuser"}, {"q": "\x00"}]
)
def test_a_query_that_makes_no_sense_is_no_error(as_sender, query):
    ContactFactory()
    assert as_sender.get(reverse("contacts:list"), query).status_code == 200


def test_the_list_asks_the_database_the_same_few_questions_for_any_length(
    as_sender, django_assert_max_num_queries
):
    ContactFactory.create_batch(60)
    with django_assert_max_num_queries(12):
        as_sender.get(reverse("contacts:list"))


def test_a_second_tab_is_told_who_was_first_and_its_reason_is_kept(as_voc, voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    url = reverse("contacts:consent", args=[contact.pk, "no_messages"])
    page = as_voc.post(url, {"no_messages-reason": "همسرش هم زنگ زد", "value": "1"}, follow=True)
    [told] = page.context["messages"]
    assert told.level_tag == "info"
    assert voc.display_name in str(told)
    assert format_datetime(NOW, "fa") in str(told)
    assert "همسرش هم زنگ زد" in page.content.decode()
    other = reverse("contacts:consent", args=[contact.pk, "no_promotional"])
    page = as_voc.post(other, {"no_promotional-reason": "اشتباه شده", "value": "0"}, follow=True)
    assert [told.level_tag for told in page.context["messages"]] == ["info"]


def test_each_option_is_a_switch_and_quick_reasons_stand_beside_the_field(as_voc):
    contact = ContactFactory(no_messages=True)
    page = as_voc.get(reverse("contacts:card", args=[contact.pk])).content.decode()
    switches = re.findall(r'<input class="form-check-input".*?>', page, re.DOTALL)
    assert [("checked" in switch, "data-opens" in switch) for switch in switches] == [
        (False, True),
        (True, True),
    ]
    assert page.count('data-fill="id_no_messages-reason"') == 2
    refused = as_voc.post(
        reverse("contacts:consent", args=[contact.pk, "no_promotional"]),
        {"no_promotional-reason": ".", "value": "1"},
    )
    assert refused.status_code == 422
    assert [option.wanted for option in refused.context["options"]] == [True, True]


def test_an_expert_sets_and_clears_an_option_on_the_card(as_voc, voc):
    contact = ContactFactory()
    url = reverse("contacts:consent", args=[contact.pk, "no_promotional"])
    done = as_voc.post(url, {"no_promotional-reason": "تماس مشتری", "value": "1"}, follow=True)
    contact.refresh_from_db()
    assert contact.no_promotional
    assert "تماس مشتری" in done.content.decode()
    as_voc.post(url, {"no_promotional-reason": "پشیمان شد", "value": "0"})
    contact.refresh_from_db()
    assert not contact.no_promotional
    assert ConsentEntry.objects.count() == 2


def test_without_a_reason_the_card_says_so_and_nothing_changes(as_voc):
    contact = ContactFactory()
    url = reverse("contacts:consent", args=[contact.pk, "no_messages"])
    for reason in ("", " \u200c "):
        answer = as_voc.post(url, {"no_messages-reason": reason, "value": "1"})
        assert answer.status_code == 422
        assert "is-invalid" in answer.content.decode()
    assert not ConsentEntry.objects.exists()


def test_an_unknown_option_is_refused(as_voc):
    contact = ContactFactory()
    url = reverse("contacts:consent", args=[contact.pk, "is_superuser"])
    assert as_voc.post(url, {"is_superuser-reason": "x", "value": "1"}).status_code in (404, 422)


def test_a_call_is_opened_by_a_colleague_and_closed_by_the_decision(as_voc, sender):
    contact = ContactFactory()
    as_voc.force_login(sender)
    as_voc.post(reverse("contacts:open_call", args=[contact.pk]))
    contact.refresh_from_db()
    assert contact.voc_call_open
    assert as_voc.post(reverse("contacts:close_call", args=[contact.pk])).status_code == 403


def test_setting_an_option_during_a_call_ends_the_call(as_voc, voc):
    contact = ContactFactory()
    call, _effect = open_call(contact=contact, by=voc, now=NOW)
    url = reverse("contacts:consent", args=[contact.pk, "no_messages"])
    as_voc.post(url, {"no_messages-reason": "نخواست", "value": "1"})
    contact.refresh_from_db()
    assert not contact.voc_call_open
    assert ConsentEntry.objects.get().call == call


def test_a_sender_sees_the_options_but_no_form_and_no_history(as_sender, voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason="راز مشتری", by=voc, now=NOW)
    page = as_sender.get(reverse("contacts:card", args=[contact.pk])).content.decode()
    assert reverse("contacts:consent", args=[contact.pk, "no_messages"]) not in page
    assert "راز مشتری" not in page
    refused = as_sender.post(
        reverse("contacts:consent", args=[contact.pk, "no_messages"]),
        {"no_messages-reason": "x", "value": "0"},
    )
    assert refused.status_code == 403


def test_the_card_writes_numbers_left_to_right_in_persian_digits(as_sender):
    contact = ContactFactory(mobile="+989123456789")
    page = as_sender.get(reverse("contacts:card", args=[contact.pk])).content.decode()
    assert re.search(r'<bdi[^>]*dir="ltr"[^>]*>۰۹۱۲۳۴۵۶۷۸۹</bdi>', page)


def test_names_from_a_file_are_text_not_markup(as_sender):
    contact = ContactFactory(name="<script>alert(1)</script>", tags=["<b>"])
    for url in (reverse("contacts:list"), reverse("contacts:card", args=[contact.pk])):
        page = as_sender.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<b>" not in page


def test_a_list_is_looked_at_then_imported_then_reported(as_sender):
    uploaded = upload(as_sender)
    row = ContactImport.objects.get()
    assert uploaded.url == reverse("contacts:import_preview", args=[row.pk])
    assert not Contact.objects.exists()
    preview = as_sender.get(uploaded.url).content.decode()
    assert "علی" in preview
    confirmed = as_sender.post(uploaded.url, {"confirm": ""}, follow=True)
    row.refresh_from_db()
    assert (row.status, row.created, row.refused) == ("done", 1, 1)
    assert Contact.objects.get().name == "علی"
    assert confirmed.redirect_chain[-1][0] == reverse("contacts:import_result", args=[row.pk])
    assert not list(imports.stored_path(row).parent.iterdir())
    report = as_sender.get(reverse("contacts:import_report", args=[row.pk]))
    assert report["Content-Disposition"].startswith("attachment")
    header, line = b"".join(report.streaming_content).decode().splitlines()
    assert header == "\ufeffname,mobile,ردیف ردشده,ستون ایراد,دلیل رد"
    assert line.startswith("بد,1,3,موبایل,")


def test_confirming_twice_imports_once(as_sender):
    url = upload(as_sender).url
    as_sender.post(url, {"confirm": ""})
    as_sender.post(url, {"confirm": ""})
    assert Contact.objects.count() == 1
    row = ContactImport.objects.get()
    assert (row.status, row.created) == ("done", 1)


def test_a_look_can_be_thrown_away_with_its_file(as_sender):
    url = upload(as_sender).url
    path = imports.stored_path(ContactImport.objects.get())
    assert path.exists()
    as_sender.post(url, {"discard": ""})
    assert not path.exists()
    assert not ContactImport.objects.exists()
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00", "نام,موبایل\n".encode("utf-8-sig"), "علي,1\n".encode("cp1256")]
)
def test_a_bad_upload_is_explained_on_the_form_and_leaves_nothing(as_sender, settings, content, tmp_path):
    answer = upload(as_sender, content)
    assert answer.status_code == 422
    assert "is-invalid" in answer.content.decode()
    assert not ContactImport.objects.exists()
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


def test_a_large_list_is_left_to_the_worker(as_sender, monkeypatch):
    monkeypatch.setattr(imports, "QUICK_BYTES", 10)
    monkeypatch.setattr(imports, "QUICK_ROWS", 1)
    url = upload(as_sender).url  # no broker here that a worker listens to: the page does the work
    row = ContactImport.objects.get()
    assert url == reverse("contacts:import_result", args=[row.pk])
    if row.status == "running":
        assert "hx-get" in as_sender.get(url).content.decode()
        assert as_sender.post(url).url == url
        imports.preview_import(import_id=row.pk, now=NOW)
    polled = as_sender.get(url, headers={"HX-Request": "true"})
    assert polled["HX-Redirect"] == reverse("contacts:import_preview", args=[row.pk])
    as_sender.post(polled["HX-Redirect"], {"confirm": ""})
    imports.run_import(import_id=row.pk, now=NOW)
    done = as_sender.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in done
    assert Contact.objects.count() == 1


def test_a_file_that_vanished_fails_with_a_sentence_and_writes_nothing(as_sender):
    url = upload(as_sender).url
    row = ContactImport.objects.get()
    imports.stored_path(row).unlink()
    as_sender.post(url, {"confirm": ""})
    row.refresh_from_db()
    assert row.status == "failed"
    assert row.error
    assert row.error in as_sender.get(reverse("contacts:import_result", args=[row.pk])).content.decode()


def test_an_import_is_its_owners_alone(as_sender, client):
    url = upload(as_sender).url
    client.force_login(UserFactory(roles=["branding"]))
    assert client.get(url).status_code == 403
    assert client.post(url, {"confirm": ""}).status_code == 403
    row = ContactImport.objects.get()
    assert client.get(reverse("contacts:import_report", args=[row.pk])).status_code == 403


def test_a_stranger_is_sent_to_the_sign_in_and_other_roles_are_refused(client):
    contact = ContactFactory()
    urls = [reverse("contacts:list"), reverse("contacts:card", args=[contact.pk]), reverse("contacts:import")]
    for url in urls:
        assert client.get(url).status_code == 302
    client.force_login(UserFactory(roles=["hr"]))
    for url in urls:
        assert client.get(url).status_code == 403


@pytest.mark.parametrize("model", ["contact", "consententry", "contactimport"])
def test_the_back_office_shows_and_does_not_add_or_delete(client, voc, model):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    client.force_login(UserFactory(roles=["admin"], is_staff=True))
    assert client.get(reverse(f"admin:contacts_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:contacts_{model}_add")).status_code == 403


def test_a_correction_in_the_back_office_goes_through_the_action(client):
    contact = ContactFactory(name="کهنه", mobile="+989123456789")
    client.force_login(UserFactory(roles=["admin"], is_staff=True))
    url = reverse("admin:contacts_contact_change", args=[contact.pk])
    client.post(
        url, {"name": "نو", "company": "", "customer_no": "", "email": "", "tags": "", "no_messages": "on"}
    )
    contact.refresh_from_db()
    assert contact.name == "نو"
    assert not contact.no_messages
    assert list(Contact.objects.search("نو")) == [contact]


def test_a_task_that_comes_twice_or_late_spoils_nothing(as_sender):
    url = upload(as_sender).url
    row = ContactImport.objects.get()
    imports.run_import(import_id=row.pk, now=NOW)
    assert not Contact.objects.exists()
    imports.preview_import(import_id=row.pk, now=NOW)
    as_sender.post(url, {"confirm": ""})
    imports.preview_import(import_id=row.pk, now=NOW)
    imports.run_import(import_id=row.pk, now=NOW)
    row.refresh_from_db()
    assert (row.status, row.created) == ("done", 1)
    assert Contact.objects.count() == 1


def test_a_tag_filters_in_any_spelling_of_its_letters(as_sender):
    contact = ContactFactory(tags=["کمپین"])
    page = as_sender.get(reverse("contacts:list"), {"tag": "كمپين"}).content.decode()
    assert reverse("contacts:card", args=[contact.pk]) in page


def test_columns_have_their_persian_names_on_a_persian_page(as_sender):
    page = as_sender.get(reverse("contacts:import")).content.decode()
    assert "نام، موبایل، تلفن، ایمیل، شرکت، شماره مشتری، برچسب" in page
    refused = as_sender.get(upload(as_sender).url).content.decode()
    assert "<bdi>موبایل</bdi>" in refused
    assert "mobile" not in refused


def test_every_column_s_shown_name_is_a_header_that_is_read():
    for language in ("fa", "en"):
        with translation.override(language):
            assert set(recognise(titles(), row=1).position) == {
                "name",
                "mobile",
                "phone",
                "email",
                "company",
                "customer_no",
                "tags",
            }


def test_the_back_office_writes_instants_in_the_jalali_calendar(client, voc):
    contact = ContactFactory()
    set_consent(contact=contact, flag="no_messages", value=True, reason="نخواست", by=voc, now=NOW)
    client.force_login(UserFactory(roles=["admin"], is_staff=True))
    entry = ConsentEntry.objects.get()
    page = client.get(reverse("admin:contacts_consententry_change", args=[entry.pk])).content.decode()
    assert format_datetime(entry.at, "fa") in page
    assert "نوامبر" not in page


def test_card_and_list_say_that_a_number_is_restricted_and_by_whose_word(as_sender):
    refuser = ContactFactory(name="آن که نخواست", phone=landline(1), no_messages=True)
    new = ContactFactory(name="آن که آمد", mobile=None, phone=landline(1))
    link = reverse("contacts:card", args=[refuser.pk])
    card = as_sender.get(reverse("contacts:card", args=[new.pk])).content.decode()
    assert link in card
    assert "آن که نخواست" in card
    page = as_sender.get(reverse("contacts:list"))
    assert {row: len(foreign) for row, foreign in page.context["rows"]} == {refuser: 0, new: 1}
    assert "به خواست" in page.content.decode()
    own = as_sender.get(reverse("contacts:card", args=[refuser.pk]))
    assert own.context["foreign"] == []


def test_a_card_shows_the_numbers_that_were_given_once(as_sender):
    contact = ContactFactory(phone=landline(1))
    Contact.objects.filter(pk=contact.pk).update(phone=landline(2))
    page = as_sender.get(reverse("contacts:card", args=[contact.pk]))
    assert [row.number for row in page.context["former"]] == [landline(1)]


def test_the_preview_names_rows_with_a_number_that_another_customer_restricted(as_sender):
    refuser = ContactFactory(mobile="+989355550230", phone="+982155550230", no_messages=True)
    rows = "نام,تلفن,موبایل\nنو,021-55550230,\nهمان,,09355550230\nدیگر,,09121234567\n"
    page = as_sender.get(upload(as_sender, rows).url)
    [line] = page.context["restricted"]
    assert (line.row, line.number, line.contact_id) == (2, "+982155550230", refuser.pk)
    assert reverse("contacts:card", args=[refuser.pk]) in page.content.decode()
    assert page.content.decode().count("tag-warning") == 1
