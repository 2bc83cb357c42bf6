"""Chunked bodies, which say no length: Django reads them as empty, so they are read here, and bounded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from common.body_limits import DEFAULT_BYTES

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def bounded(application: Application) -> Application:
    """The application with chunked bodies read into memory before: at most `DEFAULT_BYTES`, or 413."""

    def answered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read(DEFAULT_BYTES + 1)
            if len(body) > DEFAULT_BYTES:
                start_response("413 Content Too Large", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"The body is too large.\n"]
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return answered
