"""Actions take keywords only, so that screen, command and interface call one thing in one way."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    {
        file
        for pattern in ("*/actions.py", "*/*/actions.py", "*/actions/*.py", "*/consent/*.py")
        for file in ROOT.glob(pattern)
    }
)


def acting() -> Iterator[Callable[..., Any]]:
    for file in FILES:
        module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for name, act in vars(module).items():
            if inspect.isfunction(act) and act.__module__ == module.__name__ and not name.startswith("_"):
                yield act


ACTIONS = [act for act in acting() if "by" in inspect.signature(act).parameters]


def test_the_actions_are_found():
    names = {act.__name__ for act in ACTIONS}
    assert {"submit", "pause", "resume", "cancel", "decide_outcome", "set_consent"} <= names


@pytest.mark.parametrize("act", ACTIONS, ids=lambda act: f"{act.__module__}.{act.__name__}")
def test_an_action_takes_keywords_only(act):
    kinds = {one.kind for one in inspect.signature(act).parameters.values()}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
