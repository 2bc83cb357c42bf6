"""`register_callbacks`: tell the providers our own address, so that news come sooner than by asking."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from channels.models import Channel
from gateways.base import GatewayError
from gateways.registry import gateway_for
from messaging.dispatch.client import GatewayClient
from messaging.web.views.hooks import PROVIDERS


class Command(BaseCommand):
    help = "Register SITE_URL's secret address with every provider that can post delivery reports to it."

    def handle(self, *args: Any, **options: Any) -> None:
        used = set(Channel.objects.sending().values_list("code", flat=True))
        for provider, code in PROVIDERS.items():
            if code in used:
                self._register(provider, code)

    def _register(self, provider: str, code: str) -> None:
        path = reverse("hook", args=[provider, settings.CALLBACK_SECRET])
        with closing(GatewayClient(gateway_for(code))) as client:
            try:
                told = client.ask(client.gateway.register_callbacks(settings.SITE_URL.rstrip("/") + path))
            except GatewayError as failure:
                raise CommandError(f"{provider} does not take the address: {failure.code}") from failure
        self.stdout.write(f"{provider}: {', '.join(told) or 'it posts nothing by itself'}")
