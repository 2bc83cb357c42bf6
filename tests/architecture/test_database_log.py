"""PostgreSQL's own log names an error and quotes nothing of what was written: no text, no number."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devtools.embedded.postgres import PRIVATE_LOG, Postgres
from tests.own_postgres import apart

TEXT = "a-text-for-nobody-else"
NUMBER = "+989121234567"
# A connection with PostgreSQL's own defaults: the control, which shows that these errors do quote.
DEFAULTS = "-c log_min_error_statement=error -c log_error_verbosity=default"


@pytest.fixture
def server() -> Iterator[Postgres]:
    # Root's server runs as somebody else, who cannot reach pytest's own directories.
    root = Path(tempfile.mkdtemp(prefix="portal-log-", dir="/tmp"))
    root.chmod(0o755)
    postgres = Postgres(apart(root), {"fsync": "off"})
    try:
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(root)


def written(postgres: Postgres) -> str:
    return "".join(path.read_text() for path in (postgres.home.data / "log").glob("*.log"))


def break_rules(url: str, options: str = "") -> None:
    """The errors that double presses and races bring about."""
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        connection.execute("DROP TABLE IF EXISTS message")
        connection.execute("CREATE TABLE message (key text UNIQUE, text text CHECK (length(text) < 30))")
        connection.execute("INSERT INTO message VALUES (%s, %s)", (NUMBER, TEXT))
        for values in ((NUMBER, TEXT), ("other", TEXT * 2)):
            with pytest.raises(psycopg.IntegrityError):
                connection.execute("INSERT INTO message VALUES (%s, %s)", values)
            with pytest.raises(psycopg.IntegrityError), psycopg.ClientCursor(connection) as cursor:
                cursor.execute("INSERT INTO message VALUES (%s, %s)", values)
        connection.execute("SET statement_timeout = 20")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(f"SELECT pg_sleep(1), '{TEXT}'")


def die_in_the_middle(url: str) -> None:
    """A server process is killed while it runs a statement: the server names what it was doing."""
    with psycopg.connect(url, autocommit=True) as connection:
        pid = connection.info.backend_pid
        killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(psycopg.OperationalError):
            connection.execute(f"SELECT pg_sleep(30), '{TEXT}'")
        killer.join()


def wait_until_it_serves_again(url: str) -> None:
    """The server restarts by itself after such a death; one that is stopped meanwhile takes a minute."""
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def test_the_log_holds_no_text_and_no_number_of_an_error(server: Postgres) -> None:
    url = server.url(server.start(None))
    break_rules(url)
    die_in_the_middle(url)
    wait_until_it_serves_again(url)
    log = written(server)
    assert "duplicate key value violates unique constraint" in log
    assert "violates check constraint" in log
    assert "was terminated by signal" in log
    assert TEXT not in log
    assert NUMBER not in log
    break_rules(url, DEFAULTS)
    assert TEXT in written(server)
    assert NUMBER in written(server)


def test_the_tests_own_database_is_told_so_too(db: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('logging_collector')")
        if cursor.fetchone() != ("on",):
            pytest.skip("a server of somebody else's, with options of its own")
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(PRIVATE_LOG)])
        assert dict(cursor.fetchall()) == PRIVATE_LOG
