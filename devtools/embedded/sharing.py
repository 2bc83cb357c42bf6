"""Shared use: whoever comes first starts the services, whoever leaves last stops them.

Two locks under `var/run/`, both given back by the kernel when their holder dies:
`services.lock` is held for the moment of starting or stopping; `users.lock` is held shared by everybody
who uses the services, so that taking it alone proves that nobody else does.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any, Protocol

from devtools.embedded import places
from devtools.embedded.postgres import Postgres
from devtools.embedded.processes import EmbeddedError, is_alive
from devtools.embedded.valkey import Valkey

# Commands that touch neither the database nor the broker.
WITHOUT_SERVICES = frozenset(
    {"help", "version", "--help", "-h", "--version", "makemessages", "compilemessages", "fake_gateway"}
    | {"collectstatic", "findstatic", "startapp", "startproject", "diffsettings"}
)


class Service(Protocol):
    name: str

    def addresses(self, port: int) -> dict[str, str]: ...
    def running(self) -> int | None: ...
    def start(self, preferred: int | None) -> int: ...
    def prepare(self, port: int) -> None: ...
    def stop(self) -> None: ...


def known() -> dict[str, Any]:
    """What `var/run/services.json` says: the ports and pids of what runs, or last ran, here."""
    try:
        content = json.loads((places.RUN / "services.json").read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def note(name: str, facts: dict[str, int] | None) -> None:
    """Write one service's port and pid down for the commands that come later, or forget them."""
    with _held(places.made(places.RUN) / "note.lock"):
        content = known()
        content.pop(name, None)
        if facts is not None:
            content[name] = facts
        path = places.RUN / "services.json"
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(content, indent=2) + "\n")
        fresh.replace(path)


def given(name: str) -> bool:
    """Whether a variable is given in the environment, in a file that `NAME_FILE` names, or in `.env`."""
    if os.environ.get(name) or os.environ.get(f"{name}_FILE"):
        return True
    try:
        lines = (places.ROOT / ".env").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    names = (f"{name}=", f"{name}_FILE=")
    return any(line.removeprefix("export ").startswith(names) and not line.endswith("=") for line in lines)


@contextmanager
def services_for(argv: Sequence[str], *, superuser: bool = False) -> Iterator[None]:
    """Give a management command its database and broker; one clear sentence where that is impossible."""
    if len(argv) < 2 or argv[1] in WITHOUT_SERVICES or "--help" in argv:
        yield
        return
    _leave_on_signals()
    with ExitStack() as stack:
        try:
            stack.enter_context(attached(superuser=superuser))
        except EmbeddedError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from error
        yield


@contextmanager
def attached(*, superuser: bool = False) -> Iterator[None]:
    """Use the services: put the addresses that were not given into the environment, start what is missing.

    `superuser`: as who makes databases, in place of the portal's own roles (the suite, benchmarks).
    Raises EmbeddedError with a sentence for the user. The last user to leave stops the services.
    """
    wanted = _wanted()
    if not wanted:
        yield
        return
    owner = os.getpid()
    with _held(places.RUN / "services.lock"):
        users = _shared(places.RUN / "users.lock")
        try:
            for variable, kind in wanted.items():
                service = kind()
                port = _started(service)
                os.environ.update(service.addresses(port))
                if superuser and isinstance(service, Postgres):
                    os.environ[variable] = service.url(port)
                    del os.environ["DATABASE_OWNER_URL"]
        except BaseException:
            _left(users)
            raise
    _development_defaults(embedded_database="DATABASE_URL" in wanted)
    try:
        yield
    finally:
        # A forked child that comes this way is not the one that was counted.
        if os.getpid() == owner:
            with _held(places.RUN / "services.lock"):
                _left(users)


def _wanted() -> dict[str, Callable[[], Service]]:
    kinds: dict[str, Callable[[], Service]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}
    wanted = {variable: kind for variable, kind in kinds.items() if not given(variable)}
    if given("DATABASE_OWNER_URL"):
        wanted.pop("DATABASE_URL", None)
    if wanted:
        places.made(places.RUN)
    return wanted


def _started(service: Service) -> int:
    port = service.running()
    if port is None:
        port = service.start(known().get(service.name, {}).get("port"))
        note(service.name, {"port": port})
    service.prepare(port)
    return port


def _development_defaults(*, embedded_database: bool) -> None:
    """An address of an embedded database means development, although an address is then set."""
    if embedded_database and not given("DEVELOPMENT"):
        os.environ["DEVELOPMENT"] = "1"
    if embedded_database and not given("SECRET_KEY"):
        os.environ["SECRET_KEY"] = places.secret("secret_key", 48)
    if embedded_database and not given("AUDIT_SIGNING_KEY"):
        os.environ["AUDIT_SIGNING_KEY"] = places.secret("audit_signing_key")
    gateway = known().get("fake_gateway", {})
    if gateway and is_alive(gateway.get("pid", 0), "fake_gateway") and not given("FAKE_GATEWAY_PORT"):
        os.environ["FAKE_GATEWAY_PORT"] = str(gateway["port"])


def _left(users: IO[str]) -> None:
    """Leave; when nobody else uses the services, stop them. The caller holds `services.lock`."""
    users.close()
    alone = (places.RUN / "users.lock").open("a")
    with alone:
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        for name, kind in (("valkey", Valkey), ("postgres", Postgres)):
            if name in known():
                kind().stop()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _shared(path: Path) -> IO[str]:
    file = _opened(path)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a")
    except OSError as error:
        raise EmbeddedError(f"{path} cannot be written: {error.strerror}.") from error


def _leave_on_signals() -> None:
    """Let a polite kill and a closed terminal end a command the ordinary way, services included."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)
