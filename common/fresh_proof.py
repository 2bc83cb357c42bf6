"""Asking again who it is: what changes the rules or lets data out needs a proof of the last few minutes.

The proof is the user's second factor, else the password; the sign-in counts as well. Where
no second factor is demanded (demo data) and the person holds none, nothing is asked. The one limit is
`ACCOUNT_REAUTHENTICATION_TIMEOUT`, in seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from common.encryption import Unreadable, decrypt, encrypt
from common.htmx import htmx

View = Callable[..., HttpResponseBase]

FACTORS: Final = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# In the session: the address and the fields of a form that was pressed without a fresh proof.
KEPT: Final = "kept_form"


def holds_factor(request: HttpRequest) -> bool:
    """Whether the signed-in user has enrolled a second factor; asked once a request."""
    known: bool | None = getattr(request, "_portal_holds_factor", None)
    if known is None:
        known = is_mfa_enabled(request.user, FACTORS)
        request._portal_holds_factor = known  # type: ignore[attr-defined]
    return known


def is_fresh(request: HttpRequest) -> bool:
    """Whether this session's last proof is recent enough."""
    method = "mfa" if holds_factor(request) else "password"
    oldest = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    records: list[dict[str, Any]] = get_authentication_records(request, request.user)
    return any(record["method"] == method and record["at"] > oldest for record in records)


def ask_again(request: HttpRequest, *, page: str = "") -> HttpResponse | None:
    """None for a fresh proof; otherwise the way to the question, which leads back here.

    A form's fields are kept in the session, encrypted, and offered again after the proof: nothing is done
    and nothing is lost. `page` is where to come back to instead, for an address that shows no page.
    """
    if not (settings.SECOND_FACTOR_REQUIRED or holds_factor(request)) or is_fresh(request):
        if request.method == "POST":
            request.session.pop(KEPT, None)
        return None
    back = page or request.get_full_path()
    if request.method == "POST":
        _keep(request)
        back = reverse("go_on")
    return question(request, back)


def question(request: HttpRequest, back: str) -> HttpResponse:
    """To the page that asks for the proof, and from there to `back`."""
    address = (
        f"{get_adapter().get_reauthentication_methods(request.user)[0]['url']}?{urlencode({'next': back})}"
    )
    return HttpResponseClientRedirect(address) if htmx(request) else redirect(address)


def asks_again_on(page: str) -> Callable[[View], View]:
    """Decorates a view, inside `requires`, that needs a fresh proof and shows no page of its own (a file):
    after the proof the page of that name, with the view's arguments, offers it again."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            back = reverse(page, args=args, kwargs=kwargs) if page else ""
            return ask_again(request, page=back) or view(request, *args, **kwargs)

        asking.asks_again = True  # type: ignore[attr-defined]
        return asking

    return decorate


# The same for a form or a press, which leads back to itself.
asks_again: Final = asks_again_on("")


class AsksAgainAdmin:
    """Mixed into a ModelAdmin: a form that can change something needs a fresh proof."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        here: Any = self
        may = here.has_change_permission(request) if object_id else here.has_add_permission(request)
        asked = ask_again(request) if may else None
        return asked or super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc]


def kept_form(request: HttpRequest) -> tuple[str, list[tuple[str, str]]] | None:
    """The address and the fields of the form that waits for its proof, if one does."""
    kept = request.session.get(KEPT)
    if not kept:
        return None
    try:
        fields = QueryDict(decrypt(kept["fields"], purpose="form"))
    except Unreadable:
        return None
    return kept["address"], [(name, value) for name, values in fields.lists() for value in values]


def _keep(request: HttpRequest) -> None:
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    request.session[KEPT] = {
        "address": request.get_full_path(),
        "fields": encrypt(fields.urlencode(), purpose="form"),
    }
