"""Ask for known vulnerabilities of the locked packages; say so when nobody can be asked.

A known vulnerability fails. An advisory service that cannot be reached does not: it is no fault of the
work tree, and the next run asks again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 120


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10"]
    for lock in LOCKS:
        command += ["--requirement", lock]
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
    except subprocess.TimeoutExpired:
        return unanswered(f"no answer in {SECONDS} s")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return unanswered(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no answer")
    return verdict(report)


def verdict(report: dict[str, Any]) -> int:
    found = [(package, flaw) for package in report["dependencies"] for flaw in package.get("vulns", [])]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no release yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}\n")
    return 1 if found else 0


def unanswered(reason: str) -> int:
    sys.stdout.write(
        f"Note: the advisory service could not be asked, so nothing was audited ({reason[-200:]})\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
