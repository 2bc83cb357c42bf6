"""Messages, their recipients' deliveries, and the calls to the gateways."""

from messaging.models.delivery import Delivery, GatewayCall
from messaging.models.inbound import InboundCursor, InboundMessage, ProviderCallback
from messaging.models.message import FROZEN, AudienceMember, Message, MessageStop, Override

__all__ = [
    "FROZEN",
    "AudienceMember",
    "Delivery",
    "GatewayCall",
    "InboundCursor",
    "InboundMessage",
    "Message",
    "MessageStop",
    "Override",
    "ProviderCallback",
]
