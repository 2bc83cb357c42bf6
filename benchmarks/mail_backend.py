"""A mail backend that posts each e-mail's recipient to the SMS gateway, over a connection kept open."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from gateways.reading import provider_time


class GatewayBackend(BaseEmailBackend):
    """`0912…@sms.example` gets the body as an SMS: one request each, as its interface is one e-mail each."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._address = urlsplit(settings.AMOOTSMS_BASE_URL)
        self._connection: http.client.HTTPConnection | None = None

    def open(self) -> bool:
        if self._connection is not None:
            return False
        self._connection = http.client.HTTPConnection(str(self._address.netloc), timeout=20)
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.open()
        for email in email_messages:
            self._post(email)
        return len(email_messages)

    def _post(self, email: EmailMessage) -> None:
        assert self._connection is not None
        fields = {
            "SendDateTime": provider_time(datetime.now(UTC)),
            "SMSMessageText": email.body,
            "LineNumber": settings.AMOOTSMS_LINE,
            "Mobiles": email.to[0].partition("@")[0],
        }
        headers = {
            "Authorization": settings.AMOOTSMS_TOKEN,
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        self._connection.request("POST", f"{self._address.path}/SendSimple", urlencode(fields), headers)
        answer = self._connection.getresponse().read()
        if b'"Status":"Success"' not in answer:
            raise OSError(f"the gateway refused: {answer[:200]!r}")
