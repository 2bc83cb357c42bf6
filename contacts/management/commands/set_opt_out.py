"""`manage.py set_opt_out PHONE --kind promotional|all [--clear] --by USERNAME --reason TEXT [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.actions.consent import ConsentEffect, set_consent
from contacts.actions.people import ensure_contacts
from contacts.effects import effect_sentence
from contacts.models import ConsentEntry, Contact
from contacts.reasons import reason_text
from persian.phones import InvalidNumber, normalise
from staff.models import User

FLAGS = {"promotional": ConsentEntry.Flag.NO_PROMOTIONAL, "all": ConsentEntry.Flag.NO_MESSAGES}


class Command(BaseCommand):
    help = "Set or clear what a customer refused (C7.3), as a VOC expert and with a reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone", metavar="PHONE", help="the customer's number, in any spelling")
        parser.add_argument("--kind", required=True, choices=sorted(FLAGS))
        parser.add_argument("--clear", action="store_true", help="the customer wants messages again")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="the VOC expert")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--json", action="store_true", help="answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        address = _number(options["phone"])
        by = _user(options["by"])
        flag, value = FLAGS[options["kind"]], not options["clear"]
        now = timezone.now()
        try:
            # An unknown number becomes a customer only if the refusal itself goes through.
            with transaction.atomic():
                contact = Contact.objects.get(pk=ensure_contacts([address], by=by, now=now)[address])
                effect = set_consent(
                    contact=contact,
                    flag=flag,
                    value=value,
                    reason=options["reason"],
                    by=by,
                    now=now,
                    source=ConsentEntry.Source.COMMAND,
                )
        except PermissionDenied as error:
            raise CommandError(
                _("“%(user)s” may not do this: only a VOC expert sets or clears what a customer refused.")
                % {"user": by.username}
            ) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(contact, effect)))
        else:
            self.stdout.write(effect_sentence(flag, value, effect))


def _number(typed: str) -> str:
    try:
        return normalise(typed)
    except InvalidNumber as error:
        raise CommandError(
            _("“%(typed)s”: %(reason)s") % {"typed": typed, "reason": reason_text(error.code)}
        ) from error


def _user(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(_("There is no active user “%(user)s”.") % {"user": username})
    return user


def _as_json(contact: Contact, effect: ConsentEffect) -> dict[str, Any]:
    return {
        "contact": contact.pk,
        "number": contact.address,
        "no_promotional": contact.no_promotional,
        "no_messages": contact.no_messages,
        "changed": effect.changed,
        "stopped": effect.stopped,
        "in_flight": effect.in_flight,
    }
