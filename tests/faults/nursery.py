"""Workers by the dozen: loads the portal once and forks a `dispatch` for every line it reads.

A forked worker is a process like any other (`kill -9` finds no mercy in it); it only starts in
milliseconds instead of seconds. Writes each worker's pid; ends with its standard input.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command, load_command_class

    load_command_class("messaging", "dispatch")  # what it imports is shared by all
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    workers: list[int] = []
    for line in sys.stdin:
        arguments = line.split()
        pid = os.fork()
        if pid == 0:
            os.close(0)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            code = 1
            try:
                os.dup2(2, 1)
                call_command("dispatch", *arguments)
                code = 0
            finally:
                os._exit(code)
        workers.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
