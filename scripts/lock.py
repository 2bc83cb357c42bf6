"""Lock the packages anew after a change in `pyproject.toml` or `package.json`.

The lock files name packages, versions and hashes; they name no address of any index.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.bootstrap import ROOT, npm_command

FORGOTTEN = ("resolved", "funding")


def main() -> int:
    uv = shutil.which("uv")
    if uv is None:
        sys.stderr.write("Locking needs uv: install it (pip install uv) in an environment of its own.\n")
        return 1
    common = [
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-annotate",
        "--no-header",
        "-q",
    ]
    compile_ = [uv, "pip", "compile", *common, "pyproject.toml"]
    subprocess.run([*compile_, "-o", "requirements.lock"], cwd=ROOT, check=True)
    development = ["--group", "dev", "-c", "requirements.lock", "-o", "requirements-dev.lock"]
    subprocess.run([*compile_, *development], cwd=ROOT, check=True)
    npm = [*npm_command(), "install", "--package-lock-only", "--ignore-scripts"]
    subprocess.run(npm, cwd=ROOT, check=True)
    strip_addresses(ROOT / "package-lock.json")
    return 0


def strip_addresses(lock: Path) -> None:
    content: dict[str, Any] = json.loads(lock.read_text())
    for facts in content["packages"].values():
        for name in FORGOTTEN:
            facts.pop(name, None)
    lock.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
