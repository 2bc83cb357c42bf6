"""Text that the database keeps and a dump of it must not show: sealed with `FACTOR_KEYS`, newest first.

Each purpose has keys of its own, derived from those of the settings, so that what was sealed for one is
nothing for another.
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

Purpose = Literal["second factor", "mail", "form"]


class Unreadable(ValueError):
    """What stands there was not encrypted with any of the keys: clear text, or a key that is gone."""


def encrypt(text: str, *, purpose: Purpose) -> str:
    return _cipher(tuple(settings.FACTOR_KEYS), purpose).encrypt(text.encode()).decode()


def decrypt(token: str, *, purpose: Purpose) -> str:
    """What was encrypted with any of the keys. Raises Unreadable for everything else, clear text included."""
    try:
        return _cipher(tuple(settings.FACTOR_KEYS), purpose).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("not encrypted with any of FACTOR_KEYS") from error


def renew(token: str, *, purpose: Purpose) -> str:
    """The same text under the newest key. Raises Unreadable."""
    return encrypt(decrypt(token, purpose=purpose), purpose=purpose)


@cache
def _cipher(keys: tuple[str, ...], purpose: Purpose) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: str, purpose: Purpose) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"amoot_comms {purpose}".encode())
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
