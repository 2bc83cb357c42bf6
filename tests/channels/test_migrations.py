"""What a migration makes of the rows that are there."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from channels.models import Outage
from tests.factories import HOUR, NOW, ChannelFactory, OutageFactory, UserFactory
from tests.guards import unguarded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "cause", "code", "reason"),
    [
        ("account: CreditNotEnough", "credit", "CreditNotEnough", ""),
        ("account: Token_Expired", "account", "Token_Expired", ""),
        ("network: connection_refused", "network", "connection_refused", ""),
        ("provider: -300", "provider", "-300", ""),
        ("hours: x", "unclear", "x", ""),
        ("قطعی", "unclear", "", "قطعی"),
    ],
)
def test_old_outages_get_their_cause_from_the_reason_and_are_told_to_nobody(written, cause, code, reason):
    OutageFactory(reason=written, cause="unclear", code="", ended_at=NOW + HOUR)
    migration = import_module("channels.migrations.0004_outage_cause")
    # The guards came later than this migration.
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(migration.CAUSES_FROM_REASONS)
    row = Outage.objects.get()
    assert (row.cause, row.code, row.reason) == (cause, code, reason)
    assert (row.told_at, row.end_told_at) == (NOW, NOW + HOUR)


def test_a_declared_one_keeps_its_reason():
    OutageFactory(
        channel=ChannelFactory(), origin="declared", declared_by=UserFactory(), reason="network: قطعی"
    )
    migration = import_module("channels.migrations.0004_outage_cause")
    # The guards came later than this migration.
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(migration.CAUSES_FROM_REASONS)
    row = Outage.objects.get()
    assert (row.cause, row.code, row.reason) == ("declared", "", "network: قطعی")
