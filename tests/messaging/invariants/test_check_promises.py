"""The command `check_promises`: its exit status, its words for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import mobile
from tests.messaging.invariants.gateway_logs import KEPT, Log, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def run(lines: list[str], *options: str) -> tuple[int, str]:
        path = tmp_path / "gateway.jsonl"
        path.write_text("\n".join(lines), "utf-8")
        code = 0
        try:
            call_command("check_promises", "--gateway-log", str(path), *options)
        except SystemExit as end:
            code = int(str(end.code))
        return code, capsys.readouterr().out

    return run


def test_the_command_ends_well_only_if_every_promise_was_kept(log: Log, run):
    log.accept_all(sent())
    code, text = run(log.lines)
    assert code == 0
    assert "every promise was kept" in text
    log.accept(mobile(0))
    code, text = run(log.lines)
    assert code == 1
    assert "sent twice: log line 4" in text
    assert mobile(0) not in text


def test_the_command_speaks_to_machines(log: Log, run):
    log.accept_all(sent())
    log.accept(mobile(0))
    code, text = run(log.lines, "--json")
    said = json.loads(text)
    assert code == 1
    assert {name: said[name] for name in KEPT} == {**KEPT, "twice": 1}
    assert (said["kept"], said["accepted"], said["in_doubt"], said["waiting"]) == (False, 4, 0, 0)
    assert said["examples"]["twice"][0]["line"] == 4


def test_a_log_that_is_not_there_is_one_clear_sentence():
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("check_promises", "--gateway-log", "/nowhere/gateway.jsonl")
