"""Make the files of `secrets/` that are missing, for docker-compose.yml: `python3 -m scripts.make_secrets`.

What is there stays as it is. Files that others issue (the providers' tokens, the mail server's password) are
made empty, to be filled in by hand. Needs nothing but Python.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ISSUED_BY_OTHERS = ("amootsms_token", "avanak_token", "email_host_password")
SIGNING = ("audit_signing_key",)
RANDOM = (
    *("postgres_password", "owner_password", "application_password", "redis_password"),
    *("secret_key", "factor_keys"),
    *("callback_secret", "metrics_token"),
)


def main(folder: Path) -> int:
    # Containers read the files as users of their own; nobody else passes the folder.
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name in RANDOM if create(folder / name, secrets.token_hex(32))]
    # An Ed25519 key: any 32 bytes, in base64.
    made += [name for name in SIGNING if create(folder / name, secrets.token_urlsafe(32))]
    addresses = {
        "database_url": _database("amoot_application", folder / "application_password"),
        "database_owner_url": _database("amoot_owner", folder / "owner_password"),
        "redis_url": f"redis://:{(folder / 'redis_password').read_text()}@redis:6379/0",
    }
    made += [name for name, value in addresses.items() if create(folder / name, value)]
    made += [name for name in ISSUED_BY_OTHERS if create(folder / name, "")]
    sys.stdout.write(f"Made in {folder}: {', '.join(made) or 'nothing, all are there'}\n")
    empty = [name for name in ISSUED_BY_OTHERS if not (folder / name).read_text().strip()]
    if empty:
        sys.stdout.write(f"To be filled in by hand: {', '.join(empty)}\n")
    return 0


def _database(role: str, password: Path) -> str:
    return f"postgres://{role}:{password.read_text()}@postgres:5432/amoot"


def create(path: Path, value: str) -> bool:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
            file.write(value)
    except FileExistsError:
        return False
    path.chmod(0o644)
    return True


if __name__ == "__main__":
    sys.exit(main(ROOT / "secrets"))
