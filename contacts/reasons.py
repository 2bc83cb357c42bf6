"""Why a number or a row of an imported file is refused: codes, and the sentences for people."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Final[dict[str, Promise]] = {
    "number_missing": _("There is neither a mobile nor a landline number."),
    "number_empty": _("The number is empty."),
    "number_scientific": _(
        "The spreadsheet shortened the number (like 9.12E+09). Format the column as text and write the number"
        " again."
    ),
    "number_decimal": _(
        "The number has a decimal part. Format the column as text and write the number again."
    ),
    "number_letters": _("There is something in the number that is not a digit, or more than one number."),
    "number_foreign": _("The number is not Iranian."),
    "number_wrong": _("There is no such number: count its digits and check the code it begins with."),
    "number_not_mobile": _("This is a landline; it belongs in the column “phone”."),
    "says_not_to_send": _(
        "The list itself says that nothing is to be sent to this customer. Give the row to a VOC expert, who"
        " records what the customer refused."
    ),
    "hidden_row": _(
        "The row is hidden in the sheet, so it is left out. If it belongs to the list, show it there and"
        " upload the file again."
    ),
    "email_wrong": _("This is not an e-mail address."),
    "too_long": _("The text is longer than the column takes."),
    "too_many_tags": _("A customer has at most 20 tags."),
    "formula": _("The cell holds a formula. Put its value there."),
    "error_value": _("The cell shows a spreadsheet's error (like #N/A)."),
    "too_many_cells": _("The row has more cells than the header; a separator may stand inside a text."),
    "duplicate": _("An earlier row of this file has the same number."),
    "customer_no_repeated": _(
        "An earlier row of this file has the same customer number with another number."
    ),
    "customer_no_taken": _("The customer number belongs to a customer with another number."),
}


def reason_text(code: str) -> str:
    """The sentence for a code, in the active language; a code of a later version stands for itself."""
    return str(REASONS.get(code, code))
