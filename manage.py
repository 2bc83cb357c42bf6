#!/usr/bin/env python
"""Django's command line; starts the embedded services first when none are given by URL."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, ProgrammingError
    from psycopg.errors import UndefinedTable

    from amoot_comms.embedded import services_for
    from audit.origin import os_user, user_of_the_shell

    os_user.set(user_of_the_shell())
    try:
        with services_for(sys.argv):
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
        if not isinstance(error.__cause__, UndefinedTable) or "--traceback" in sys.argv:
            raise
        sys.exit("The database has no tables, or older ones: run manage.py migrate first.")


if __name__ == "__main__":
    main()
