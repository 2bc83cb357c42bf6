"""What the message pages share."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from messaging.models import Message
from staff.permissions import signed_in


def visible_message(request: HttpRequest, pk: int) -> Message:
    """A message that the user may see; 404 for any other, so that nobody learns which exist."""
    message: Message = get_object_or_404(Message.objects.visible_to(signed_in(request)).listed(), pk=pk)
    return message


def whole(text: str) -> str:
    """A page's key if it can be an id, else nothing."""
    return text if text.isascii() and text.isdecimal() and len(text) < 19 else ""
