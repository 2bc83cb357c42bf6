"""What was accepted before reports were asked for is asked about, too."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import RunSQL

from messaging.models import GatewayCall
from tests.factories import DeliveryFactory, GatewayCallFactory

pytestmark = pytest.mark.django_db


def test_calls_with_accepted_recipients_become_due_with_their_range_of_ids():
    migration: Any = import_module("messaging.migrations.0006_delivery_reports").Migration
    (statement,) = [step for step in migration.operations if isinstance(step, RunSQL)]
    call, other = GatewayCallFactory(), GatewayCallFactory()
    for provider_id in ("17", "5", "x", ""):
        DeliveryFactory(message=call.message, call=call, state="accepted", provider_id=provider_id)
    DeliveryFactory(message=other.message, call=other, state="rejected", provider_id="7")
    with connection.cursor() as cursor:
        cursor.execute(str(statement.sql))
    call.refresh_from_db()
    assert call.report_due_at is not None
    assert (call.first_provider_id, call.last_provider_id) == (5, 17)
    assert GatewayCall.objects.get(pk=other.pk).report_due_at is None
