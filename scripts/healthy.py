"""Whether one of the Procfile's processes does its work: a container's health check.

    python -m scripts.healthy worker [--within SECONDS] [--end-after SECONDS]

`web` is asked for /readyz. Every other process must have written its heartbeat file `--within` so many
seconds, and a worker may be at no task for longer than `--task` seconds. Exit status 0: healthy; 1: a
sentence says what is wrong. With `--end-after` a process without a heartbeat for that time is killed: its
container ends, and the restart policy brings it back (Docker by itself only marks it).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import sys

from common.liveness import HEARTBEAT_SECONDS, TASK_SECONDS, heartbeat, tasks


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.healthy", description=__doc__)
    parser.add_argument("process")
    parser.add_argument("--end-after", type=float, default=float("inf"), metavar="SECONDS")
    parser.add_argument("--task", type=float, default=TASK_SECONDS, metavar="SECONDS")
    parser.add_argument("--within", type=float, default=HEARTBEAT_SECONDS, metavar="SECONDS")
    options = parser.parse_args(arguments)
    if options.process == "web":
        wrong = web_fault(int(os.environ.get("PORT") or 8000))
    else:
        wrong = process_fault(
            options.process, within=options.within, task=options.task, end_after=options.end_after
        )
    sys.stdout.write(f"{options.process}: {wrong or 'healthy'}\n")
    return 1 if wrong else 0


def web_fault(port: int) -> str | None:
    """What is wrong with the web server on loopback, or None. `degraded` (no broker) is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port} ({type(error).__name__})"
    finally:
        connection.close()
    return None if status == http.client.OK else f"/readyz answers {status}"


def process_fault(name: str, *, within: float, task: float, end_after: float) -> str | None:
    last = heartbeat(name)
    if last is None:
        return "no heartbeat yet"
    if last.seconds > end_after:
        with contextlib.suppress(ProcessLookupError):
            os.kill(last.pid, signal.SIGKILL)
        return f"no heartbeat for {last.seconds:.0f} s: ended"
    if last.seconds > within:
        return f"no heartbeat for {last.seconds:.0f} s"
    longest = max((begun.seconds for begun in tasks(name)), default=0)
    return f"at one task for {longest:.0f} s" if longest > task else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
