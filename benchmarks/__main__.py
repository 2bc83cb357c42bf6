"""`python -m benchmarks [--only PART,…] [--rows N] [--repeat K] [--quick]`: each figure beside its
baseline, measured in the same run.

Everything happens in a database of its own that is dropped afterwards, and nothing leaves the machine.
`--against COMMIT` measures this work tree and another commit in turns instead (`benchmarks.against`).
Machines are shared and noisy: read the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import django


@dataclass(frozen=True)
class Sizes:
    """How much of everything. `rows` is the campaign that counts as a million, `large` the full table."""

    rows: int = 1_000_000
    send: int = 200_000
    few: int = 10_000
    table: int = 5_000_000
    mails: int = 10_000
    running: tuple[int, ...] = (5, 50, 500)
    opt_out_seconds: float = 45.0
    repeat: int = 3


QUICK = Sizes(100_000, 20_000, 2_000, 200_000, 2_000, (5, 50), 10.0, 1)


def parts(sizes: Sizes, directory: Path) -> dict[str, Callable[[], None]]:
    """The table of the figures, a line or two each."""
    from benchmarks import (
        answering,
        claiming,
        comparing,
        deciding,
        dispatching,
        importing,
        optouts,
        planning,
        screens,
        searching,
    )

    rows, few, repeat = sizes.rows, sizes.few, sizes.repeat
    batch = max(min(1_000, rows // 100), 1)
    return {
        "plan": lambda: planning.run(rows, repeat),
        "dispatch": lambda: dispatching.run(sizes.send, repeat, directory),
        "flat": lambda: dispatching.run_flat(few, rows, 2 * repeat - 1, directory),
        "compare": lambda: comparing.run(sizes.send // 4, sizes.mails, repeat, directory),
        "memory": lambda: dispatching.run_memory(few, rows, sizes.send // 4, directory),
        "claim": lambda: claiming.run(sizes.table, few, repeat),
        "late": lambda: claiming.run_late(rows, rows // 2, batch, repeat),
        "gates": lambda: claiming.run_gates(list(sizes.running), repeat),
        "opt-out": lambda: optouts.run(rows, sizes.opt_out_seconds, directory),
        "import": lambda: importing.run(sizes.send, repeat),
        "search": lambda: searching.run(rows, repeat),
        "box": lambda: answering.run(rows, repeat),
        "decide": lambda: deciding.run(rows, repeat),
        "progress": lambda: screens.run_progress(rows, repeat),
        "foresight": lambda: screens.run_foresight(rows, repeat),
    }


def measure(sizes: Sizes, names: list[str]) -> None:
    """The parts by name, in the database that Django is connected to. Raises KeyError for an unknown name."""
    from benchmarks import world

    with tempfile.TemporaryDirectory(prefix="amoot-bench-") as directory:
        known = parts(sizes, Path(directory))
        chosen = [(name, known[name]) for name in names or known]
        world.customers(sizes.rows, sorted({1, sizes.few, sizes.send // 4, sizes.send}))
        for name, run in chosen:
            started = time.monotonic()
            print(f"-- {name}", flush=True)
            run()
            print(f"    ({time.monotonic() - started:.0f} s)", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="PART,…", help="those of docs/performance.md")
    parser.add_argument("--rows", type=int, help="of the large campaign (a million unless said)")
    parser.add_argument("--repeat", type=int)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    parser.add_argument("--against", metavar="COMMIT", help="measure this commit and another one in turns")
    parser.add_argument("--turns", type=int, default=5, help="of each commit")
    return parser.parse_args()


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes = QUICK if options.quick else Sizes()
    rows = options.rows or sizes.rows
    share = rows / sizes.rows
    return Sizes(
        rows,
        int(sizes.send * share),
        min(sizes.few, max(rows // 10, 1)),
        int(sizes.table * share),
        min(sizes.mails, rows),
        sizes.running,
        sizes.opt_out_seconds,
        options.repeat or sizes.repeat,
    )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    options = _options()
    if options.against:
        from benchmarks.against import compare

        sys.exit(compare(options.against, options.turns, options.rows or 300_000, options.only))

    from devtools.embedded import services_for

    with services_for(["manage.py", "benchmarks"], superuser=True):
        django.setup()
        sizes = _sizes(options)
        names = [name for name in options.only.split(",") if name]
        unknown = set(names) - set(parts(sizes, Path()))
        if unknown:
            known = ", ".join(parts(sizes, Path()))
            sys.exit(f"No such part: {', '.join(sorted(unknown))}. There are: {known}.")
        _in_a_database_of_its_own(sizes, names)


def _in_a_database_of_its_own(sizes: Sizes, names: list[str]) -> None:
    from django.conf import settings
    from django.test.utils import get_runner

    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        print(f"{os.cpu_count()} cores, {sizes}")
        measure(sizes, names)
    except KeyboardInterrupt:
        print("stopped")
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
