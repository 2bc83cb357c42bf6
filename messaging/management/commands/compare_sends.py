"""`compare_sends`: hold the provider's own list of a day against the portal's ledger."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.media import FIRST_CHANNEL
from gateways.registry import gateway_for
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import database_clock
from messaging.management.cli import clear_errors, sending_channel
from messaging.models import Comparison
from messaging.reconciliation.compare import compare_day
from persian.jalali import parse_date, tehran_date


class Command(BaseCommand):
    help = (
        "What went out past the portal, or outside the hours, becomes a breach. Ends with 1 if not compared."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--day", help="1405/09/01 or 2026-11-22, in Tehran; default: yesterday")
        parser.add_argument("--channel", default=FIRST_CHANNEL, help="a channel's code (%(default)s)")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        channel = sending_channel(options["channel"])
        day = _day(options["day"])
        with closing(GatewayClient(gateway_for(channel.code))) as client, clear_errors():
            comparison = compare_day(channel, client, day, by=None, clock=database_clock)
        if comparison is None:
            raise CommandError("Another comparison of this channel is under way.")
        self.stdout.write(json.dumps(_told(comparison)) if options["json"] else _text(comparison))
        if comparison.state != Comparison.State.COMPLETED:
            raise CommandError(f"{day} was not compared: {comparison.error}")


def _day(typed: str | None) -> date:
    if not typed:
        return tehran_date(database_clock()) - timedelta(days=1)
    try:
        return parse_date(typed)
    except ValueError as error:
        raise CommandError(f"“{typed}” is no date; write it as 1405/09/01 or 2026-11-22.") from error


def _told(comparison: Comparison) -> dict[str, Any]:
    names = ("state", "listed", "shadow", "outside_hours", "sent_late", "unsent", "unreadable", "error")
    told: dict[str, Any] = {name: getattr(comparison, name) for name in names}
    new = comparison.breaches.count()
    return {"channel": comparison.channel.code, "day": str(comparison.day), **told, "new_breaches": new}


def _text(comparison: Comparison) -> str:
    t = _told(comparison)
    return (
        f"{t['channel']} {t['day']}: {t['state']}; {t['listed']} listed, {t['shadow']} past the portal,"
        f" {t['outside_hours']} outside the hours, {t['sent_late']} sent late by the provider,"
        f" {t['unsent']} not sent so far, {t['unreadable']} unreadable, {t['new_breaches']} new breaches"
    )
