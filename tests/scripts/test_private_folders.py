"""Folders with mails and logs of development are closed to other users of the machine."""

from __future__ import annotations

from pathlib import Path

from devtools.embedded.places import private


def test_a_new_folder_and_one_that_stood_open_are_closed(tmp_path: Path) -> None:
    fresh, open_one = tmp_path / "var" / "mail", tmp_path / "log"
    open_one.mkdir(mode=0o755)
    for folder in (fresh, open_one):
        assert private(folder).stat().st_mode & 0o777 == 0o700
