"""The suite's own ground: a real PostgreSQL and Valkey, started before the settings are read.

The services are started once, by the process that the user started; xdist's workers inherit the addresses.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import pytest

RUN = Path(__file__).resolve().parent.parent / "var" / "run"
SLOT = "AMOOT_TEST_SLOT"
# These rooms are pure: they need no database and must not wait for one.
PURE = ("tests/policy", "tests/persian", "tests/deploy")

_stack = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.help or config.option.version:
        return
    if not hasattr(config, "workerinput") and _needs_services(config):
        _attach()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    from django.conf import settings

    database: dict[str, Any] = settings.DATABASES["default"]
    slot = os.environ.get(SLOT, "0")
    database.setdefault("TEST", {})["NAME"] = f"test_{database['NAME']}_{slot}"
    # A test database need not survive a power cut.
    database["OPTIONS"] = {**database.get("OPTIONS", {}), "options": "-c synchronous_commit=off"}


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


def _needs_services(config: pytest.Config) -> bool:
    rooms = [argument.partition("::")[0] for argument in config.option.file_or_dir]
    return not rooms or not all(_is_pure(room) for room in rooms)


def _is_pure(room: str) -> bool:
    path = Path(room).resolve()
    root = RUN.parent.parent
    return any(path.is_relative_to(root / pure) for pure in PURE)


def _attach() -> None:
    from amoot_comms.embedded import EmbeddedError, attached

    try:
        _stack.enter_context(attached())
    except EmbeddedError as error:
        pytest.exit(str(error), returncode=4)
    os.environ[SLOT] = str(_free_slot())


def _free_slot() -> int:
    """A number no other run on this machine uses now, so that two runs never share a test database."""
    RUN.mkdir(parents=True, exist_ok=True)
    for slot in range(100):
        file: IO[str] = (RUN / f"test-{slot}.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _stack.callback(file.close)
        return slot
    raise pytest.UsageError("A hundred test runs are under way in this work tree.")


@pytest.fixture(scope="session", autouse=True)
def _tables_that_only_grow_can_be_emptied_between_tests() -> Iterator[None]:
    """Let Django's flush pass the triggers that refuse TRUNCATE: in the suite, never in the product."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain = DatabaseOperations.execute_sql_flush

    def flush(self: Any, sql_list: Any) -> None:
        from django.db import transaction

        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            plain(self, sql_list)

    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _each_test_begins_in_the_portals_own_language() -> Iterator[None]:
    """Forget the language of a test's last request: Django's thread keeps it until the next one."""
    yield
    from django.utils import timezone, translation

    translation.deactivate()
    timezone.deactivate()
