"""Ask for known vulnerabilities of the locked packages, Python's and npm's; say what could not be asked.

A known vulnerability fails: exit status 1. What could not be looked at does not, being no fault of the work
tree, but each such package is counted in a note, which `make check` shows as NOT LOOKED. With
`AUDIT_REQUIRED=1` it fails, too: exit status 2.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.bootstrap import SetupError, npm_command

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 120
# Verdicts, the worst the highest; NOT_LOOKED is an exit status, too.
FOUND = 3
NOT_LOOKED = 2


class NoAnswer(Exception):
    """A tool could not look."""


def main() -> int:
    worst = max(python_packages(), npm_packages())
    if worst == NOT_LOOKED and os.environ.get("AUDIT_REQUIRED") != "1":
        return 0
    return 1 if worst == FOUND else worst


def python_packages() -> int:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10"]
    for lock in LOCKS:
        command += ["--requirement", lock]
    try:
        return verdict(asked(command))
    except NoAnswer as error:
        return unanswered(str(error))


def asked(command: list[str]) -> dict[str, Any]:
    """The JSON that a tool answers. Raises NoAnswer with the last line that it wrote beside it."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        report: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"no answer in {SECONDS} s") from error
    except ValueError as error:
        raise NoAnswer((done.stderr.strip().splitlines() or ["no answer"])[-1]) from error
    return report


def verdict(report: dict[str, Any]) -> int:
    skipped = [package for package in report["dependencies"] if package.get("skip_reason")]
    found = [(package, flaw) for package in report["dependencies"] for flaw in package.get("vulns", [])]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no release yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}\n")
    if skipped:
        why = skipped[0]["skip_reason"]
        total = len(report["dependencies"])
        unanswered(f"{len(skipped)} of {total} Python packages were not looked up; the first: {why}")
    return FOUND if found else NOT_LOOKED if skipped else 0


def npm_packages() -> int:
    try:
        return npm_verdict(asked([*npm_command(), "audit", "--json", "--package-lock-only"]))
    except (OSError, NoAnswer, SetupError) as error:
        return unanswered(f"npm's audit gave no answer ({error})")


def npm_verdict(report: dict[str, Any]) -> int:
    """`npm audit --json`: without its counts it could not look."""
    if "vulnerabilities" not in report:
        error = report.get("error") or {}
        said = (error.get("summary"), error.get("code"), report.get("message"), "no counts in its answer")
        return unanswered(f"npm: {next(filter(None, said))}")
    found: dict[str, Any] = report["vulnerabilities"]
    for name, flaw in found.items():
        sys.stdout.write(f"npm {name} {flaw.get('range', '')}: {flaw.get('severity', 'unknown')}\n")
    return FOUND if found else 0


def unanswered(reason: str) -> int:
    sys.stdout.write(f"Note: NOT LOOKED for known vulnerabilities: {reason[-300:]}\n")
    return NOT_LOOKED


if __name__ == "__main__":
    sys.exit(main())
