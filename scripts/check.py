"""`make check`: every check that needs no running portal. All of them run; the failed ones are shown."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from devtools.embedded import EmbeddedError, attached
from scripts.throwaway import production

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PACKAGES = (
    *("accounts", "amoot_comms", "audit", "channels", "common", "contacts", "devtools", "email_routing"),
    *("gateways", "messaging", "persian", "staff"),
)
# The verdict on a check that could not look at what it checks.
UNSEEN = "unseen"


@dataclass(frozen=True)
class Check:
    name: str
    command: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    silent: bool = False


def checks() -> list[Check]:
    python = sys.executable
    tool = {name: str(BIN / name) for name in ("ruff", "mypy", "lint-imports", "djlint", "bandit")}
    return [
        Check("types (mypy)", (tool["mypy"], *PACKAGES, "scripts", "tests")),
        Check("lint (ruff)", (tool["ruff"], "check", ".")),
        Check("format (ruff)", (tool["ruff"], "format", "--check", ".")),
        Check("imports (import-linter)", (tool["lint-imports"], "--no-cache")),
        Check("templates (djlint)", (tool["djlint"], "--quiet", "--lint", "templates")),
        Check("migrations", (python, "manage.py", "makemigrations", "--check", "--dry-run")),
        Check(
            "deployment (check --deploy)",
            (python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            production(),
            silent=True,
        ),
        Check("translations", (python, "-m", "scripts.check_translations")),
        Check(
            "security (bandit)",
            (tool["bandit"], "-q", "-ll", "-c", "pyproject.toml", "-r", *PACKAGES, "scripts"),
        ),
        Check("known vulnerabilities (pip-audit)", (python, "-m", "scripts.audit_packages")),
    ]


def main() -> int:
    began = time.monotonic()
    try:
        with attached(), ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            results = list(pool.map(run, checks()))
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    failed = [name for name, verdict in results if verdict == "FAILED"]
    unseen = [name for name, verdict in results if verdict == UNSEEN]
    seconds = time.monotonic() - began
    if failed:
        sys.stdout.write(
            f"\n{len(failed)} of {len(results)} checks failed: {', '.join(failed)} ({seconds:.0f} s)\n"
        )
        return 1
    passed = len(results) - len(unseen)
    could_not = f"; could not look, so not passed: {', '.join(unseen)}" if unseen else ""
    sys.stdout.write(f"\n{passed} of {len(results)} checks passed{could_not} ({seconds:.0f} s)\n")
    return 0


def run(check: Check) -> tuple[str, str]:
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            check.command,
            cwd=ROOT,
            env={**os.environ, **check.variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
        output.seek(0)
        text = output.read().decode(errors="replace").strip()
    quiet = text in ("", "System check identified no issues (0 silenced).")
    passed = done.returncode == 0 and (quiet or not check.silent)
    # A check that could not look has not passed, and does not fail either.
    unlooked = passed and "NOT LOOKED" in text
    verdict = UNSEEN if unlooked else "ok" if passed else "FAILED"
    lines = [f"{verdict:7}{check.name} ({time.monotonic() - began:.1f} s)"]
    if text and (not passed or "Note:" in text):
        lines.append(text)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return check.name, verdict


if __name__ == "__main__":
    sys.exit(main())
