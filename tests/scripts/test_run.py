"""`make run` beside another fake gateway: it takes another port, or says what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devtools.embedded.processes import answers, free_port
from scripts import run


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else's program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


@pytest.fixture(autouse=True)
def _logs_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LOG", tmp_path)
    monkeypatch.setenv("FAKE_GATEWAY_PORT", "")


def test_a_port_that_was_taken_meanwhile_is_left_for_another(taken: int) -> None:
    other = free_port()
    started = run.start_gateway(iter([taken, other]))
    assert started is not None
    part, port = started
    with ExitStack() as stack:
        stack.callback(part.kill_what_is_left)
        assert port == other
        assert answers(other)
        assert os.environ["FAKE_GATEWAY_PORT"] == str(other)


def test_a_given_port_that_is_taken_is_said_with_what_to_do(taken: int) -> None:
    with pytest.raises(run.RunError, match=r"FAKE_GATEWAY_PORT=8020 make run(.|\n)*cannot start"):
        run.start_gateway(iter([taken]))


@pytest.mark.parametrize("text", ["x", "0", "70000", "۸۰۱۹", "-1"])
def test_a_port_that_is_none_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GATEWAY_PORT", text)
    with pytest.raises(run.RunError, match="not a port number"):
        list(run.gateway_ports())


def test_without_the_fake_gateway_no_port_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AMOOTSMS_BASE_URL", "AVANAK_BASE_URL"):
        monkeypatch.setenv(name, "https://provider.example.com/rest")
    assert run.start_gateway(run.gateway_ports()) is None
