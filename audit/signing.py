"""The signature of a seal (Ed25519), and the keys that make and check it.

The private key is the sealing process's alone (`AUDIT_SIGNING_KEY`, 32 bytes in base64). A verifier
needs public keys only (`AUDIT_PUBLIC_KEYS`, the current one and all former ones). A key is named by the
first 16 hexadecimal digits of its SHA-256.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PublicKeys = Mapping[str, Ed25519PublicKey]


@dataclass(frozen=True, slots=True)
class Statement:
    """The text that a seal signs: number of links, last entry, digest of the last link, instant."""

    seal: int
    links: int
    last_entry: int
    head: bytes
    sealed_at: datetime

    def signed_bytes(self) -> bytes:
        """The bytes that are signed; the first word is the version of this form."""
        at = self.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
        words = ("portal-seal-1", self.seal, self.links, self.last_entry, self.head.hex(), at)
        return " ".join(map(str, words)).encode()


def signing_key() -> Ed25519PrivateKey:
    """The private key. Raises ImproperlyConfigured where this process was not given it."""
    if not settings.AUDIT_SIGNING_KEY:
        raise ImproperlyConfigured(
            "AUDIT_SIGNING_KEY is not set: the audit trail cannot be sealed here."
            " `manage.py make_audit_key` makes a key; .env.example says which process needs it."
        )
    return Ed25519PrivateKey.from_private_bytes(_decoded("AUDIT_SIGNING_KEY", settings.AUDIT_SIGNING_KEY))


def public_keys() -> dict[str, Ed25519PublicKey]:
    """Every key whose seals are believed here, by its name."""
    keys = [
        Ed25519PublicKey.from_public_bytes(_decoded("AUDIT_PUBLIC_KEYS", text))
        for text in settings.AUDIT_PUBLIC_KEYS
    ]
    if settings.AUDIT_SIGNING_KEY:
        keys.append(signing_key().public_key())
    return {key_id(key): key for key in keys}


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def is_signed(statement: Statement, key: str, signature: bytes, keys: PublicKeys) -> bool:
    """Whether the key of that name is believed and made the signature."""
    if key not in keys:
        return False
    try:
        keys[key].verify(signature, statement.signed_bytes())
    except InvalidSignature:
        return False
    return True


def encoded(key: bytes) -> str:
    """Bytes in the alphabet of base64 that is safe in addresses, without padding."""
    return urlsafe_b64encode(key).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What `encoded` wrote, with or without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decoded(name: str, text: str) -> bytes:
    try:
        key = decoded(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name} must hold 32 bytes in base64 (make_audit_key writes them).")
    return key
