#!/usr/bin/env python
"""Django's command line; starts the embedded services first when none are given by URL."""

import importlib.util
import os
import sys
from contextlib import AbstractContextManager, nullcontext

# They change tables, read all of them, or ask which migrations were applied, also where the application has
# no rights yet; every other command is the application's.
OWNERS_COMMANDS = {
    *("migrate", "makemigrations", "showmigrations", "sqlmigrate", "pgtrigger"),
    *("backup", "restore", "createcachetable", "dbshell", "flush"),
}


def services() -> AbstractContextManager[object]:
    """The embedded services while the command runs; none in the image of production, which is without."""
    if importlib.util.find_spec("devtools") is None:
        return nullcontext()
    from devtools.embedded import services_for

    return services_for(sys.argv)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, ProgrammingError
    from psycopg.errors import InsufficientPrivilege, UndefinedTable

    from audit.origin import os_user, user_of_the_shell

    os_user.set(user_of_the_shell())
    if sys.argv[1:2] and sys.argv[1] in OWNERS_COMMANDS:
        os.environ["DATABASE_AS_OWNER"] = "1"
    try:
        with services():
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError) as error:
        # A missing setting or a database that is away is told in a sentence, like any other bad input.
        if "--traceback" in sys.argv:
            raise
        what = (
            "The database cannot be used" if isinstance(error, OperationalError) else "The settings are wrong"
        )
        sys.exit(f"{what}: {str(error).strip()}")
    except ProgrammingError as error:
        if "--traceback" in sys.argv:
            raise
        if isinstance(error.__cause__, UndefinedTable):
            sys.exit("The database has no tables, or older ones: run manage.py migrate first.")
        if isinstance(error.__cause__, InsufficientPrivilege):
            sys.exit(f"The database refuses: {error}. Run manage.py migrate, which sets the portal's rights.")
        raise


if __name__ == "__main__":
    main()
