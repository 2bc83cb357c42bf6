"""Messages, their recipients' deliveries, and the calls to the gateways."""

from messaging.models.accountability import Breach, Comparison
from messaging.models.delivery import Delivery, GatewayCall
from messaging.models.message import FROZEN, AudienceMember, Message, MessageStop, Override

__all__ = [
    "FROZEN",
    "AudienceMember",
    "Breach",
    "Comparison",
    "Delivery",
    "GatewayCall",
    "Message",
    "MessageStop",
    "Override",
]
