"""Which days are compared: none before the portal was in use, and none holds up another that can be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from messaging.dispatch.clock import database_clock
from messaging.models import Breach, Comparison
from messaging.reconciliation.compare import compare_due, days_due
from tests.factories import ComparisonFactory, GatewayCallFactory
from tests.guards import as_owner
from tests.messaging.dispatching import Dispatch
from tests.messaging.reconciliation.shadows import STRANGERS, at, by_the_panel, compare, yesterday

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("compared_for_years")]


def before(days: int):
    return yesterday() - timedelta(days=days)


def compare_all(sms: Dispatch) -> dict[int, str]:
    """Compare what is due: by how many days each lies before yesterday, what came of it."""
    done = compare_due(sms.channel, sms.client(), clock=database_clock)
    return {(yesterday() - one.day).days: one.error or one.state for one in done}


def caught_up_until(sms: Dispatch, days: int) -> None:
    """All earlier days of the week are compared."""
    for ago in range(days + 1, 7):
        ComparisonFactory(channel=sms.channel, day=before(ago))


def happened_at(sms: Dispatch, index: int, days: int) -> None:
    """Put a campaign of the provider to noon, so many days before yesterday."""
    sms.server.gateway.ledgers["sms"].campaigns[index].at = at(12, day=before(days)).timestamp()


def panel_on_two_days(sms: Dispatch) -> None:
    for index, ago in enumerate((1, 0)):
        by_the_panel(sms, STRANGERS, f"حراج {index}")
        happened_at(sms, index, ago)
    caught_up_until(sms, 1)


def test_a_day_that_cannot_be_read_does_not_keep_the_next_from_being_compared(sms: Dispatch):
    panel_on_two_days(sms)
    sms.server.gateway.ledgers["sms"].campaigns[0].first_id = 2**63
    assert compare_all(sms) == {1: "answer_not_understood", 0: "completed"}
    assert Breach.objects.get().day == yesterday()


def test_a_day_on_which_the_comparison_itself_fails_holds_up_no_other_either(sms: Dispatch):
    panel_on_two_days(sms)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE messaging_breach ADD CONSTRAINT not_that_day CHECK (day <> '{before(1)}')"
        )
    assert compare_all(sms) == {1: "IntegrityError", 0: "completed"}
    assert Comparison.objects.get(day=before(1), channel=sms.channel).state == "failed"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("account:Token_Expired", "Token_Expired"),
        ("provider", "System_Disabled"),
        ("reset", "connection_"),
    ],
)
def test_a_provider_that_cannot_be_asked_at_all_is_asked_for_one_day(sms: Dispatch, fault: str, error: str):
    caught_up_until(sms, 1)
    sms.server.use(fault)
    [(ago, told)] = compare_all(sms).items()
    assert ago == 1
    assert error in told


def test_a_day_whose_last_try_failed_waits_behind_those_that_were_not_tried(sms: Dispatch):
    caught_up_until(sms, 2)
    ComparisonFactory(channel=sms.channel, day=before(2), state="failed", error="timeout")
    assert days_due(sms.channel, database_clock()) == [before(1), yesterday(), before(2)]


def first_call(sms: Dispatch, days: int, outcome: str = "answered") -> None:
    """The portal's first call of the channel, so many days before yesterday."""
    when = at(9, day=before(days))
    GatewayCallFactory(channel=sms.channel, intended_at=when, outcome=outcome)


def test_what_the_panel_sent_before_the_portal_was_in_use_is_no_breach(sms: Dispatch, settings):
    settings.COMPARE_SINCE = None
    first_call(sms, 1)
    for index, ago in enumerate((3, 1, 0)):
        by_the_panel(sms, STRANGERS, f"حراج {index}")
        happened_at(sms, index, ago)
    assert compare_all(sms) == {0: "completed"}
    assert Breach.objects.get().day == yesterday()


def test_nothing_is_compared_while_nothing_was_sent_by_the_portal(sms: Dispatch, settings):
    settings.COMPARE_SINCE = None
    first_call(sms, 5, outcome="not_sent")
    assert days_due(sms.channel, database_clock()) == []
    with pytest.raises(ValidationError, match="از طریق پرتال"):
        compare(sms)


def test_the_day_that_the_company_names_goes_before_the_first_call(sms: Dispatch, settings):
    first_call(sms, 3)
    settings.COMPARE_SINCE = before(1)
    assert days_due(sms.channel, database_clock()) == [before(1), yesterday()]
    settings.COMPARE_SINCE = before(-5)
    assert days_due(sms.channel, database_clock()) == []


def test_an_earlier_day_is_refused_with_the_reason(sms: Dispatch, settings):
    settings.COMPARE_SINCE = yesterday()
    with pytest.raises(ValidationError, match="روزهای پیش از"):
        compare(sms, before(1))
    assert not Comparison.objects.exists()
