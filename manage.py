#!/usr/bin/env python
"""Django's command line; starts the embedded services first when none are given by URL."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    from amoot_comms.embedded import services_for

    with services_for(sys.argv):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
