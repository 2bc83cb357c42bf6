"""Make the database ready for `make run`: tables, procedure, and once the demo data."""

from __future__ import annotations

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import translation

# The number of our advisory lock: any, as long as nothing else in the database uses it.
PREPARING = 1_405_001


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    os.environ["DATABASE_AS_OWNER"] = "1"
    try:
        django.setup()
        from django.conf import settings

        # Two starts at once prepare one after the other; the lock ends with this process.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
        # A terminal shows Persian beside paths and addresses in the wrong order.
        with translation.override("en"):
            call_command("migrate", interactive=False, verbosity=0)
            call_command("load_procedure")
            if settings.DEMO:
                call_command("load_demo")
    except (ImproperlyConfigured, CommandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except DatabaseError as error:
        sys.stderr.write(f"The database refused: {str(error).strip()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
