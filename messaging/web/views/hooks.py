"""The address that providers post to: unguessable, and never believed."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from channels.models import Channel
from common.media import MEDIA
from messaging.feedback.callbacks import BODY_LIMIT, Receipt, receive

# The provider's name in the address, and its channel.
PROVIDERS: Final = {row.gateway: row.code for row in MEDIA.values()}


@csrf_exempt
def hook(request: HttpRequest, provider: str, secret: str) -> HttpResponse:
    """Store a provider's post and answer at once; 404 without the secret."""
    # AmootSMS keeps addresses in lower case.
    right = constant_time_compare(secret.casefold(), settings.CALLBACK_SECRET.casefold())
    channel = Channel.objects.filter(code=PROVIDERS.get(provider, "")).first() if right else None
    if channel is None:
        return HttpResponse(status=404)
    if request.method != "POST":
        return HttpResponse("POST only", status=405, headers={"Allow": "POST"})
    try:
        body = request.read(BODY_LIMIT + 1)
    except OSError:
        return HttpResponse(status=400)  # the other side went away
    if len(body) > BODY_LIMIT:
        return HttpResponse(status=413)
    if receive(channel, body, now=timezone.now()) is Receipt.TOO_MANY:
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    return HttpResponse(status=200)
