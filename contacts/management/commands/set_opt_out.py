"""`manage.py set_opt_out PHONE --kind promotional|all [--clear] --by USERNAME --reason TEXT [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.consent.actions import Decided
from contacts.consent.by_number import set_consent_by_number
from contacts.consent.effects import effect_sentence
from contacts.models import ConsentEntry
from contacts.reasons import reason_text
from persian.phones import InvalidNumber, normalise
from staff.cli import user_named

FLAGS = {"promotional": ConsentEntry.Flag.NO_PROMOTIONAL, "all": ConsentEntry.Flag.NO_MESSAGES}


class Command(BaseCommand):
    help = "Set or clear what a customer refused (C7.3), as a VOC expert and with a reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("phone", metavar="PHONE", help="the number, in any spelling")
        parser.add_argument("--kind", required=True, choices=sorted(FLAGS))
        parser.add_argument("--clear", action="store_true", help="the customer wants messages again")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="the VOC expert")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--json", action="store_true", help="answer for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        address = _number(options["phone"])
        by = user_named(options["by"])
        flag, value = FLAGS[options["kind"]], not options["clear"]
        try:
            said = set_consent_by_number(
                number=address, flag=flag, value=value, reason=options["reason"], by=by, now=timezone.now()
            )
        except PermissionDenied as error:
            raise CommandError(
                _("“%(user)s” may not do this: only a VOC expert sets or clears what a customer refused.")
                % {"user": by.username}
            ) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if options["json"]:
            first, *others = [_as_json(one) for one in said]
            self.stdout.write(json.dumps({**first, "shared_with": others}))
            return
        if len(said) > 1:
            self.stdout.write(_("Several customers have this number; it counts for each of them."))
        for one in said:
            sentence = effect_sentence(flag, value, one.effect)
            self.stdout.write(f"{one.contact}: {sentence}" if len(said) > 1 else sentence)


def _number(typed: str) -> str:
    try:
        return normalise(typed)
    except InvalidNumber as error:
        raise CommandError(
            _("“%(typed)s”: %(reason)s") % {"typed": typed, "reason": reason_text(error.code)}
        ) from error


def _as_json(decided: Decided) -> dict[str, Any]:
    return {
        "contact": decided.contact.pk,
        "number": decided.contact.address,
        "no_promotional": decided.contact.no_promotional,
        "no_messages": decided.contact.no_messages,
        "changed": decided.effect.changed,
        "stopped": decided.effect.stopped,
        "in_flight": decided.effect.in_flight,
    }
