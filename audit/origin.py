"""Whose shell an act comes from: a command may speak for a colleague, and the trail names both."""

from __future__ import annotations

import os
import pwd
from contextvars import ContextVar
from typing import Final

# The operating system's user of a management command; empty in servers, where nobody speaks for another.
os_user: Final[ContextVar[str]] = ContextVar("os_user", default="")


def user_of_the_shell() -> str:
    """The log-in's name by its number, and who became it by sudo, if anybody did."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid {number}"
    before = os.environ.get("SUDO_USER", "")
    return f"{before} (sudo as {name})" if before and before != name else name
