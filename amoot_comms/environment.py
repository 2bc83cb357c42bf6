"""Reads the variables of the environment, of `.env`, and of files that `NAME_FILE` names."""

from __future__ import annotations

import environ
from environ.fileaware_mapping import FileAwareMapping


class _Mapping(FileAwareMapping):
    def __getitem__(self, key: str) -> str:
        """A file of one line ends with a newline, which is no part of a secret."""
        value: str = super().__getitem__(key)
        return value.rstrip("\r\n")


class Environment(environ.FileAwareEnv):
    """django-environ's, where the newline at the end of a secret's file is left out."""

    ENVIRON = _Mapping()
