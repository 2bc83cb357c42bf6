"""What follows from a customer's written word: the restriction at once, the task, the expert's decision.

Reading 16. The restriction is the trigger's (`contacts.models.WrittenWord`); here are the only writers of the
words themselves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions.people import ensure_owners
from contacts.consent.actions import Decided, demand_expert, readable
from contacts.consent.by_number import set_consent_by_number
from contacts.consent.keywords import Meaning, meaning_of
from contacts.hooks import Event, StoppedDeliveries, announce
from contacts.models import ConsentEntry, Contact, Number, WrittenWord
from staff.models import User

Outcome = WrittenWord.Outcome
# What stays of a word that stands again.
_SAID: Final = ("number", "contact", "text", "meaning", "said_at", "sorted_at", "sorted_by")


def take_written_word(
    *, number: str, text: str, reference: str, said_at: datetime, now: datetime
) -> WrittenWord | None:
    """Judge a customer's message from `number` (E.164), each `reference` once; None where it says nothing.

    A keyword restricts promotional messages at once, by nobody, and stops what waits; an unknown number
    becomes a customer, so that the word has a place.
    """
    meaning = meaning_of(text)
    if meaning is Meaning.NOTHING:
        return None
    with transaction.atomic():
        contact = ensure_owners(number=number, by=None, now=now)[0]
        word, is_new = WrittenWord.objects.get_or_create(
            reference=reference,
            defaults={
                "number": number,
                "contact": contact,
                "text": text,
                "meaning": meaning.value,
                "said_at": said_at,
                "recorded_at": now,
                "restricts": meaning is Meaning.OPT_OUT,
            },
        )
        if is_new:
            effect = announce(Event.TIGHTENED, contact.pk, now) if word.restricts else StoppedDeliveries()
            _record(word, action="contact.word_received", by=None, now=now, stopped=effect.stopped)
    return word


def confirm_opt_out(*, word: WrittenWord, by: User, now: datetime) -> StoppedDeliveries:
    """“Perhaps an opt-out” is one: it restricts from now on, until an expert decides.

    Raises PermissionDenied for others than VOC experts, ValidationError where it was sorted already.
    """
    demand_expert(by=by)
    with transaction.atomic():
        _lock_owners(word)
        waiting = WrittenWord.objects.filter(
            pk=word.pk, meaning=Meaning.PERHAPS, sorted_at__isnull=True, decided_at__isnull=True
        )
        if not waiting.update(restricts=True, sorted_at=now, sorted_by=by):
            raise _decided_already(word)
        word.refresh_from_db()
        effect = announce(Event.TIGHTENED, word.contact_id, now)
        _record(word, action="contact.word_confirmed", by=by, now=now, stopped=effect.stopped)
    return effect


def decide_word(
    *, word: WrittenWord, flag: str, value: bool, reason: str, by: User, now: datetime
) -> list[Decided]:
    """The expert's word replaces the written one: an option is set, or cleared, for who has the number.

    A refusal is each one's who has or had it (reading 10); one is taken back for one customer alone. Raises
    PermissionDenied, and ValidationError as `set_consent` does or where somebody decided before.
    """
    demand_expert(by=by)
    with transaction.atomic():
        _lock_owners(word)
        _end(word, Outcome.SET if value else Outcome.CLEARED, readable(reason), by, now)
        return set_consent_by_number(
            number=word.number,
            flag=flag,
            value=value,
            reason=reason,
            by=by,
            now=now,
            source=ConsentEntry.Source.MESSAGE,
            word=word,
        )


def end_word(*, word: WrittenWord, outcome: str, note: str, by: User, now: datetime) -> None:
    """The message changes nothing: it was no opt-out (`NO_OPT_OUT`), or the customer meant it otherwise
    (`UNCHANGED`). What restricts in its place has another source.

    Raises PermissionDenied for others than VOC experts, ValidationError for a note without words or where
    somebody decided before.
    """
    demand_expert(by=by)
    if outcome not in (Outcome.UNCHANGED, Outcome.NO_OPT_OUT):
        raise ValidationError(_("Choose what became of the message."), code="unknown_outcome")
    if outcome == Outcome.NO_OPT_OUT and word.meaning != Meaning.PERHAPS:
        raise ValidationError(
            _("A keyword is an opt-out: decide what the customer wants."), code="is_an_opt_out"
        )
    # That a text is none is plain from itself; whatever takes a restriction away says why.
    note = readable(note) if outcome == Outcome.UNCHANGED else note.strip()
    with transaction.atomic():
        _lock_owners(word)
        _end(word, outcome, note, by, now)


def restore_words(*, contact: Contact, since: datetime, by: User, now: datetime) -> None:
    """The words of a locked customer that refusals from `since` on fulfilled stand again, for a refusal that
    was wrong is taken back: each as a row of its own that restricts what the first one restricted."""
    fulfilled = contact.written_words.filter(outcome=Outcome.SET, decided_at__gte=since)
    restricts = False
    for word in fulfilled.exclude(meaning=Meaning.OPT_IN).order_by("pk"):
        again, is_new = WrittenWord.objects.get_or_create(
            # One that came back once does not come back from its first row again.
            reference=f"{word.reference.partition('#')[0]}#{word.pk}",
            defaults={
                **{name: getattr(word, name) for name in _SAID},
                "recorded_at": now,
                "restricts": word.meaning == Meaning.OPT_OUT or word.sorted_at is not None,
            },
        )
        if is_new:
            restricts |= again.restricts
            _record(again, action="contact.word_restored", by=by, now=now)
    if restricts:
        announce(Event.TIGHTENED, contact.pk, now)


def _lock_owners(word: WrittenWord) -> None:
    """The customers before the word, as every decision about them goes."""
    list(Contact.objects.lock(Number.objects.filter(number=word.number).values_list("contact", flat=True)))


def _end(word: WrittenWord, outcome: str, note: str, by: User, now: datetime) -> None:
    """The first of two decides; the second learns who did."""
    waiting = WrittenWord.objects.filter(pk=word.pk, decided_at__isnull=True)
    if outcome == Outcome.NO_OPT_OUT:
        waiting = waiting.filter(sorted_at__isnull=True)
    if not waiting.update(restricts=False, decided_at=now, decided_by=by, outcome=outcome, note=note):
        raise _decided_already(word)
    word.refresh_from_db()
    _record(word, action="contact.word_decided", by=by, now=now, word_outcome=str(outcome))


def _decided_already(word: WrittenWord) -> ValidationError:
    word.refresh_from_db()
    who = word.decided_by or word.sorted_by
    return ValidationError(
        _("%(name)s was faster: this message is sorted already.")
        % {"name": who.display_name if who else "–"},
        code="decided_already",
    )


def _record(word: WrittenWord, *, action: str, by: User | None, now: datetime, **data: object) -> None:
    """The text is the customer's: it stands in the word alone."""
    about = {"word": word.pk, "word_meaning": word.meaning, "reference": word.reference}
    record(by=by, action=action, obj=word.contact, data={**about, **data}, now=now)
