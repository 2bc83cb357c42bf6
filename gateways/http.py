"""The one HTTP call to a provider: a form is posted, and what happened is classified.

`NotSent` is raised only where it is proven that no byte of the request was written, because no
connection was handed out yet; whatever goes wrong afterwards is `OutcomeUnknown`. POST is never
repeated by the library (it repeats idempotent methods only), redirects are off, and the answer is read
up to a limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from django.core.exceptions import ImproperlyConfigured

from common.client_address import is_loopback
from common.failpoints import Point, failpoint
from common.masking import masked_answer
from common.monotonic import monotonic
from gateways.base import GatewayError, NotSent, OutcomeUnknown, Trouble
from gateways.reading import NotJson, parse_json

TOO_LONG: Final = "answer_too_long"
# Bytes of an answer: a thousand recipients' outcomes take a tenth of it, 15,000 messages of a list all of it.
ANSWER_LIMIT: Final = 4 * 1024 * 1024
# Bytes of an answer that is asked for in no parts.
LIST_LIMIT: Final = 32 * 1024 * 1024
# How much a provider's clock and ours may differ.
CLOCK_SLACK: Final = timedelta(minutes=5)
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer: the HTTP status and the body as text (undecodable bytes replaced); `raw` is its
    masked beginning, which may be kept; `date` is the answerer's clock, where it told it."""

    status: int
    text: str
    raw: str
    date: datetime | None

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def parsed(self) -> Any:
        """The JSON value. Raises `OutcomeUnknown`, also for any 5xx: whatever it says, it may have sent."""
        if self.status >= 500:
            raise self.not_understood(f"http_{self.status}")
        try:
            return parse_json(self.text)
        except NotJson as error:
            code = "not_json" if self.is_good else f"http_{self.status}"
            raise self.not_understood(code) from error

    def not_understood(self, code: str = "") -> OutcomeUnknown:
        return OutcomeUnknown(code or "answer_not_understood", raw=self.raw)


@dataclass(slots=True)
class _Progress:
    """How far a request came; `connected` before any byte of it is written, `late` if none may be; `data` is
    what was read of the answer."""

    write_before: float | None
    connected: bool = False
    late: bool = False
    data: bytearray = field(default_factory=bytearray)

    @property
    def is_late(self) -> bool:
        return self.write_before is not None and monotonic() >= self.write_before


class _DeadlinePassed(Exception):
    pass


class _Body(aiohttp.BytesPayload):
    """The form, which asks for the time once more in the very moment before it is written.

    The head of the request leaves together with the body, so that a late one has written nothing.
    """

    def __init__(self, value: bytes, progress: _Progress) -> None:
        super().__init__(value, content_type=_FORM)
        self._progress = progress

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if self._progress.is_late:
            self._progress.late = True
            raise _DeadlinePassed
        await super().write_with_length(writer, content_length)
        if self._progress.write_before is not None:  # a message, and not a question
            failpoint(Point.SEND_WRITTEN)


def checked_base_url(url: str, setting: str) -> str:
    """`url` without a final slash. Raises ImproperlyConfigured unless it is https, or http on loopback."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{setting} must be an address such as https://host/path, not {url!r}.")
    if parts.username or parts.password:
        raise ImproperlyConfigured(f"{setting} must not hold a user or a password.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ImproperlyConfigured(
            f"{setting} must begin with https://: only a gateway on this machine may be reached without"
            f" encryption, and {parts.hostname} is not."
        )
    return url.rstrip("/")


def checked_token(token: str, setting: str) -> str:
    """A token that can stand in a header. Raises ImproperlyConfigured (without showing it)."""
    if not token or not token.isascii() or not token.isprintable() or token != token.strip():
        raise ImproperlyConfigured(f"{setting} must be printable ASCII without spaces around it.")
    return token


def http_date(value: str | None) -> datetime | None:
    """The instant of a `Date` header; None where there is none, or one that is no date."""
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


class Http:
    """A provider's address and token, with one session for each event loop that uses it.

    `timeout` (seconds) bounds a whole call; connecting takes at most 5 s and half of it, so that a connection
    that never came is told apart from an answer that never came.
    """

    def __init__(self, base_url: str, token: str, *, timeout: float) -> None:
        self.token = token
        self.timeout = timeout
        self._base_url = base_url
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=min(5.0, timeout / 2))
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(
        self,
        method: str,
        fields: Mapping[str, str],
        *,
        limit: int = ANSWER_LIMIT,
        write_before: float | None = None,
        secrets: Sequence[str] = (),
    ) -> HttpAnswer:
        """Post a form and read the answer, of at most `limit` bytes; redirects come back as they are.

        `secrets` are the texts that must not be kept of an answer. `write_before` is the reading of
        `common.monotonic` after which nothing is written any more. Raises `NotSent` and `OutcomeUnknown`.
        """
        try:
            body = urlencode(fields).encode()
        except UnicodeEncodeError as error:
            raise NotSent("text_not_encodable", trouble=Trouble.CONTENT) from error
        progress = _Progress(write_before)
        try:
            # A loop that stood still between two calls has not noticed connections closed by the
            # provider meanwhile; two turns of it drop them, and with them needless unknown outcomes.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return await self._exchange(method, body, limit, progress, secrets)
        except (aiohttp.ClientError, OSError, _DeadlinePassed) as error:
            raise self._classified(error, progress, secrets) from error

    def _kept(self, data: bytearray, secrets: Sequence[str]) -> str:
        return masked_answer(data[:65536].decode("utf-8", "replace"), [self.token, *secrets])

    async def _exchange(
        self, method: str, body: bytes, limit: int, progress: _Progress, secrets: Sequence[str]
    ) -> HttpAnswer:
        async with self._open().post(
            f"{self._base_url}/{method}",
            data=_Body(body, progress),
            allow_redirects=False,
            trace_request_ctx=progress,
        ) as response:
            data = progress.data
            async for chunk in response.content.iter_any():
                data += chunk
                if len(data) > limit:
                    response.close()
                    raise OutcomeUnknown(TOO_LONG, raw=self._kept(data, secrets))
            return HttpAnswer(
                response.status,
                data.decode("utf-8", "replace"),
                self._kept(data, secrets),
                http_date(response.headers.get("Date")),
            )

    def _classified(self, error: Exception, progress: _Progress, secrets: Sequence[str]) -> GatewayError:
        if progress.late:
            return NotSent("deadline_passed", trouble=Trouble.LATE)
        code = _code_of(error)
        if progress.connected:
            raw = self._kept(progress.data, secrets)
            return OutcomeUnknown(code, trouble=Trouble.NETWORK, raw=raw)
        return NotSent(code, trouble=Trouble.NETWORK)

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(_connected)
            trace.on_connection_reuseconn.append(_connected)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=10),
                timeout=self._timeout,
                headers={"Authorization": self.token, "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[trace],
                trust_env=False,
            )
            self._loop = loop
        return self._session

    async def close(self) -> None:
        if self._session is not None and self._loop is asyncio.get_running_loop():
            await self._session.close()
        self._session = None


async def _connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    progress: _Progress = context.trace_request_ctx
    if progress.is_late:
        progress.late = True
        raise _DeadlinePassed
    progress.connected = True


_CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "name_not_resolved"),
    (aiohttp.ClientConnectorCertificateError, "certificate_wrong"),
    (aiohttp.ClientSSLError, "tls_failed"),
    (aiohttp.ConnectionTimeoutError, "connect_timeout"),
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorError, "connection_failed"),
    (aiohttp.ServerDisconnectedError, "connection_closed"),
    (aiohttp.ClientPayloadError, "answer_cut_off"),
    (aiohttp.ClientResponseError, "not_http"),
    (ConnectionResetError, "connection_reset"),
)


def _code_of(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return "connection_refused"
    return next((code for kind, code in _CODES if isinstance(error, kind)), "connection_lost")
