"""`manage.py make_audit_key`: a new pair of keys for the seals of the audit trail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand

from audit.signing import encoded, key_id, signing_key


class Command(BaseCommand):
    help = "Print a new key for the seals: the private half for the sealing process, the public half for all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--public", action="store_true", help="only the public half of the key that is set here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["public"]:
            self._print_public(signing_key())
            return
        key = Ed25519PrivateKey.generate()
        self.stdout.write(f"AUDIT_SIGNING_KEY={encoded(key.private_bytes_raw())}")
        self._print_public(key)

    def _print_public(self, key: Ed25519PrivateKey) -> None:
        self.stdout.write(f"AUDIT_PUBLIC_KEYS={encoded(key.public_key().public_bytes_raw())}")
        self.stderr.write(f"key {key_id(key.public_key())}")
