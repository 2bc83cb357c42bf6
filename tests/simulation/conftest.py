"""Planning is a step of its own in a sequence: every audience counts as a large one."""

import pytest


@pytest.fixture(autouse=True)
def _planned_by_workers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from messaging.actions import plan

    monkeypatch.setattr(plan, "PLAN_AT_ONCE", -1)
