"""`.env.example` names every variable that is read, and none besides."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINE = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$")


def listed() -> dict[str, str]:
    found = (LINE.match(line) for line in (ROOT / ".env.example").read_text().splitlines())
    return {match[1]: match[2] for match in found if match}


def read_by_the_settings() -> set[str]:
    names = set()
    texts = [(ROOT / "amoot_comms" / name).read_text() for name in ("settings.py", "limits.py")]
    for node in ast.walk(ast.parse("\n".join(texts))):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        function = node.func
        of_env = (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "env"
        )
        if of_env or (isinstance(function, ast.Name) and function.id == "required"):
            names.add(str(node.args[0].value))
    return names


def read_by_the_processes() -> set[str]:
    texts = [(ROOT / name).read_text() for name in ("Procfile", "docker-compose.yml")]
    named = {name for text in texts for name in re.findall(r"\$\{([A-Z_]+)", text)}
    # What is read without Django.
    plain = (ROOT / "common" / "liveness.py").read_text()
    return named | set(re.findall(r"environ\.get\(\"([A-Z_]+)\"", plain))


def test_every_variable_that_is_read_is_listed_and_no_other() -> None:
    assert set(listed()) == read_by_the_settings() | read_by_the_processes()


def test_no_variable_is_listed_twice() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [match[1] for match in map(LINE.match, lines) if match]
    assert len(names) == len(set(names))


def test_what_production_must_be_given_is_not_commented_out() -> None:
    tree = ast.parse((ROOT / "amoot_comms" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    needed = {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == "required"
        and isinstance(call.args[0], ast.Constant)
    }
    active = {
        line.partition("=")[0]
        for line in (ROOT / ".env.example").read_text().splitlines()
        if re.match(r"^[A-Z]", line)
    }
    assert needed <= active
    assert {"DATABASE_URL", "REDIS_URL"} <= active


def test_every_variable_is_explained_above_it() -> None:
    explained = False
    for line in (ROOT / ".env.example").read_text().splitlines():
        if LINE.match(line):
            assert explained or line.startswith("# EMAIL_"), f"nothing says what {line} is"
        else:
            explained = line.startswith("#") or (explained and line != "")
