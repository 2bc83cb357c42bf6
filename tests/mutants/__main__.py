"""`make mutants`: every condition that the law rests on is made wrong once, and a fast test must notice.

One process has Django and the tests ready; each mutant runs in a copy of it (fork), two at a time, on test
databases that are kept between them. A mutant that lives, one that was never applied, and one that dies for a
reason that is no failing test all fail the run. `--only TEXT` runs the mutants whose name holds the text.
"""

from __future__ import annotations

import argparse
import gc
import os
import pickle
import select
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# A mutant may make a test wait for what never comes.
SECONDS_EACH = 120
DRAWN = (
    "tests/messaging/dispatch/test_claim.py::test_eight_workers_never_take_a_row_twice_nor_more_than_the_limit",
    "tests/messaging/audience/test_plan.py::test_two_workers_plan_a_message_once",
    "tests/messaging/actions/test_stop.py::test_nothing_is_claimed_after_a_stop_has_returned_under_load",
    "tests/messaging/actions/test_stop.py::test_a_cancel_while_the_plan_is_being_written_holds",
    "tests/messaging/actions/test_stop.py::test_a_message_never_ends_while_a_refused_call_puts_its_people_back",
    "tests/messaging/actions/test_stop_contact.py::test_nobody_is_claimed_after_the_opt_out_was_acknowledged",
    "tests/messaging/actions/test_stop_contact.py::"
    "test_a_plan_of_an_older_snapshot_sends_nothing_to_whoever_opted_out_meanwhile",
)
OPTIONS = (
    "-q",
    "-x",
    "--no-header",
    "--tb=no",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:randomly",
    "-p",
    "no:xdist",
    # What begins every run, and no mutant needs.
    "-p",
    "no:faker",
    "-p",
    "no:unraisableexception",
    "-p",
    "no:threadexception",
    # A mutant's death is no luck: what generates its worlds or races threads kills nothing here.
    *(f"--deselect={test}" for test in DRAWN),
)


DIES = "dies"


@dataclass(frozen=True)
class Run:
    """What became of one mutant: pytest's exit code, and whether all of the mutant was applied."""

    code: int
    applied: bool
    seconds: float


@dataclass
class Child:
    pid: int
    pipe: int
    index: int
    began: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4))
    parser.add_argument("--reuse-db", action="store_true", help="the test databases of an earlier run")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")

    from devtools.embedded import EmbeddedError, attached

    try:
        # As tests/conftest.py: the superuser makes the databases, the tests have the application's rights.
        with attached(superuser=True):
            os.environ.pop("DATABASE_OWNER_URL", None)
            return judge(asked.only, asked.workers, () if asked.reuse_db else ("--create-db",))
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 4


def judge(only: str, workers: int, made: tuple[str, ...]) -> int:
    import django

    django.setup()
    from tests.mutants.catalogue import HELD_TWICE, all_mutants

    began = time.monotonic()
    mutants = [mutant for mutant in all_mutants() if only in mutant.name]
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    if not tests:
        sys.stderr.write(f"No mutant's name holds “{only}”.\n")
        return 2
    warm_up(tests)
    # A copy neither looks through these objects nor copies their pages.
    gc.freeze()
    # Every worker's own test database is made here, and the tests pass on the code as it is.
    sound = run_all([(None, tests)] * workers, workers, (*made, "--reuse-db"))
    if any(run.code for run in sound):
        sys.stderr.write("The tests fail without any mutant.\n")
        return 1
    sys.stdout.write(f"{workers} test databases in {time.monotonic() - began:.0f} s\n")
    faults: list[int] = []

    def tell(index: int, run: Run) -> None:
        verdict = said_of(run, mutants[index].name not in HELD_TWICE)
        if verdict != DIES:
            faults.append(index)
        if verdict != DIES or os.environ.get("MUTANTS_TIMES"):
            sys.stdout.write(f"{verdict:>22}  {mutants[index].name}  ({run.seconds:.1f} s)\n")
            sys.stdout.flush()

    run_all([(mutant, mutant.tests) for mutant in mutants], workers, ("--reuse-db",), tell)
    sys.stdout.write(
        f"{len(mutants)} mutants, {len(mutants) - len(faults)} as they should be, {len(faults)} not,"
        f" in {time.monotonic() - began:.0f} s\n"
    )
    # The plain closing line that is read by machines.
    sys.stdout.write(f"{len(mutants) - len(faults)} passed, {len(faults)} failed\n")
    return 1 if faults else 0


def said_of(run: Run, must_die: bool) -> str:
    if run.code not in (0, 1):
        return f"BROKE OFF ({run.code})"
    if not run.applied:
        return "NEVER APPLIED"
    if must_die:
        return DIES if run.code == 1 else "LIVES"
    return DIES if run.code == 0 else "DIES, THOUGH HELD TWICE"


def warm_up(tests: Sequence[str]) -> None:
    """Have pytest and the test modules imported, so that a copy begins with them."""
    import pytest

    files = sorted({test.partition("::")[0] for test in tests})
    sys.stdout.flush()
    with Path(os.devnull).open("w") as nowhere:
        kept = os.dup(1)
        os.dup2(nowhere.fileno(), 1)
        try:
            pytest.main(["--collect-only", *OPTIONS, *files])
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


def run_all(
    work: Sequence[tuple[object, Sequence[str]]],
    workers: int,
    options: Sequence[str],
    tell: Callable[[int, Run], None] = lambda _index, _run: None,
) -> list[Run]:
    """Run every piece in a copy of this process, `workers` at a time."""
    results: list[Run] = [Run(-1, False, 0.0)] * len(work)
    waiting = list(enumerate(work))[::-1]
    children: list[Child] = []
    while waiting or children:
        while waiting and len(children) < workers:
            index, (mutant, tests) = waiting.pop()
            children.append(start(index, mutant, tests, options))
        ready, _writable, _failed = select.select([child.pipe for child in children], [], [])
        for child in [child for child in children if child.pipe in ready]:
            children.remove(child)
            results[child.index] = end_of(child)
            tell(child.index, results[child.index])
    return results


def start(index: int, mutant: object, tests: Sequence[str], options: Sequence[str]) -> Child:
    reading, writing = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading, index, began)
    code, applied = 3, False
    try:
        os.close(reading)
        code, applied = run_tests(mutant, tests, options)
    finally:
        os.write(writing, pickle.dumps((code, applied)))
        os._exit(0)


def run_tests(mutant: object, tests: Sequence[str], options: Sequence[str]) -> tuple[int, bool]:
    import signal

    import pytest

    from tests.mutants.mutant import Mutant, put_in_place

    if isinstance(mutant, Mutant):
        signal.alarm(SECONDS_EACH)
    silent = os.open(os.devnull, os.O_WRONLY)
    # The tests of the code as it is may say what fails.
    if isinstance(mutant, Mutant) and not os.environ.get("MUTANTS_SHOW"):
        os.dup2(silent, 1)
        os.dup2(silent, 2)
    if "--create-db" not in options:
        use_databases_as_they_are()
    applied = put_in_place(mutant) if isinstance(mutant, Mutant) else None
    code = int(pytest.main([*OPTIONS, *options, *tests]))
    return code, applied is None or not applied.missing


def use_databases_as_they_are() -> None:
    """The first run made the test database: looking at its migrations again takes longer than a test."""
    from django.db import connections
    from django.test import utils

    def as_they_are(**_asked: object) -> list[object]:
        for connection in connections.all():
            name = connection.settings_dict["TEST"]["NAME"]
            connection.close()
            connection.settings_dict["NAME"] = name
        return []

    vars(utils)["setup_databases"] = as_they_are


def end_of(child: Child) -> Run:
    with os.fdopen(child.pipe, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child.pid, 0)
    code, applied = pickle.loads(told) if told else (-9, False)  # noqa: S301 - our own child's
    return Run(code, applied, time.monotonic() - child.began)


if __name__ == "__main__":
    # Node ids are relative to the project's root.
    os.chdir(Path(__file__).resolve().parent.parent.parent)
    sys.exit(main())
