"""`make run`: the whole portal on this machine, and nothing of it left behind.

Order: port, services, tables, procedure, demo data, processes, then the address and the logins. It ends by
Ctrl-C, SIGTERM, a closed terminal, or the death of any part; then every part ends, and the embedded
services too unless another command of this work tree still uses them.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

from environ import Env

from devtools.embedded import EmbeddedError, attached
from devtools.embedded.places import RUN, made, private
from devtools.embedded.processes import free_port
from devtools.embedded.sharing import given, known, note
from scripts.healthy import web_fault
from scripts.parts import Part, become_subreaper, reap_orphans
from scripts.process import processes

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "var" / "log"
MAIL = ROOT / "var" / "mail"
READY_SECONDS = 90.0


class Stop(BaseException):
    """Somebody asked us to end."""


class RunError(Exception):
    """A sentence for the user."""


def main() -> int:
    if (ROOT / ".env").is_file():
        Env.read_env(ROOT / ".env")  # what the environment itself gives goes before it
    os.environ.setdefault("PORT", "8000")
    parts: list[Part] = []
    catch_signals()
    try:
        port = port_of("PORT")
        for folder in (LOG, MAIL):
            private(folder)
        with ExitStack() as stack:
            reserve(stack, port)
            say("Starting the database and the broker …")
            stack.enter_context(attached())
            # From here on only: the embedded services must not become children that we bury.
            become_subreaper()
            stack.callback(stop, parts)
            environment(port)
            say("Preparing the database …")
            prepare()
            gateway = start(parts)
            wait_until_ready(parts, port)
            greet(port, gateway)
            watch(parts)
    except Stop:
        say("\nStopped.")
        return 0
    except (RunError, EmbeddedError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'The portal'}: {error.strerror}.\n")
        return 1
    return 0


def port_of(variable: str) -> int:
    text = os.environ[variable]
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise RunError(f"{variable}={text!r} is not a port number between 1 and 65535.")
    return int(text)


def reserve(stack: ExitStack, port: int) -> None:
    """Refuse a port that is taken, also by a `make run` of this work tree that does not listen yet."""
    taken = RunError(
        f"Port {port} on 127.0.0.1 is in use, perhaps by another `make run`."
        f" Stop that program, or choose another port: PORT={port + 1} make run"
    )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise RunError(f"Port {port} needs root's rights. Choose another: PORT=8001 make run") from error
        except OSError as error:
            raise taken from error
    file = stack.enter_context((made(RUN) / f"port-{port}.lock").open("a"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise taken from error


def environment(port: int) -> None:
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["PYTHONUNBUFFERED"] = "1"
    if not given("SITE_URL"):
        os.environ["SITE_URL"] = f"http://127.0.0.1:{port}"


def gateway_ports() -> Iterator[int]:
    """The ports to try for the fake gateway: none where both providers' addresses were given.

    A port that was given is the only one. Chosen one by one: what was free a moment ago may be taken.
    """
    if given("AMOOTSMS_BASE_URL") and given("AVANAK_BASE_URL"):
        return
    if given("FAKE_GATEWAY_PORT"):
        yield port_of("FAKE_GATEWAY_PORT")
        return
    yield free_port(known().get("fake_gateway", {}).get("port", 8019))
    # Another program may take a port at the same moment.
    yield free_port()
    yield free_port()


def start_gateway(ports: Iterable[int]) -> tuple[Part, int] | None:
    """Start the fake gateway on the first of the ports that it gets; None without any port.

    Raises RunError, with the gateway's last words, where it got none of them.
    """
    log = LOG / "fake_gateway.jsonl"
    part = None
    for port in ports:
        os.environ["FAKE_GATEWAY_PORT"] = str(port)
        command = [sys.executable, "manage.py", "fake_gateway", "--port", str(port), "--log", str(log)]
        part = Part("fake_gateway", shlex.join(command), LOG)
        if listens(part):
            return part, port
        part.ask_to_end()
    if part is None:
        return None
    raise RunError(
        "The fake gateway found no port. Stop what uses it, or choose another:"
        " FAKE_GATEWAY_PORT=8020 make run."
        f" The end of {part.log}:\n{part.last_words()}"
    )


def listens(part: Part) -> bool:
    """Wait until the fake gateway says that it listens; False if it ends, as on a port that is taken."""
    deadline = time.monotonic() + READY_SECONDS
    while part.status() is None and time.monotonic() < deadline:
        if "fake gateway on" in part.last_words():
            return True
        time.sleep(0.05)
    return False


def prepare() -> None:
    """Tables, procedure and demo data, in one process that is gone again before the portal starts."""
    done = subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=ROOT, check=False)
    if done.returncode:
        raise RunError("The database could not be prepared; nothing was started.")


def start(parts: list[Part]) -> int | None:
    """Start every part, the fake gateway first; its port, or None without one."""
    gateway = start_gateway(gateway_ports())
    if gateway is not None:
        parts.append(gateway[0])
        note("fake_gateway", {"port": gateway[1], "pid": gateway[0].pid})
    parts += [Part(name, command, LOG) for name, command in processes().items()]
    return gateway[1] if gateway else None


def wait_until_ready(parts: list[Part], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        refuse_the_dead(parts)
        if web_fault(port) is None:
            return
        time.sleep(0.1)
    raise RunError(f"The portal does not answer on port {port}; see {LOG / 'web.log'}.")


def refuse_the_dead(parts: list[Part]) -> None:
    for part in parts:
        if part.status() is not None:
            raise RunError(
                f"{part.name} ended by itself (exit status {part.status()}), so everything is stopped."
                f" The end of {part.log}:\n{part.last_words()}"
            )


def greet(port: int, gateway: int | None) -> None:
    say(f"\nThe portal is at http://127.0.0.1:{port}")
    if gateway is not None:
        say(f"Nothing leaves this machine: messages go to the fake gateway on port {gateway}.")
    say(f"Logs are in {LOG}. Ctrl-C stops everything.\n")


def watch(parts: list[Part]) -> NoReturn:
    """Wait for a signal, for the death of a part, or for the death of the `make` that started us."""
    parent = os.getppid()
    while True:
        time.sleep(0.5)
        reap_orphans({part.pid for part in parts})
        refuse_the_dead(parts)
        if os.environ.get("MAKELEVEL") and os.getppid() != parent:
            raise Stop


def stop(parts: list[Part]) -> None:
    """End every part, politely and then not; a second Ctrl-C does not interrupt this."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for part in parts:
        part.ask_to_end()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(part.status() is None for part in parts):
        time.sleep(0.05)
    for part in parts:
        part.kill_what_is_left()
    reap_orphans(set())
    gateway = known().get("fake_gateway")
    if gateway and any(part.pid == gateway.get("pid") for part in parts):
        note("fake_gateway", {"port": gateway["port"], "pid": 0})


def catch_signals() -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        raise Stop

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, leave)


def say(text: str) -> None:
    """A line for a person; a terminal that is gone is no reason to stumble while stopping."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123


if __name__ == "__main__":
    sys.exit(main())
