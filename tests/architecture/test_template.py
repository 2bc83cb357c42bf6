"""The template of the test databases is made anew when anything that it comes from is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.template import SOURCES, digest

TREE = {
    "things/migrations/0001_things.py": "from common import guards\nfrom django.db import migrations\n",
    "things/migrations/0002_late.py": "def go():\n    import common.keys\n",
    "things/models.py": "",
    "common/__init__.py": "",
    "common/guards.py": "from .deep import word\n",
    "common/deep/__init__.py": "from ..deeper import word\n",
    "common/deeper.py": "word = 1\n",
    "common/keys.py": "",
    **dict.fromkeys(SOURCES, ""),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, content in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


@pytest.mark.parametrize("name", [name for name in TREE if name != "things/models.py"])
def test_a_change_of_what_migrate_does_makes_another_template(tree: Path, name: str) -> None:
    before = digest(tree)
    (tree / name).write_text(TREE[name] + "\n")
    assert digest(tree) != before


def test_a_migration_more_or_another_role_makes_another_template(tree: Path) -> None:
    before = digest(tree, "role")
    assert digest(tree, "other") != before
    (tree / "things/migrations/0003_more.py").write_text("")
    assert digest(tree, "role") != before


def test_a_change_of_anything_else_keeps_the_template(tree: Path) -> None:
    before = digest(tree)
    (tree / "things/models.py").write_text("more = 1\n")
    assert digest(tree) == before
