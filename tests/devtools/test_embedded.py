"""The embedded services, seen from processes that use them, in a work tree of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLES = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"),
    *("DEVELOPMENT", "SECRET_KEY", "FAKE_GATEWAY_PORT"),
)

USE = """
    import os, sys, time
    from devtools.embedded import EmbeddedError, attached
    try:
        with attached():
            import psycopg, redis
            url = os.environ.get("DATABASE_OWNER_URL", os.environ["DATABASE_URL"])
            with psycopg.connect(url, autocommit=True) as connection:
                # One after the other, so that each counts its own word and those before it.
                connection.execute("SELECT pg_advisory_lock(1)")
                connection.execute("CREATE TABLE IF NOT EXISTS seen (word text)")
                connection.execute("INSERT INTO seen VALUES ('one')")
                words = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
                zone = connection.execute("SHOW timezone").fetchone()[0]
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                assert connection.execute("SELECT show_trgm('محمد')").fetchone()[0]
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
                connection.execute("CREATE TEMPORARY TABLE mine (word text)")
                try:
                    connection.execute("SELECT FROM seen")
                except psycopg.errors.InsufficientPrivilege:
                    pass
                else:
                    sys.exit("the application may read a table that nobody granted")
            count = redis.Redis.from_url(os.environ["REDIS_URL"]).incr("seen")
            print(words, count, zone, os.environ["DEVELOPMENT"], flush=True)
            time.sleep(float(sys.argv[1]))
    except EmbeddedError as error:
        sys.exit(str(error))
"""


class Tree:
    """A copy of the package alone, so that its `var/` is a fresh one, in a directory closed to others."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(mode=0o700, exist_ok=True)
        shutil.copytree(ROOT / "devtools" / "embedded", root / "devtools" / "embedded")
        (root / "devtools" / "__init__.py").touch()
        roles = Path("amoot_comms", "database", "roles.sql")
        (root / roles).parent.mkdir(parents=True)
        shutil.copyfile(ROOT / roles, root / roles)
        name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
        self.elsewhere = Path("/var/tmp", f"amoot_comms-{name}")  # noqa: S108

    def use(self, seconds: float = 0, *flags: str, **variables: str) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        return subprocess.Popen(
            [sys.executable, *flags, "-c", self.code(), str(seconds)],
            cwd=self.root,
            env={**environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def code(self) -> str:
        return f"import sys; sys.path.insert(0, {str(self.root)!r})\n{textwrap.dedent(USE)}"

    def servers(self) -> list[int]:
        """The pids of this tree's PostgreSQL and Valkey."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                line = process.joinpath("cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            mine = str(self.root / "var") in line or str(self.elsewhere) in line
            if mine and ("bin/postgres" in line or "valkey-server" in line):
                found.append(int(process.name))
        return found


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path / "tree")
    yield tree
    for pid in tree.servers():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(tree.elsewhere, ignore_errors=True)


def said(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    return out.strip()


def test_many_starters_share_one_database_and_the_last_to_leave_stops_it(tree: Tree) -> None:
    users = [tree.use(0.2 * number) for number in range(4)]

    lines = [said(user).split() for user in users]

    assert sorted(int(words) for words, *_ in lines) == [1, 2, 3, 4]
    assert sorted(int(count) for _, count, *_ in lines) == [1, 2, 3, 4]
    assert {tuple(rest) for _, _, *rest in lines} == {("UTC", "1")}
    assert tree.servers() == []


def test_nothing_is_lost_and_the_next_start_works_after_everything_was_killed(tree: Tree) -> None:
    user = tree.use(60)
    assert user.stdout is not None
    assert user.stdout.readline().split()[:2] == ["1", "1"]
    # Valkey writes to its file once a second.
    time.sleep(1.5)
    for pid in [user.pid, *tree.servers()]:
        os.kill(pid, signal.SIGKILL)
    user.communicate(timeout=30)

    assert said(tree.use()).split()[:2] == ["2", "2"]
    assert tree.servers() == []


def test_what_a_killed_user_left_running_is_used_and_stopped_by_the_next(tree: Tree) -> None:
    user = tree.use(60)
    assert user.stdout is not None
    user.stdout.readline()
    left = tree.servers()
    user.kill()
    user.communicate(timeout=30)
    assert tree.servers() == left

    assert said(tree.use()).split()[0] == "2"
    assert tree.servers() == []


def test_a_cluster_that_knows_no_persian_letter_is_made_anew_and_said(tree: Tree) -> None:
    assert said(tree.use()).split()[0] == "1"
    (made_with,) = [
        *tree.root.glob("var/postgres/data/made-with"),
        *tree.elsewhere.glob("postgres/data/made-with"),
    ]
    made_with.unlink()

    user = tree.use()
    out, error = user.communicate(timeout=90)

    assert out.split()[0] == "1"
    assert "made anew" in error
    assert made_with.parent.with_name("data.former").is_dir()
    assert said(tree.use()).split()[0] == "2"


def test_nobodys_permissions_change_and_no_user_is_added(tree: Tree) -> None:
    watched = [tree.root, *list(tree.root.parents)]
    before = [stat.S_IMODE(path.stat().st_mode) for path in watched]
    accounts = Path("/etc/passwd").read_bytes()

    said(tree.use())

    assert [stat.S_IMODE(path.stat().st_mode) for path in watched] == before
    assert Path("/etc/passwd").read_bytes() == accounts
    for secret in tree.root.glob("var/run/*password"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_given_addresses_start_nothing(tree: Tree) -> None:
    user = tree.use(0, DATABASE_URL="postgres://nobody@127.0.0.1:1/none", REDIS_URL="redis://127.0.0.1:1/0")

    _, error = user.communicate(timeout=30)

    assert "OperationalError" in error
    assert not (tree.root / "var").exists()


def test_a_missing_wheel_is_a_sentence(tree: Tree) -> None:
    user = tree.use(0, "-S")

    _, error = user.communicate(timeout=30)

    assert error.strip() == (
        "DATABASE_URL is not set and the embedded PostgreSQL is not installed."
        " Run `make setup`, or set DATABASE_URL (see .env.example)."
    )
