"""`manage.py` says in a sentence what is missing, whichever command was typed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from amoot_comms.environment import Environment
from scripts.throwaway import production

NOWHERE = "postgres://a:secret-word@127.0.0.1:1/x"
PRODUCTION = {**production(), "DATABASE_URL": "postgres://127.0.0.1:1/x"}


def answer(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    clean = {name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "DEVELOPMENT"}}
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={**clean, "DATABASE_URL": NOWHERE, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [("message_status", "1"), ("settle",), ("verify_audit",)])
def test_a_database_that_is_away_is_told_in_a_sentence(command):
    done = answer(*command, DEVELOPMENT="1")
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stderr


@pytest.fixture
def empty_database(db: None) -> Iterator[str]:
    """The address of a database without a single table."""
    name, given = "empty_for_manage", connection.settings_dict
    parts = {key: given[key.upper()] for key in ("host", "port", "user", "password")}
    with psycopg.connect(dbname=given["NAME"], autocommit=True, **parts) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        login = f"{quote(parts['user'])}:{quote(parts['password'])}"
        yield f"postgres://{login}@{quote(parts['host'], safe='')}:{parts['port']}/{name}"
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.mark.parametrize(
    "command", [("message_status", "1"), ("import_contacts", "tests/contacts/inputs/numbers_floats.csv")]
)
def test_a_database_without_tables_is_told_in_a_sentence(empty_database, command):
    done = answer(*command, DEVELOPMENT="1", DATABASE_URL=empty_database)
    assert done.returncode == 1
    assert done.stderr.startswith("The database has no tables, or older ones: run manage.py migrate first.")
    assert "Traceback" not in done.stderr


def test_a_missing_secret_key_in_production_is_told_in_a_sentence():
    done = answer("message_status", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("The settings are wrong: SECRET_KEY is not set.")
    assert "Traceback" not in done.stderr


def test_a_proxy_whose_visitors_all_have_its_own_address_is_refused():
    done = answer("check", **production(), PROXY_COUNT="0")
    assert done.returncode == 1
    assert done.stderr.startswith("The settings are wrong: BEHIND_TLS_PROXY is 1, so PROXY_COUNT")
    assert answer("check", **PRODUCTION, PROXY_COUNT="2").returncode == 0


def test_whoever_asks_for_it_gets_the_traceback():
    assert "Traceback" in answer("settle", "--traceback", DEVELOPMENT="1").stderr


def test_the_newline_at_the_end_of_a_secrets_file_is_no_part_of_the_secret(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text("a secret\r\n")
    monkeypatch.setenv("A_TOKEN_FILE", str(file))
    assert Environment().str("A_TOKEN") == "a secret"
