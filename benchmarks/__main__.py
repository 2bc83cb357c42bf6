"""`python -m benchmarks [--rows N] [--repeat K]`: each figure beside its baseline, from the same run.

Everything happens in a database of its own that is dropped afterwards. Machines are shared and noisy:
read the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="recipients to plan")
    parser.add_argument("--send", type=int, default=100_000, help="recipients to claim and record")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    from amoot_comms.embedded import services_for

    with services_for(["manage.py", "benchmarks"]):
        django.setup()
        from django.conf import settings
        from django.db import connection
        from django.test.utils import get_runner, setup_test_environment

        from benchmarks import claiming, importing, planning

        setup_test_environment()
        runner = get_runner(settings)(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            print(f"PostgreSQL {connection.pg_version // 10000}, rows={options.rows} repeat={options.repeat}")
            planning.run(options.rows, options.repeat)
            claiming.run(options.send, options.repeat)
            importing.run(200_000, options.repeat)
        finally:
            runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
