"""The house keeps its own rules: which way imports point, how long a file is, where tests lie."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = (
    "accounts",
    "amoot_comms",
    "audit",
    "channels",
    "common",
    "contacts",
    "email_routing",
    "gateways",
    "messaging",
    "persian",
    "staff",
)
FILE_LINES = 400
FUNCTION_LINES = 40


def sources():
    return sorted(
        path for name in PACKAGES for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts
    )


def named(path):
    return str(path.relative_to(ROOT))


def test_imports_point_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sources(), ids=named)
def test_a_file_fits_in_a_readers_head(path):
    text = path.read_text()
    assert text.count("\n") < FILE_LINES
    functions = [
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_no_two_classes_have_one_name():
    """A name is one thing. Django's own names of parts (`Command`, `Meta`) are each file's."""
    places = defaultdict(list)
    for path in sources():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name != "Command":
                places[node.name].append(named(path))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_no_file_is_named_as_sentrys_django_channels_integration_expects():
    assert not (ROOT / "channels" / "http.py").exists()
    assert not (ROOT / "channels" / "http").exists()
    assert (ROOT / "channels" / "__init__.py").read_text() == ""


def test_every_room_of_the_tests_is_a_package():
    rooms = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [named(room) for room in rooms if not (room / "__init__.py").exists()]
    assert not missing
    assert (ROOT / "tests" / "__init__.py").exists()


def test_below_the_edge_nobody_asks_the_clock():
    """`now` is an argument everywhere but in views, tasks, commands, admin pages and what
    allauth calls. The dispatch's own clock is where a worker's is read, to be compared with the
    database's."""
    edge = {
        *(
            "views",
            "tasks",
            "admin",
            "admin_consent",
            "admin_forms",
            "forms",
            "commands",
            "templatetags",
            "clock",
        ),
        *("receivers", "adapter", "trail"),
    }
    inner = [
        named(path)
        for path in sources()
        if not path.is_relative_to(ROOT / "amoot_comms")
        and not edge & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
        and any(call in path.read_text() for call in ("timezone.now()", "datetime.now(", "date.today()"))
    ]
    assert not inner


def test_rights_are_asked_for_by_role_and_never_by_djangos_superuser_shortcut():
    asking = [named(path) for path in sources() if ".has_perm(" in path.read_text()]
    assert not asking


def test_templates_ask_for_rights_as_the_views_do():
    """Django's `perms` says yes to every superuser: a button that answers 403."""
    asking = [named(path) for path in (ROOT / "templates").rglob("*.html") if "perms." in path.read_text()]
    assert not asking
