"""What was sent yesterday is judged by yesterday's hours."""

from __future__ import annotations

from datetime import date

import pytest

from channels.actions import set_windows
from messaging.dispatch.clock import database_clock
from tests.factories import UserFactory, open_every_day
from tests.messaging.dispatching import Dispatch
from tests.messaging.reconciliation.shadows import at, compare, happened, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _compared(settings) -> None:
    settings.COMPARE_SINCE = date(2020, 1, 1)


@pytest.mark.parametrize(("hour", "outside"), [(9, 0), (23, 3)])
def test_hours_that_were_changed_afterwards_accuse_nobody_and_hide_nothing(
    sms: Dispatch, hour: int, outside: int
):
    """Yesterday the hours were 8 to 22; this morning they were moved."""
    open_every_day(sms.channel)
    sent(sms, promotional=True)
    happened(sms, at(hour))
    set_windows(
        channel=sms.channel,
        purpose="promotional",
        intervals=[(weekday, 20 * 60, 22 * 60) for weekday in range(7)],
        reason="آزمایش ساعت‌های عصر",
        by=UserFactory(roles=["senior"]),
        now=database_clock(),
    )
    assert compare(sms).outside_hours == outside
