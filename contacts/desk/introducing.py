"""What a colleague reads and says while the caller is on the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from common.wording import digits_text, instant_text, number_text
from contacts.desk.caller import Caller, OpenedCall, seal_caller
from contacts.desk.looking_up import CallerMatch, with_stops
from contacts.duty.selectors import OnDuty
from contacts.models import Contact, OptOutCall
from staff.models import User


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who is on the line, who helps them, and the caller sealed with that expert.

    `expert` is None where nobody is on duty; `open_call` is the customer's, where one is open.
    `is_answered`: the user is a VOC expert and decides without a transfer.
    """

    match: CallerMatch
    expert: OnDuty | None
    open_call: OptOutCall | None
    sealed: str
    is_answered: bool

    @property
    def words(self) -> str:
        """What the colleague reads aloud."""
        if self.expert is None:
            return _(
                "None of the colleagues who look after this is at the telephone now. I am taking down your"
                " request; they will call you back at this number, and until then no promotional message"
                " goes out to you."
            )
        return _(
            "My colleague %(name)s, our customer voice expert on extension %(extension)s, will help you. I am"
            " putting you through now; should the line drop, please dial that extension."
        ) % {"name": self.expert.name, "extension": digits_text(self.expert.extension)}


def sealed_matches(matches: Iterable[CallerMatch], user: User) -> list[tuple[CallerMatch, str]]:
    """Each match with what chooses it, for this user alone."""
    return [
        (match, seal_caller(Caller(match.number, match.contact.pk if match.contact else None), user))
        for match in matches
    ]


def introduction_of(caller: Caller, expert: OnDuty | None, user: User) -> Introduction:
    contact = Contact.objects.filter(pk=caller.contact_id).first() if caller.contact_id else None
    [match] = with_stops([CallerMatch(caller.number, contact)])
    if expert is not None:
        caller = replace(caller, named_id=expert.user.pk, extension=expert.extension)
    return Introduction(
        match,
        expert,
        open_call_of(contact) if contact else None,
        seal_caller(caller, user),
        is_answered=user.may("contacts.set_consent"),
    )


def open_call_of(contact: Contact) -> OptOutCall | None:
    return contact.calls.filter(closed_at__isnull=True).select_related("opened_by", "taken_by").first()


def opened_sentence(opened: OpenedCall) -> str:
    """That the call is open, for the number that the caller named."""
    call = opened.call
    if opened.was_open:
        return _("The call of this customer was open already: %(name)s opened it on %(at)s.") % {
            "name": call.opened_by.display_name,
            "at": instant_text(call.opened_at),
        }
    return _("From now on promotional messages to %(number)s wait until the VOC expert decides.") % {
        "number": number_text(call.number)
    }
