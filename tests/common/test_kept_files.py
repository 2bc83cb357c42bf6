"""A kept file is private, whole or not there, and forgotten after its time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.kept_files import FileStore

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(settings, tmp_path: Path) -> FileStore:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return FileStore("lists", kept_for=DAY)


def test_a_file_and_what_is_beside_it_are_for_this_process_alone(store: FileStore):
    token = store.keep([b"one,", b"two"], now=NOW)
    store.keep_beside(token, "{}")
    assert store.path(token).read_bytes() == b"one,two"
    assert store.beside(token).read_text() == "{}"
    modes = {path.name: path.stat().st_mode & 0o777 for path in store.folder.iterdir()}
    assert modes == {token: 0o600, f"{token}.json": 0o600}
    assert store.folder.stat().st_mode & 0o777 == 0o700
    store.drop(token)
    store.drop(token)
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "0" * 31, "G" * 32, "0" * 32 + "\n"])
def test_no_name_from_outside_becomes_a_path(store: FileStore, name: str):
    with pytest.raises(ValueError, match="kept file"):
        store.path(name)


def test_an_upload_that_breaks_off_is_never_a_file(store: FileStore):
    def breaks_off() -> Iterator[bytes]:
        yield b"0912"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store.keep(breaks_off(), now=NOW)
    assert [path.suffix for path in store.folder.iterdir()] == [".part"]


def test_old_files_are_forgotten_and_others_are_not(store: FileStore):
    assert store.forget_old(now=NOW) == 0
    old, fresh = (store.keep([b"x"], now=NOW - 2 * DAY) for _ in range(2))
    for token, age in ((old, DAY + timedelta(seconds=1)), (fresh, DAY - timedelta(seconds=1))):
        written_at = (NOW - age).timestamp()
        os.utime(store.path(token), (written_at, written_at))
    store.keep([b"y"], now=NOW)
    assert not store.path(old).exists()
    assert store.path(fresh).exists()
