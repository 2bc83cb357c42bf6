"""The sentence that names what a change of consent did, for the card and the command."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.wording import count_text, in_persian, instant_text
from contacts.consent.actions import ConsentEffect, Decided
from contacts.hooks import StoppedDeliveries
from contacts.models import ConsentEntry, Contact

Flag = ConsentEntry.Flag

_FROM_NOW_ON = {
    (Flag.NO_PROMOTIONAL, True): gettext_lazy("From now on: promotional messages are not sent."),
    (Flag.NO_PROMOTIONAL, False): gettext_lazy("No longer active: promotional messages are not sent."),
    (Flag.NO_MESSAGES, True): gettext_lazy("From now on: no message at all is sent."),
    (Flag.NO_MESSAGES, False): gettext_lazy("No longer active: no message at all is sent."),
}


def effect_sentence(flag: ConsentEntry.Flag, value: bool, effect: ConsentEffect) -> str:
    """“From now on: no promotional messages. 2 waiting messages were stopped.”"""
    now = _FROM_NOW_ON[flag, value] if effect.changed else _("Nothing changed: it was so already.")
    return " ".join([str(now), *stopped_sentences(effect.stopped, effect.in_flight)])


def consent_sentence(contact: Contact, flag: ConsentEntry.Flag, value: bool, effect: ConsentEffect) -> str:
    """What a press on one option did: its effect, or since when it was so already."""
    if effect.changed:
        return effect_sentence(flag, value, effect)
    last = contact.ledger.filter(flag=flag).select_related("by").order_by("-pk").first()
    return unchanged_sentence(flag, last, effect)


def unchanged_sentence(flag: ConsentEntry.Flag, last: ConsentEntry | None, effect: ConsentEffect) -> str:
    """That the option was so already, since when and by whom, and what became of the reason."""
    if last is None:
        sentence = _("Nothing changed: this option was not active.")
    else:
        words = (
            _("Nothing changed: %(name)s activated this option on %(at)s.")
            if last.after
            else _("Nothing changed: %(name)s deactivated this option on %(at)s.")
        )
        sentence = words % {"name": last.by.display_name, "at": instant_text(last.at)}
    note = [_("Your reason was added to the history as a note.")] if effect.noted else []
    return " ".join(
        [
            f"«{flag.label}»:" if in_persian() else f"“{flag.label}”:",
            sentence,
            *note,
            *stopped_sentences(effect.stopped, effect.in_flight),
        ]
    )


def decided_sentence(flag: ConsentEntry.Flag, value: bool, decided: Sequence[Decided]) -> str:
    """What a decision on the desk did, for its customer and the others whom it was recorded for."""
    total = total_effect(decided)
    others = len(decided) - 1
    sentences = [effect_sentence(flag, value, total)]
    if others:
        words = ngettext(
            "Recorded for %(count)s more record of this customer number.",
            "Recorded for %(count)s more records of this customer number.",
            others,
        )
        sentences.append(words % {"count": count_text(others)})
    if total.noted:
        sentences.append(_("Your reason was added to the history as a note."))
    return " ".join(sentences)


def total_effect(decided: Sequence[Decided]) -> ConsentEffect:
    """What one decision did to all customers for whom it was recorded."""
    effects = [one.effect for one in decided]
    return ConsentEffect(
        changed=any(effect.changed for effect in effects),
        stopped=sum(effect.stopped for effect in effects),
        in_flight=sum(effect.in_flight for effect in effects),
        noted=any(effect.noted for effect in effects),
    )


def forecast_sentences(forecast: StoppedDeliveries) -> list[str]:
    """The same beforehand: what a refusal would stop, and what may still arrive in spite of it."""
    if not forecast.stopped and not forecast.in_flight:
        return [_("No message to this customer waits or is under way.")]
    sentences = []
    if forecast.stopped:
        sentences.append(
            ngettext(
                "%(count)s waiting message will be stopped.",
                "%(count)s waiting messages will be stopped.",
                forecast.stopped,
            )
            % {"count": count_text(forecast.stopped)}
        )
    if forecast.in_flight:
        sentences.append(
            ngettext(
                "%(count)s message is with the provider already and may still arrive.",
                "%(count)s messages are with the provider already and may still arrive.",
                forecast.in_flight,
            )
            % {"count": count_text(forecast.in_flight)}
        )
    return sentences


def stopped_sentences(stopped: int, in_flight: int) -> list[str]:
    words = ngettext(
        "%(count)s waiting message was stopped.", "%(count)s waiting messages were stopped.", stopped
    )
    return _counted(words, stopped) + _in_flight(in_flight)


def held_sentences(held: int, in_flight: int) -> list[str]:
    """The effect of an open call: what waited waits on, and does not leave before the decision."""
    words = ngettext(
        "%(count)s message that was waiting is held back.",
        "%(count)s messages that were waiting are held back.",
        held,
    )
    return _counted(words, held) + _in_flight(in_flight)


def _in_flight(count: int) -> list[str]:
    words = ngettext(
        "%(count)s message is with the provider already: it cannot be called back and may still arrive.",
        "%(count)s messages are with the provider already: they cannot be called back and may still arrive.",
        count,
    )
    return _counted(words, count)


def _counted(words: str, count: int) -> list[str]:
    return [words % {"count": count_text(count)}] if count else []
