"""`fake_gateway`: both providers on loopback, for trials and tests. Nothing leaves the machine."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from devtools.fake_gateway.faults import FaultError, describe_faults
from devtools.fake_gateway.provider import Fate
from devtools.fake_gateway.relays import Relays
from devtools.fake_gateway.server import FakeGateway, Options


class Command(BaseCommand):
    help = "Speak AmootSMS's (/rest) and Avanak's (/Rest) interfaces on loopback, with faults by option."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=describe_faults(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.FAKE_GATEWAY_PORT, help="0 takes any")
        parser.add_argument("--log", type=Path, default=settings.VAR_DIR / "log" / "fake_gateway.jsonl")
        parser.add_argument("--fault", action="append", default=[], help="repeatable; see below")
        parser.add_argument("--token", help="the only token that is taken; without it any is")
        parser.add_argument("--seed", type=int, default=0, help="of the faults' choices")
        parser.add_argument("--delivery-seconds", type=float, default=5.0, help="until reports are final")
        parser.add_argument("--undelivered", type=float, default=0.05, help="share that never arrives")
        parser.add_argument("--blacklisted", type=float, default=0.0, help="share that ends as blacklisted")

        parser.add_argument(
            "--relays",
            type=Relays,
            choices=list(Relays),
            default=Relays.OFF,
            help="post reports and inbound messages to the registered addresses on this machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["port"] <= 65535:
            raise CommandError("--port must lie between 0 and 65535.")
        fate = Fate(max(options["delivery_seconds"], 0.001), options["undelivered"], options["blacklisted"])
        if not (fate.undelivered >= 0 and fate.blacklisted >= 0 and fate.undelivered + fate.blacklisted <= 1):
            raise CommandError("--undelivered and --blacklisted are shares; together they are at most 1.")
        wanted = Options(
            options["log"],
            tuple(options["fault"]),
            options["token"],
            options["seed"],
            fate,
            options["relays"],
        )
        try:
            asyncio.run(self._serve(wanted, options["host"], options["port"]))
        except FaultError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise CommandError(f"The fake gateway cannot start: {error.strerror or error}{where}.") from error

    async def _serve(self, options: Options, host: str, port: int) -> None:
        gateway = FakeGateway(options)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        try:
            await gateway.start(host, port)
            self.stdout.write(f"fake gateway on http://{host}:{gateway.port}, log {options.log}")
            self.stdout.flush()
            await stop.wait()
        finally:
            await gateway.close()
