"""The words of an outage."""

from __future__ import annotations

from django import template

from channels.labels import CAUSES, CauseLabel
from channels.models import Outage

register = template.Library()


@register.filter
def cause_label(outage: Outage) -> CauseLabel:
    """What has happened, and what to do about it."""
    return CAUSES[outage.cause]
