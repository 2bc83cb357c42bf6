"""`check_promises`: was anything lost, sent twice, sent to who refused it, or sent outside the hours?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.invariants.check import CheckResult, check
from messaging.management.cli import instant

NAMES = {
    "lost": "lost",
    "twice": "sent twice",
    "opted_out": "sent to who refused it",
    "outside_window": "outside the window",
    "unaccounted": "unaccounted for",
    "consent": "consent out of step",
}


class Command(BaseCommand):
    help = (
        "Join a gateway's own log (JSON lines, docs/gateways.md) with the database and count broken promises."
        " For a system at rest: stop the workers first. Exit status 1 unless every count is 0."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--gateway-log", type=Path, required=True, metavar="F")
        parser.add_argument("--since", metavar="ISO8601", help="the log is complete from then on")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        since = instant(options["since"]) if options["since"] else None
        try:
            with options["gateway_log"].open(encoding="utf-8", errors="replace") as lines:
                verdict = check(lines, since=since)
        except OSError as error:
            raise CommandError(f"“{options['gateway_log']}” cannot be read: {error.strerror}.") from error
        self.stdout.write(as_json(verdict) if options["json"] else as_text(verdict))
        if not verdict.is_kept:
            raise SystemExit(1)


def as_json(verdict: CheckResult) -> str:
    """For machines: a count by promise, and the first offenders."""
    told = asdict(verdict)
    counts, unreadable, since = told.pop("counts"), told.pop("unreadable"), verdict.since
    told |= {"in_doubt": told.pop("unknown"), "unreadable_lines": unreadable}
    told["since"] = since.isoformat() if since else None
    return json.dumps({**counts, "kept": verdict.is_kept, **told}, ensure_ascii=False)


def as_text(verdict: CheckResult) -> str:
    """For a person: the table, then the first offenders of each promise."""
    lines = [f"{name:<24} {verdict.counts[code]:>10,}" for code, name in NAMES.items()]
    lines += [
        "-" * 35,
        f"{'accepted by the gateway':<24} {verdict.accepted:>10,}",
        f"{'outcome unknown':<24} {verdict.unknown:>10,}",
        f"{'still waiting':<24} {verdict.waiting:>10,}",
    ]
    rare = {
        "twice, by decision": verdict.resent_by_person,
        "sent by word only": verdict.not_as_said,
        "lines that are no JSON": verdict.unreadable,
    }
    lines += [f"{name:<24} {n:>10,}" for name, n in rare.items() if n]
    for code, found in verdict.examples.items():
        for b in found:
            where = f"log line {b.line or '–'}, message {b.message or '–'}, {b.number or '–'}"
            lines.append(f"{NAMES[code]}: {where}: {b.what}")
    lines.append("every promise was kept" if verdict.is_kept else "PROMISES WERE BROKEN")
    return "\n".join(lines)
