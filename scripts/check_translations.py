"""Every text that a user sees has its Persian: collected anew, compared, and with `--update` written.

Collects the texts of code and templates with Django's `makemessages` into a copy, so that checking changes
nothing. Fails for texts that are missing, untranslated, fuzzy or no longer used, and names each.
"""

from __future__ import annotations

import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

from scripts.check import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = Path("locale/fa/LC_MESSAGES/django.po")
TREES = (*PACKAGES, "templates")
ENOUGH = 60


def main() -> int:
    if shutil.which("xgettext") is None or shutil.which("msgmerge") is None:
        sys.stderr.write("Collecting texts needs gettext (Debian, Ubuntu: apt-get install gettext).\n")
        return 1
    committed = polib.pofile(str(ROOT / CATALOGUE), wrapwidth=100)
    with tempfile.TemporaryDirectory(prefix="texts-") as directory:
        merged = collected(Path(directory))
    if "--update" in sys.argv[1:]:
        return update(committed, merged)
    faults = list(faults_of(committed, merged))
    for fault in faults[:ENOUGH]:
        sys.stdout.write(f"{fault}\n")
    if faults:
        sys.stdout.write(f"{len(faults)} faults in {CATALOGUE}\n")
    return 1 if faults else 0


def collected(copy: Path) -> polib.POFile:
    """The committed catalogue merged with every text that the code and the templates have now."""
    for tree in TREES:
        shutil.copytree(ROOT / tree, copy / tree, ignore=shutil.ignore_patterns("__pycache__", "var"))
    target = copy / CATALOGUE
    target.parent.mkdir(parents=True)
    shutil.copy(ROOT / CATALOGUE, target)
    done = subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "fa", "--no-location", "--no-wrap"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"The texts could not be collected: {done.stderr.strip()[-1500:]}")
    return polib.pofile(str(target), wrapwidth=100)


def faults_of(committed: polib.POFile, merged: polib.POFile) -> Iterator[str]:
    known = {identity(entry) for entry in committed if not entry.obsolete}
    for entry in merged:
        shown = repr(entry.msgid[:90])
        if entry.obsolete:
            if identity(entry) in known:
                yield f"no longer used: {shown}"
        elif identity(entry) not in known:
            yield f"missing: {shown}"
        elif entry.fuzzy:
            yield f"fuzzy: {shown}"
        elif not entry.translated():
            yield f"untranslated: {shown}"
        else:
            yield from wrong_placeholders(entry)
    for entry in committed.obsolete_entries():
        yield f"obsolete entry kept: {entry.msgid[:90]!r}"


def wrong_placeholders(entry: polib.POEntry) -> Iterator[str]:
    """A translation that names a value its text does not have would fail on a user's screen."""
    for translation in entry.msgstr_plural.values() or [entry.msgstr]:
        allowed = placeholders(entry.msgid) | placeholders(entry.msgid_plural or "")
        if unknown := placeholders(translation) - allowed:
            yield f"unknown values {sorted(unknown)} in the translation of {entry.msgid[:90]!r}"


def placeholders(text: str) -> set[str]:
    """The values named as `%(name)s` and, in a text without those, as `{name}`."""
    named = {part.partition(")")[0] for part in text.split("%(")[1:]}
    if named:
        return named
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return set()


def identity(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def update(committed: polib.POFile, merged: polib.POFile) -> int:
    for entry in list(merged):
        if entry.obsolete:
            merged.remove(entry)
    # A new date for unchanged texts would be a change in every commit.
    for name in ("POT-Creation-Date", "PO-Revision-Date"):
        merged.metadata.pop(name, None)
    merged.save(str(ROOT / CATALOGUE))
    waiting = [entry for entry in merged if entry.fuzzy or not entry.translated()]
    for entry in waiting[:ENOUGH]:
        sys.stdout.write(f"to translate: {entry.msgid[:90]!r}\n")
    sys.stdout.write(f"{len(merged)} texts, {len(waiting)} to translate; there were {len(committed)}\n")
    return subprocess.run([sys.executable, str(ROOT / "scripts/compile_messages.py")], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
