"""Compile `locale/*/LC_MESSAGES/*.po` without gettext's own programs, which a bare machine lacks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        fresh = target.with_suffix(f".{os.getpid()}")
        try:
            polib.pofile(str(source), check_for_duplicates=True).save_as_mofile(str(fresh))
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{source.relative_to(ROOT)}: {error}\n")
            return 1
        fresh.replace(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
