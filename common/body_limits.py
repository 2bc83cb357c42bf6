"""How large a request's body may be: refused by its length, before anything parses or stores it.

A view that takes more says so with `takes_uploads`; every other takes `DEFAULT_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

# Bytes of any other request, far above the largest form without a file.
DEFAULT_BYTES: Final = 2 * 1024 * 1024

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class UploadLimit:
    """`bytes` of a body, for signed-in people who have `permission`."""

    bytes: int
    permission: str


def takes_uploads(size: int, permission: str) -> Callable[[View], View]:
    """A view that takes files of `size` bytes from those who have `permission`. The outermost decorator."""

    def marked(view: View) -> View:
        # Boundaries, headers and the form's other fields beside the file itself.
        view.upload_limit = UploadLimit(size + 512 * 1024, permission)  # type: ignore[attr-defined]
        return view

    return marked


def upload_limit(view: Callable[..., Any]) -> UploadLimit | None:
    return getattr(view, "upload_limit", None)
