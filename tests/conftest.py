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
from hypothesis import settings as hypothesis_settings

# A busy machine is no fault of the example that it was busy with.
hypothesis_settings.register_profile("portal", deadline=None)
hypothesis_settings.load_profile("portal")

RUN = Path(__file__).resolve().parent.parent / "var" / "run"
SLOT = "AMOOT_TEST_SLOT"
NOT_DURABLE = "-c synchronous_commit=off"
# These rooms are pure: they need no database and must not wait for one.
PURE = ("tests/policy", "tests/persian", "tests/deploy")

# Tests that depend on the database's SQL, triggers, locks or version: they run on Debian's PostgreSQL, too.
# Whole folders, or files by a pattern; tests/architecture/test_markers.py holds that each still finds some.
SQL = (
    "audit/test_*.py",
    "channels/test_migrations.py",
    "contacts/consent/test_words.py",
    "contacts/desk/test_caller_races.py",
    "contacts/test_consent.py",
    "contacts/test_import_rows.py",
    "contacts/test_races.py",
    "contacts/test_restrictions.py",
    "contacts/test_search.py",
    "messaging/dispatch/test_claim.py",
    "messaging/audience/test_plan.py",
    "messaging/dispatch/test_record.py",
    "messaging/feedback/test_report_migration.py",
    "messaging/settlement/test_settle.py",
    "messaging/evaluation/test_shared_numbers.py",
    "messaging/test_states.py",
    "messaging/actions/test_stop*.py",
    "messaging/actions/test_submit.py",
    "messaging/evaluation/test_twin.py",
    "portal/test_backup.py",
    "portal/test_health.py",
    "portal/test_letters.py",
    # Those to come are about the database, wherever they are.
    "*/test_*migration*.py",
    "*/test_*guards*.py",
    "*/test_*grants*.py",
    "*/test_*roles_of_the_database*.py",
)

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
    database["OPTIONS"] = {**database.get("OPTIONS", {}), "options": NOT_DURABLE}
    # Look for a static file when it is asked for; else every test client lists all of them first.
    settings.WHITENOISE_AUTOREFRESH = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).resolve().parent
    for item in items:
        inside = item.path.relative_to(here) if item.path.is_relative_to(here) else None
        if inside is not None and any(inside.match(pattern) for pattern in SQL):
            item.add_marker(pytest.mark.sql)


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
    from devtools.embedded import EmbeddedError, attached

    try:
        _stack.enter_context(attached(superuser=True))
    except EmbeddedError as error:
        pytest.exit(str(error), returncode=4)
    os.environ.pop("DATABASE_OWNER_URL", None)
    _make_role()
    os.environ[SLOT] = str(_free_slot())


def _make_role() -> None:
    """The application's role, on a server that is not the embedded one, too."""
    import psycopg

    from tests.processes import APPLICATION

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone()
        if known is None:
            connection.execute(f"CREATE ROLE {APPLICATION}")


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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any, request: pytest.FixtureRequest
) -> ExitStack:
    """The test database is a copy of the template, unless `--reuse-db` finds one; closed when it is made."""
    from django.db import connection

    from tests.processes import APPLICATION
    from tests.template import template

    making = ExitStack()
    kept = request.config.getvalue("reuse_db") and not request.config.getvalue("create_db")
    with django_db_blocker.unblock():
        if not (kept and _is_there(connection.settings_dict["TEST"]["NAME"])):
            connection.settings_dict["TEST"]["TEMPLATE"] = making.enter_context(template(APPLICATION))
    return making


def _is_there(database: str) -> bool:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        return server.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


@pytest.fixture(scope="session")
def django_db_setup(django_db_modify_db_settings: ExitStack, django_db_setup: None) -> Iterator[None]:
    """The superuser makes the database; from then on every connection has the application's rights."""
    from django.db import connection

    from tests.processes import APPLICATION

    django_db_modify_db_settings.close()
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    connection.close()
    options["options"] = f"{NOT_DURABLE} -c role={APPLICATION}"
    yield
    connection.close()
    options["options"] = NOT_DURABLE


@pytest.fixture(scope="session", autouse=True)
def _tables_that_only_grow_can_be_emptied_between_tests() -> Iterator[None]:
    """Let Django empty the tables as the superuser, past the triggers: in the suite, never in the product."""
    from django.db import connection
    from django.db.backends.postgresql.operations import DatabaseOperations
    from django.test import TransactionTestCase

    plain_flush = DatabaseOperations.execute_sql_flush
    plain_teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush(self: Any, sql_list: Any) -> None:
        from django.db import transaction

        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            plain_flush(self, sql_list)

    def teardown(self: Any) -> None:
        """After the flush the groups and permissions are made anew, as `migrate` makes them."""
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
        plain_teardown(self)
        # The next connection begins as the application.
        connection.close()

    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _each_test_begins_in_the_portals_own_language() -> Iterator[None]:
    """Forget the language of a test's last request: Django's thread keeps it until the next one."""
    yield
    from django.utils import timezone, translation

    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _heads_of_the_trail_are_the_tests_own(settings: Any, tmp_path_factory: Any) -> None:
    settings.AUDIT_HEADS_PATH = str(tmp_path_factory.getbasetemp() / f"{os.getpid()}.heads")
    Path(settings.AUDIT_HEADS_PATH).unlink(missing_ok=True)
