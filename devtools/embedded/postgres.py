"""The embedded PostgreSQL: one cluster a work tree, driven by `initdb` and `pg_ctl` themselves."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from devtools.embedded import places
from devtools.embedded.processes import EmbeddedError, answers, end, free_port, is_alive

DATABASE = "amoot"
# Starts the cluster and makes the roles below (roles.sql); the portal never connects as this one.
SUPERUSER = "amoot"
OWNER = "amoot_owner"
APPLICATION = "amoot_application"
# Each role's password file in var/run.
PASSWORD_FILES = {
    SUPERUSER: "postgres.password",
    OWNER: "owner.password",
    APPLICATION: "application.password",
}
ROLES_SQL = places.ROOT / "amoot_comms" / "database" / "roles.sql"

# LC_CTYPE tells pg_trgm what a letter is: with C it finds none in «محمد», and the search has no index.
LOCALE = ("--locale=C", "--lc-ctype=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# In the data directory: the options that the cluster was made with.
MADE_WITH = "made-with"

# What keeps texts and numbers of people out of the server's log: it quotes no statement, no row and no
# parameter beside an error. docker-compose.yml gives the same ones, and a test compares them.
PRIVATE_LOG = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}

OPTIONS = {
    **PRIVATE_LOG,
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_preload_libraries": "pg_stat_statements",
    # The checker of promises asks when an opt-out was committed.
    "track_commit_timestamp": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "2GB",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}


class Postgres:
    """Start, find and stop this work tree's PostgreSQL. The caller holds the start-and-stop lock.

    With a `home` of its own it is another one, that nobody shares; `options` are put beside `OPTIONS`.
    """

    name = "postgres"

    def __init__(self, home: places.Home | None = None, options: Mapping[str, str] | None = None) -> None:
        self.home = home or places.home()
        self.options = {**OPTIONS, **(options or {})}
        self.mark = str(self.home.data)

    def url(self, port: int, role: str = SUPERUSER) -> str:
        password = quote(places.secret(PASSWORD_FILES[role]), safe="")
        return f"postgres://{role}:{password}@127.0.0.1:{port}/{DATABASE}"

    def addresses(self, port: int) -> dict[str, str]:
        """The variables by which the portal finds it."""
        return {
            "DATABASE_URL": self.url(port, APPLICATION),
            "DATABASE_OWNER_URL": self.url(port, OWNER),
        }

    def prepare(self, port: int) -> None:
        """Make the roles where they are missing, as in a cluster of an older portal."""
        import psycopg

        try:
            with psycopg.connect(self.url(port), connect_timeout=30) as connection:
                known = connection.execute(
                    "SELECT 1 FROM pg_database d JOIN pg_roles a ON a.rolname = %s"
                    " WHERE d.datname = current_database() AND pg_get_userbyid(d.datdba) = %s",
                    [APPLICATION, OWNER],
                ).fetchone()
                if known is None:
                    connection.execute(
                        "SELECT set_config('portal.owner_password', %s, true),"
                        " set_config('portal.application_password', %s, true)",
                        [places.secret(PASSWORD_FILES[role]) for role in (OWNER, APPLICATION)],
                    )
                    connection.execute(ROLES_SQL.read_bytes())
        except psycopg.Error as error:
            raise EmbeddedError(f"The roles of the embedded database cannot be made: {error}") from error

    def running(self) -> int | None:
        """The port of the running server, or None; a stale pid file is not a server."""
        lines = self._pid_lines()
        if len(lines) < 8 or lines[7].strip() != "ready" or not is_alive(int(lines[0]), self.mark):
            return None
        port = int(lines[3])
        return port if answers(port) else None

    def start(self, preferred: int | None) -> int:
        """Start the server (after `initdb` the first time) and return its port."""
        self._put_other_locale_aside()
        if not (self.home.data / "PG_VERSION").exists():
            self._initialise()
        self._forget_stale_pid()
        port = 0
        for attempt in range(10):
            port = free_port(preferred if attempt == 0 else None)
            if self._start_on(port):
                return port
            # After a kill the old server's children need a moment before they let go of its memory.
            time.sleep(0.5)
        raise EmbeddedError(
            f"The embedded PostgreSQL does not start on port {port}; the reason is at the end of"
            f" {self.home.base / 'start.log'}: {self._last_words()}"
        )

    def stop(self) -> None:
        """A fast, clean shutdown; killed only if it does not end within a minute."""
        lines = self._pid_lines()
        if lines:
            end(int(lines[0]), self.mark, first=signal.SIGINT, seconds=60)

    def _start_on(self, port: int) -> bool:
        options = {**self.options, "port": str(port)}
        words = shlex.join(word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        log = self.home.base / "start.log"
        log.unlink(missing_ok=True)
        self.home.run(
            self.home.binary("pg_ctl"),
            *("start", "-w", "-s", "-t", "60"),
            *("-D", str(self.home.data), "-l", str(log), "-o", words),
        )
        return self.running() == port

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there, so that a broken start leaves nothing half."""
        fresh = self.home.base / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home.base / "password"
        places.write_private(password, places.secret(PASSWORD_FILES[SUPERUSER]))
        if self.home.uid is not None and self.home.gid is not None:
            os.chown(password, self.home.uid, self.home.gid)
        try:
            done = self.home.run(
                self.home.binary("initdb"),
                *("-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "-A", "scram-sha-256"),
                *LOCALE,
                *("--pwfile", str(password), "--no-instructions"),
            )
        finally:
            password.unlink()
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedError(
                f"The embedded PostgreSQL cannot be made under {self.home.base}: {done.stdout.strip()[-600:]}"
            )
        self._create_database(fresh)
        (fresh / MADE_WITH).write_text(shlex.join(LOCALE))
        (fresh / MADE_WITH).chmod(0o644)
        fresh.rename(self.home.data)

    def _put_other_locale_aside(self) -> None:
        """Make room for a new cluster where this one was made with other options, and say so."""
        data = self.home.data
        if not (data / "PG_VERSION").exists() or _text(data / MADE_WITH) == shlex.join(LOCALE):
            return
        self._forget_stale_pid()
        aside = data.with_name("data.former")
        shutil.rmtree(aside, ignore_errors=True)
        data.rename(aside)
        sys.stderr.write(
            "The embedded database was made with a locale that knows no Persian letter, so it is made anew,"
            f" empty. The former one is kept in {aside} until the next such change.\n"
        )

    def _create_database(self, data: os.PathLike[str]) -> None:
        """Create the database in single-user mode, before anybody can connect."""
        made = self.home.run(
            "/bin/sh",
            "-c",
            'printf "%s\\n" "$1" | "$2" --single -D "$3" -c timezone=UTC postgres',
            *("sh", f"CREATE DATABASE {DATABASE};", self.home.binary("postgres"), str(data)),
        )
        if made.returncode or "ERROR" in made.stdout:
            raise EmbeddedError(f"The embedded database cannot be created: {made.stdout.strip()[-600:]}")

    def _forget_stale_pid(self) -> None:
        """Remove the pid file of a server that was killed: its number may be another program's by now."""
        lines = self._pid_lines()
        if not lines:
            return
        pid = int(lines[0])
        if is_alive(pid, self.mark):
            end(pid, self.mark, first=signal.SIGQUIT, seconds=10)
        (self.home.data / "postmaster.pid").unlink(missing_ok=True)

    def _pid_lines(self) -> list[str]:
        try:
            lines = (self.home.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []
        return lines if lines and lines[0].strip().isdigit() else []

    def _last_words(self) -> str:
        return _text(self.home.base / "start.log").strip()[-600:] or "(it wrote nothing)"


def _text(path: Path) -> str:
    """The text of a file, empty where there is none."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
