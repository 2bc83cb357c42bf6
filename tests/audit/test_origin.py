"""A command that speaks for a colleague leaves the operating system's user in the trail."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from audit.models import Entry
from audit.origin import user_of_the_shell
from tests.factories import UserFactory
from tests.processes import ROOT, database_url


def test_who_became_another_by_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    plain = user_of_the_shell()
    assert plain
    monkeypatch.setenv("SUDO_USER", "reza")
    assert user_of_the_shell() == f"reza (sudo as {plain})"


@pytest.mark.django_db(transaction=True)
def test_a_command_records_whose_shell_it_ran_in() -> None:
    UserFactory(username="voc", roles=["voc"])
    command = ["set_opt_out", "09121234567", "--kind", "all", "--by", "voc", "--reason", "asked on the phone"]
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), "DEVELOPMENT": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    entry = Entry.objects.get(action="contact.opt_out_set")
    assert entry.actor == "voc"
    assert entry.data["os_user"] == user_of_the_shell()
