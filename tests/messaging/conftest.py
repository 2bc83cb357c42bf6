from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

# What knows the models is imported inside the fixtures: pytest reads this file before Django is set up.


@pytest.fixture
def connect(db: None, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Make the dispatch of a channel, with a gateway in this process."""
    from tests.factories import ChannelFactory
    from tests.gateways.running import running_gateway
    from tests.messaging.dispatching import Dispatch

    with running_gateway(tmp_path / "gateway.jsonl") as server:
        made: list[Dispatch] = []

        def make(code: str = "sms") -> Dispatch:
            kind = "voice" if code == "avanak" else "sms"
            made.append(Dispatch(ChannelFactory(code=code, kind=kind), server))
            return made[-1]

        yield make
        for dispatch in made:
            for client in dispatch.clients:
                client.close()


@pytest.fixture
def sms(connect: Callable[..., Any]) -> Any:
    return connect()


@pytest.fixture
def compared_for_years(sms: Any, settings: Any) -> None:
    """Every day of the SMS channel is compared with the provider's list, under the procedure's hours."""
    from tests.factories import open_every_day

    settings.COMPARE_SINCE = date(2020, 1, 1)
    open_every_day(sms.channel)


@pytest.fixture
def avanak(connect: Callable[..., Any]) -> Any:
    return connect("avanak")
