"""One process of a benchmark: a worker with the pump, a bare loop, a gateway, the mailer compared with.

It says that it is ready, waits for its word to go, and ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.word import listen, say


def main() -> None:
    listen()
    role, options = sys.argv[1], json.loads(sys.argv[2])
    _ROLES[role](options)
    # The end of the input ends it.
    threading.Event().wait()


def _gateway(options: Mapping[str, Any]) -> None:
    import asyncio

    from devtools.fake_gateway.server import FakeGateway, Options

    async def serve() -> None:
        fake = FakeGateway(Options(Path(options["log"])))
        await fake.start()
        say(port=fake.port)
        await asyncio.Event().wait()

    asyncio.run(serve())


def _pump(options: Mapping[str, Any]) -> None:
    _with_django()
    from benchmarks.workers import run_pump

    run_pump(options.get("most"), options.get("seconds"))


def _bare(options: Mapping[str, Any]) -> None:
    _with_django()
    from benchmarks.workers import run_bare

    run_bare(options["message"], options["batch"])


def _post_office(options: Mapping[str, Any]) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.post_office_settings"
    _with_django()
    from benchmarks.post_office_worker import run_post_office

    run_post_office(options["rows"], options["processes"])


def _with_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amoot_comms.settings")
    django.setup()


_ROLES: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "gateway": _gateway,
    "pump": _pump,
    "bare": _bare,
    "post_office": _post_office,
}

if __name__ == "__main__":
    main()
