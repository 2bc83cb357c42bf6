"""What the customers' tests share: people with roles, and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from staff.models import User

HEADER = ("name", "mobile", "phone", "email", "company", "customer_no", "tags")


@pytest.fixture
def voc(db: None) -> User:
    # this file is read before the settings are
    from tests.factories import UserFactory

    user: User = UserFactory(username="voc", roles=["voc"])
    return user


@pytest.fixture
def sender(db: None) -> User:
    from tests.factories import UserFactory

    user: User = UserFactory(username="sender", roles=["sender"])
    return user


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows (the first is the header) as a CSV and gives its path."""

    def write(*rows: Sequence[object], name: str = "list.csv", encoding: str = "utf-8") -> Path:
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write
