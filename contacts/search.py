"""The text that the search box looks in: four lines of folded values. Pure.

Name, company, customer number, numbers in local form. A value keeps its own line, so that SQL can
replace one and keep the others (`split_part`) when an import brings only some of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from persian.phones import local_form
from persian.text import search_key

LINES: Final = ("name", "company", "customer_no", "numbers")


@lru_cache(maxsize=16_384)
def _spellings(text: str) -> str:
    """The key of a name, and once more written together: «محمد رضا» is also «محمدرضا»."""
    key = search_key(text)
    return f"{key} {key.replace(' ', '')}" if " " in key else key


def search_text(name: str, company: str, customer_no: str, mobile: str | None, phone: str | None) -> str:
    """What is stored in `Contact.search_text`."""
    numbers = " ".join(local_form(number) for number in (mobile, phone) if number)
    return "\n".join((_spellings(name), _spellings(company), search_key(customer_no), numbers))
