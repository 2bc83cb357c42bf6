"""Settings of production for one command that connects to nothing: every secret is made up and forgotten.

python -m scripts.throwaway python manage.py collectstatic --no-input
"""

from __future__ import annotations

import os
import secrets
import sys


def production() -> dict[str, str]:
    """Variables with which production starts; different ones at each call."""
    return {
        "DEVELOPMENT": "0",
        "DEMO": "0",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "portal.invalid",
        "SITE_URL": "https://portal.invalid",
        "CSRF_TRUSTED_ORIGINS": "https://portal.invalid",
        "AMOOTSMS_BASE_URL": "https://sms.invalid/rest",
        "AMOOTSMS_TOKEN": secrets.token_urlsafe(32),
        "AVANAK_BASE_URL": "https://voice.invalid/Rest",
        "AVANAK_TOKEN": secrets.token_urlsafe(32),
        "CALLBACK_SECRET": secrets.token_hex(32),
        "FACTOR_KEYS": secrets.token_urlsafe(48),
        "SECURE_SSL_REDIRECT": "1",
    }


def main(command: list[str]) -> None:
    os.environ.update(production())
    os.execvp(command[0], command)  # noqa: S606  # nosec B606


if __name__ == "__main__":
    main(sys.argv[1:])
