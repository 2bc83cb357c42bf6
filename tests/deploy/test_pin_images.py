"""`scripts/pin_images.py` with a stand-in for Docker, which answers as its command line does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts import pin_images

ROOT = Path(__file__).resolve().parent.parent.parent
ANSWERS = '#!/bin/sh\necho "sha256:$(printf %s "$4" | sha256sum | cut -d" " -f1)"\n'
AWAY = "#!/bin/sh\necho 'dial tcp: no route to host' >&2\nexit 1\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in pin_images.FILES:
        (tmp_path / name).write_text((ROOT / name).read_text())
    return tmp_path


def docker(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "docker"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_every_image_of_others_gets_its_digest_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(tree, ANSWERS, monkeypatch)
    for _ in range(2):
        assert pin_images.main(tree) == 0
        text = (tree / "Dockerfile").read_text() + (tree / "docker-compose.yml").read_text()
        assert text.count("@sha256:") == 5
        assert "amoot-comms:0.1.0\n" in text
    one = pin_images.digest("redis", "7.4.7")
    assert pin_images.digest("redis", "7.4.8") != one


def test_without_a_registry_nothing_is_written(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker(tree, AWAY, monkeypatch)
    before = {name: (tree / name).read_text() for name in pin_images.FILES}
    assert pin_images.main(tree) == 1
    assert {name: (tree / name).read_text() for name in pin_images.FILES} == before
    assert "no route to host" in capsys.readouterr().err
