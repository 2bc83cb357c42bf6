"""Workers by the dozen: loads the portal once and forks a `dispatch` for every line it reads.

A forked worker is a process like any other (`kill -9` finds no mercy in it); it only starts in
milliseconds instead of seconds. A line is JSON: `arguments` of the command, and what the worker is
armed with: `crash_at` (a point and a probability), `signal` (what happens there), `seed`. It is answered
with the worker's pid. The line `"ended"` is answered with how the workers ended since it was asked last:
pid and wait status. The nursery ends with its standard input, and every worker with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
from typing import Any

import django


def main() -> None:
    django.setup()
    from django.core.management import load_command_class

    load_command_class("amoot_comms", "dispatch")  # what it imports is shared by all
    workers: set[int] = set()
    for line in sys.stdin:
        wanted = json.loads(line)
        answer: Any
        if wanted == "ended":
            ended = buried()
            workers -= ended.keys()
            answer = list(ended.items())
        else:
            answer = born(wanted)
            workers.add(answer)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def born(wanted: dict[str, Any]) -> int:
    from django.core.management import call_command

    from common import failpoints as points

    pid = os.fork()
    if pid:
        return pid
    os.close(0)
    code = 1
    try:
        os.dup2(2, 1)
        random.seed(wanted["seed"])
        points.arm(wanted["crash_at"], by=signal.Signals(wanted["signal"]))
        call_command("dispatch", *wanted["arguments"])
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def buried() -> dict[int, int]:
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    return ended


if __name__ == "__main__":
    main()
