"""The messages in which customers ask for no more messages: the desk's written tasks (reading 16)."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from common.paging import PAGE_ENTRIES, page_by
from contacts.consent.actions import REASON_MAX_LENGTH
from contacts.consent.effects import effect_sentence, stopped_sentences, total_effect
from contacts.consent.words import confirm_opt_out, decide_word, end_word
from contacts.models import ConsentEntry, Contact, WrittenWord
from contacts.selectors import owners_of
from staff.models import User
from staff.permissions import requires, signed_in

Meaning, Outcome, Flag = WrittenWord.Meaning, WrittenWord.Outcome, ConsentEntry.Flag


class WordForm(forms.Form):
    """Why it is decided so."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )


@dataclass(frozen=True, slots=True)
class Task:
    """An open message on the page: whose number it is, and the form that decides it."""

    word: WrittenWord
    owners: list[Contact]
    form: WordForm
    # the options that the first owner has active, to be taken back
    active: list[ConsentEntry.Flag]


@requires("contacts.set_consent")
@require_safe
def word_list(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, refused: tuple[int, WordForm] | None = None) -> HttpResponse:
    waiting = WrittenWord.objects.filter(decided_at__isnull=True).select_related("contact")
    page = page_by(waiting, request.GET, size=PAGE_ENTRIES)
    owners = owners_of({word.number for word in page.rows})
    context = {
        "page": page,
        "tasks": [_task(word, owners.get(word.number, []), refused) for word in page.rows],
        "Meaning": Meaning,
    }
    return render(request, "contacts/desk/words.html", context, status=422 if refused else 200)


def _task(word: WrittenWord, owners: list[Contact], refused: tuple[int, WordForm] | None) -> Task:
    if refused and refused[0] == word.pk:
        form = refused[1]
    else:
        # A short message is the reason itself; of a long one the beginning.
        quoted = _("The customer wrote: “%(text)s”") % {"text": word.text.strip()[:200]}
        form = WordForm(initial={"reason": quoted}, prefix=f"word-{word.pk}")
    active = [flag for flag in Flag if owners and getattr(owners[0], flag.value)]
    return Task(word, owners, form, active)


@requires("contacts.set_consent")
@require_POST
def word_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """“Perhaps an opt-out” is one."""
    word = get_object_or_404(WrittenWord, pk=pk)
    try:
        effect = confirm_opt_out(word=word, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        restricted = _("Promotional messages to this number are stopped. Now decide what the customer wants.")
        sentences = [restricted, *stopped_sentences(effect.stopped, effect.in_flight)]
        messages.success(request, " ".join(sentences))
    return redirect("desk:words")


@requires("contacts.set_consent")
@require_POST
def word_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide by the button that was pressed: `set:FLAG`, `clear:FLAG`, or an outcome without a change."""
    word = get_object_or_404(WrittenWord, pk=pk)
    form = WordForm(request.POST, prefix=f"word-{word.pk}")
    if form.is_valid():
        try:
            said = _decided(word, request.POST.get("decision", ""), form.cleaned_data["reason"], request)
        except ValidationError as error:
            if error.code == "decided_already":
                messages.error(request, " ".join(error.messages))
                return redirect("desk:words")
            form.add_error("reason", error)
        else:
            messages.success(request, said)
            return redirect("desk:words")
    return _page(request, (word.pk, form))


def _decided(word: WrittenWord, decision: str, reason: str, request: HttpRequest) -> str:
    """What was done, as a sentence."""
    by: User = signed_in(request)
    act, _colon, flag = decision.partition(":")
    if act not in ("set", "clear"):
        end_word(word=word, outcome=decision, note=reason, by=by, now=timezone.now())
        return _("The message is sorted; nothing was changed.")
    value = act == "set"
    decided = decide_word(word=word, flag=flag, value=value, reason=reason, by=by, now=timezone.now())
    return effect_sentence(Flag(flag), value, total_effect(decided))
